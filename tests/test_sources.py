"""Rules for the sources: imports, state, size and versions. Those for rooms have their own file."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.sources import HEAVY, ROOT, files, tree, within

#: The files that make Qt's pictures of arrays and drawings; they run on the GUI thread.
PICTURE_MAKERS = {"gui.widgets.qt_images", "gui.widgets.icons"}
#: What may be called at module level: each returns a value that nobody changes.
VALUES = {
    *("re.compile", "frozenset", "TypeVar", "np.float32", "np.array", "np.empty"),
    *("QSize", "QSizeF", "QPoint", "QPointF"),
    *("gui.widgets.theme.Theme", "gui.app.Machine", "engine.requests.Machine"),
    "engine.models.inspection.weight_counts.WeightCounts",
    # The registries, and settings of libraries that are read when these are imported.
    *("Registry", "os.environ.setdefault"),
}
LONGEST_FILE, LONGEST_FUNCTION = 300, 40
TOPS = ("engine", "gui", "main.py", "resources", "tests")


def test_only_the_picture_makers_make_qt_pictures() -> None:
    for module in files():
        if module not in PICTURE_MAKERS:
            made = {name.split(".")[0] for name, _ in _calls(ast.walk(tree(module)))}
            assert not made & {"QImage", "QPixmap"}, module


def test_importing_the_window_loads_nothing_heavy() -> None:
    """Also indirectly: the first paint must not wait for torch."""
    modules = [module for module in files() if within(module, "gui")] + ["main"]
    code = f"import sys, {', '.join(modules)}; print(*[m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


# ── state and size ──────────────────────────────────────────────────────────────────────────────


def _calls(nodes: Iterator[ast.AST]) -> Iterator[tuple[str, ast.Call]]:
    for node in nodes:
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def test_no_state_at_module_level() -> None:
    for module in files():
        statements = [n for n in ast.walk(tree(module)) if isinstance(n, ast.Global)]
        assert not statements, f"{module} has a global statement"
        for value in _assigned(tree(module)):
            if isinstance(value, ast.Call):
                call = ast.unparse(value.func)
                assert {call, f"{module}.{call}"} & VALUES, f"{module} calls {call} at import"
            empty = isinstance(value, ast.List | ast.Dict) and not list(ast.iter_child_nodes(value))
            assert not empty, f"{module} holds a collection that is filled later"


def _assigned(tree: ast.Module) -> Iterator[ast.expr]:
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr) and node.value is not None:
            yield node.value


def _sources(top: str) -> list[Path]:
    path = ROOT / top
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


@pytest.mark.parametrize("top", TOPS)
def test_files_and_functions_can_be_seen_at_once(top: str) -> None:
    for path in _sources(top):
        text = path.read_text("utf-8")
        length = len(text.splitlines())
        assert top == "tests" or length <= LONGEST_FILE, f"{path} has {length} lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                assert lines <= LONGEST_FUNCTION, f"{path}: {node.name} has {lines} lines"


# ── resources ───────────────────────────────────────────────────────────────────────────────────


def test_every_icon_is_used() -> None:
    """By its name in the window's sources, or by its file in the style sheet."""
    sources = [path.read_text("utf-8") for path in (ROOT / "gui").rglob("*.py")]
    text = "".join([*sources, (ROOT / "resources" / "style.qss").read_text("utf-8")])
    icons = [path.stem for path in (ROOT / "resources" / "icons").glob("*.svg")]
    assert icons
    assert [n for n in icons if not re.search(rf'["/]{n}(\.svg)?[")]', text)] == []


# ── versions ────────────────────────────────────────────────────────────────────────────────────


def _name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-")


def test_every_dependency_has_a_tested_version_within_its_range() -> None:
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = {_name(line): line.split("==")[1] for line in lines if "==" in line}
    for text in wanted:
        assert Requirement(text).specifier.contains(pins.get(_name(text), "none")), text
