"""The rules between the rooms, as a test: who may import whom, and what stays lazy."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "diffusers", "transformers", "cv2")
#: Modules of gui/ that know the views and the session: they put the window together.
COMPOSERS = {"gui.app", "gui.main_window", "gui.companions", "gui.session"}
#: Where Qt's pictures are made, so that nobody makes one outside of the GUI thread.
PICTURE_MAKERS = {"gui.widgets.qt_images", "gui.widgets.icons"}
#: Qt's plain values, which a constant may be.
VALUES = {"QSize", "QSizeF", "QPoint", "QPointF"}


def _modules(*rooms: str) -> list[str]:
    """Dotted names of every module of these rooms."""
    files = [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]
    parts = [path.relative_to(ROOT).with_suffix("").parts for path in files]
    return [".".join(p[:-1] if p[-1] == "__init__" else p) for p in parts]


def _path(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_path(module).read_text(encoding="utf-8"))


@cache
def _imports(module: str) -> frozenset[str]:
    """Everything `module` imports, at its top and inside functions: "a.b" for `from a import b`."""
    found: set[str] = set()
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} uses a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def _within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def _offences(modules: list[str], *packages: str) -> list[str]:
    """ "module: import" for each import of one of these packages."""
    return [f"{m}: {i}" for m in modules for i in _imports(m) if _within(i, *packages)]


def _outside(modules: list[str], *rooms: str) -> list[str]:
    return [m for m in modules if not _within(m, *rooms)]


def test_engine_never_imports_the_window() -> None:
    assert not _offences(_modules("engine"), "gui", "main")


def test_only_the_thread_imports_qt_and_only_its_core() -> None:
    assert not _offences(
        _outside(_modules("engine"), "engine.thread"), "PySide6", "superqt", "pyqtgraph"
    )
    qt = _offences(["engine.thread"], "PySide6") if _path("engine.thread").exists() else []
    assert all("PySide6.QtCore" in offence for offence in qt)


def test_the_window_imports_nothing_heavy() -> None:
    assert not _offences(_modules("gui"), *HEAVY)


def test_model_libraries_stay_in_the_models_room() -> None:
    modules = _outside(_modules("engine", "gui"), "engine.models")
    assert not _offences(modules, "diffusers", "transformers")


def test_opencv_stays_in_export_and_metrics() -> None:
    modules = _outside(_modules("engine", "gui"), "engine.export", "engine.metrics")
    assert not _offences(modules, "cv2")


def test_only_the_picture_makers_make_qt_pictures() -> None:
    for module in _outside(_modules("gui"), *PICTURE_MAKERS):
        made = {
            ast.unparse(node.func)
            for node in ast.walk(_tree(module))
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("Q")
        }
        assert not {name for name in made if name.split(".")[0] in ("QImage", "QPixmap")}, module


def _is_view(module: str) -> bool:
    """A view is a module with a widget that shows the state; plain widgets may be shared."""
    bases = {
        ast.unparse(base)
        for node in ast.walk(_tree(module))
        if isinstance(node, ast.ClassDef)
        for base in node.bases
    }
    widgets = {base for base in bases if base.startswith(("Q", "pg.")) and base != "QObject"}
    return bool(widgets) and any(_within(i, "gui.state.explorer_state") for i in _imports(module))


def test_views_know_neither_each_other_nor_the_session_nor_the_thread() -> None:
    others = [m for m in _modules("gui") if m not in COMPOSERS]
    assert not _offences(others, "engine.thread", "engine.mailbox", "engine.render.renderer")
    assert not _offences(others, *COMPOSERS)
    # A view may have parts of its own; what the window is put together from are the views.
    views = {m for m in others if _is_view(m) and _offences([*COMPOSERS], m)}
    assert "gui.viewer.frame_view" in views
    assert not _offences([m for m in others if _is_view(m)], *views)


@pytest.mark.parametrize("room", ["engine.methods", "engine.metrics"])
def test_entries_of_a_registry_do_not_know_each_other(room: str) -> None:
    if not _path(room).exists():
        pytest.skip(f"there is no {room} yet")
    for module in _modules(room.replace(".", "/")):
        siblings = {i for i in _imports(module) if _within(i, room)}
        assert all(_within(i, f"{room}.contract") for i in siblings), f"{module} imports {siblings}"


def test_methods_are_pure_array_functions() -> None:
    allowed = ("engine.methods.contract", "engine.parameters", "numpy", "scipy")
    for module in _outside(_modules("engine/methods"), "engine.methods.contract"):
        others = {i for i in _imports(module) if i.split(".")[0] not in sys.stdlib_module_names}
        assert all(_within(i, *allowed) for i in others), f"{module} imports {others}"


def _module_level_calls(module: str) -> Iterator[str]:
    for node in _tree(module).body:
        value = getattr(node, "value", None)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr) and isinstance(value, ast.Call):
            yield ast.unparse(value.func)


def test_no_state_at_module_level() -> None:
    for module in _modules("engine", "gui"):
        statements = [n for n in ast.walk(_tree(module)) if isinstance(n, ast.Global)]
        assert not statements, f"{module} has a global statement"
        calls = set(_module_level_calls(module)) - VALUES
        made = [name for name in calls if name.startswith(("Q", "pg."))]
        assert not made, f"{module} makes {made} at import"


def test_no_file_is_too_long_to_read() -> None:
    lengths = {m: len(_path(m).read_text("utf-8").splitlines()) for m in _modules("engine", "gui")}
    assert not {m: n for m, n in lengths.items() if n > 400}


def test_importing_the_window_loads_nothing_heavy() -> None:
    """Also indirectly: the first paint must not wait for torch."""
    modules = _modules("gui") + (["main"] if _path("main").exists() else [])
    code = f"import sys, {', '.join(modules)}; print(*[m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_the_architecture_has_a_line_for_each_file() -> None:
    rooms = re.split(r"^### ", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), flags=re.MULTILINE)
    listed = {
        room_name + file
        for room_name, text in (room.split("\n", 1) for room in rooms[1:])
        for file in re.findall(r"^- `([\w.]+)`", text, re.MULTILINE)
    }
    paths = {_path(m).relative_to(ROOT).as_posix() for m in _modules("engine", "gui")}
    files = {path for path in paths if not path.endswith("__init__.py")}
    assert files - listed == set(), "ARCHITECTURE.md lacks a line for these"
    assert {f for f in listed if f.startswith(("engine/", "gui/"))} <= files, "these are gone"


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
