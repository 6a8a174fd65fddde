"""The rules between the rooms, as a table and as tests. A room is a folder of engine/ or gui/.

ARCHITECTURE.md shows the same table. To write it there again after a change:

python -m tests.test_architecture
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "ARCHITECTURE.md"


@dataclass(frozen=True, slots=True)
class Room:
    """A folder: what it holds, the rooms it may import, and the guarded libraries it may import.

    Rooms of the same top folder are named without it. Every room may also import the files at the
    top of `engine/`, which are the room "engine".
    """

    name: str
    holds: str
    may_import: str = ""
    libraries: str = ""

    @property
    def imports(self) -> frozenset[str]:
        """The full names of the rooms it may import."""
        top = self.name.split(".")[0]
        words = self.may_import.split()
        return frozenset(w if w.startswith("engine.") else f"{top}.{w}" for w in words)

    @property
    def guarded(self) -> tuple[str, ...]:
        """The names under which its guarded libraries are imported."""
        return QT if self.libraries == "Qt" else tuple(self.libraries.split())


#: The libraries that the column "libraries" guards; any room may import others.
QT = ("PySide6", "pyqtgraph", "superqt")
HEAVY = ("torch", "diffusers", "transformers", "cv2")
#: A file that is a room of its own: the only one of engine/ that knows Qt.
THREAD = "engine.thread"
#: The six pictures: views of one state, side by side.
PICTURES = {
    f"gui.{name}" for name in ("walk", "viewer", "timeline", "trajectory", "measures", "models")
}

ROOMS = (
    Room("engine", "walk, texts by role, messages, errors, mailbox, registry, writing of files"),
    Room("engine.methods", "interpolation methods, one a file"),
    Room("engine.metrics", "measures, one a file", "", "cv2"),
    Room("engine.solvers", "solvers as tables of coefficients, one a file"),
    Room(
        "engine.geometry",
        "noise, the path of a walk, its projection on a plane",
        "methods",
        "torch",
    ),
    Room("engine.pictures", "latents and differences as pictures, titles", "methods"),
    Room("engine.store", "finished frames by content, in memory and on disk"),
    Room("engine.documents", "session files, presets, validation", "methods solvers"),
    Room(
        "engine.documents.foreign",
        "settings that other programs write into pictures, one program a file",
        "documents",
    ),
    Room(
        "engine.models.inspection",
        "what model files hold and whether they are safe, before they are opened",
        "",
        "diffusers",
    ),
    Room("engine.models.hub", "the Hugging Face hub: cache and downloads", "models.inspection"),
    Room(
        "engine.models.networks",
        "UNet, VAE decoder, text tower and tokenizer",
        "",
        "torch diffusers transformers",
    ),
    Room(
        "engine.models.running",
        "devices, device memory, parallel batches, CUDA graphs, decoding, noise schedules",
        "models.inspection models.networks solvers",
        "torch",
    ),
    Room(
        "engine.models",
        "locating and loading; the loaded model; CLIP as a scorer",
        "models.hub models.inspection models.networks models.running solvers",
        "torch diffusers transformers",
    ),
    Room(
        "engine.measuring",
        "measures of finished frames, and tables of them",
        "methods metrics models models.hub pictures store",
    ),
    Room(
        "engine.render",
        "one job: its plan, frames in their order, batches, denoising, previews",
        "geometry measuring models models.running pictures solvers store",
        "torch",
    ),
    Room(
        "engine.export",
        "what every export shares: contract, plan, frames in order, file names, metadata, recall",
        "documents documents.foreign export.texts methods pictures solvers",
        "cv2",
    ),
    Room(
        "engine.export.texts",
        "finds the texts that describe a picture in its file, one kind of block a file",
    ),
    Room(
        "engine.export.film",
        "writes videos and animations, and their metadata",
        "export export.texts",
    ),
    Room(
        "engine.export.formats",
        "export formats, one a file",
        "documents export export.film pictures",
        "cv2",
    ),
    Room(
        "engine.cli",
        "the commands render, score and doctor; command-line options",
        "documents export export.film measuring metrics models models.hub models.inspection "
        "models.running render solvers store",
        "torch",
    ),
    Room(
        "engine.thread",
        "the thread on which the window's jobs run",
        "render store",
        "PySide6.QtCore",
    ),
    Room("gui.widgets", "theme, icons, and widgets that know no walk", "engine.methods", "Qt"),
    Room(
        "gui.state",
        "state, results, undo, edits of a walk, playback, thumbnails",
        "engine.methods engine.metrics engine.models.networks widgets",
        "Qt",
    ),
    Room(
        "gui.files",
        "open and save, recovery, settings, the program's own folders",
        "engine.documents engine.export state widgets",
        "Qt",
    ),
    Room(
        "gui.walk",
        "the panel that edits prompt, keyframes, method and sampling",
        "engine.documents engine.methods engine.solvers state widgets",
        "Qt",
    ),
    Room(
        "gui.viewer",
        "the viewer of frames, its panes, comparison of methods",
        "engine.methods engine.pictures state widgets",
        "Qt",
    ),
    Room(
        "gui.timeline",
        "ruler, filmstrip, readiness strip, transport buttons",
        "state widgets",
        "Qt",
    ),
    Room(
        "gui.trajectory.plane",
        "what trajectory views paint with; the walk's geometry",
        "engine.methods state widgets",
        "Qt",
    ),
    Room(
        "gui.trajectory.views",
        "trajectory views, one a file",
        "engine.methods state trajectory.plane widgets",
        "Qt",
    ),
    Room(
        "gui.trajectory",
        "the plot that shows one of the trajectory views",
        "state trajectory.plane trajectory.views widgets",
        "Qt",
    ),
    Room(
        "gui.measures",
        "charts and tables of measures",
        "engine.measuring engine.metrics state widgets",
        "Qt",
    ),
    Room(
        "gui.models",
        "the model dialog and downloads from the hub",
        "engine.models.hub engine.models.inspection files widgets",
        "Qt",
    ),
    Room(
        "gui.export",
        "export dialog and jobs, recorder, plots as files",
        "engine.documents engine.export engine.geometry engine.measuring files measures state "
        "viewer widgets",
        "Qt",
    ),
    Room(
        "gui.shell",
        "actions, commands, toolbar, status line, messages, panels",
        "export files state viewer walk widgets",
        "Qt",
    ),
    Room("gui.dialogs", "preferences, shortcuts, log, about", "files shell widgets", "Qt"),
    Room(
        "gui",
        "the window, its companions, and the session: they put the rooms together",
        "engine.documents engine.models.hub engine.models.inspection engine.store dialogs "
        "export files shell state widgets walk viewer timeline trajectory trajectory.views "
        "measures models",
        "Qt",
    ),
)
NAMES = [room.name for room in ROOMS]
BY_NAME = {room.name: room for room in ROOMS}
#: The files that make Qt's pictures of arrays and drawings; they run on the GUI thread.
PICTURE_MAKERS = {"gui.widgets.qt_images", "gui.widgets.icons"}
#: What may be called at module level: each returns a value that nobody changes.
VALUES = {
    *("re.compile", "frozenset", "TypeVar", "np.float32", "np.array", "np.empty"),
    *("QSize", "QSizeF", "QPoint", "QPointF"),
    *("gui.widgets.theme.Theme", "gui.app.Machine", "engine.requests.Machine"),
    # The registries, and settings of libraries that are read when these are imported.
    *("Registry", "os.environ.setdefault"),
}
LONGEST_FILE, LONGEST_FUNCTION, MOST_FILES = 300, 40, 13


# ── reading the sources ─────────────────────────────────────────────────────────────────────────


@cache
def _files() -> dict[str, Path]:
    """Dotted name of every module of engine/ and gui/, packages included."""
    found = {}
    for top in ("engine", "gui"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _room_of(module: str) -> str:
    if module == THREAD or _files()[module].name == "__init__.py":
        return module
    return module.rpartition(".")[0]


def _modules(room: str) -> list[str]:
    return [module for module in _files() if _room_of(module) == room]


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_files()[module].read_text(encoding="utf-8"))


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


def _own_imports(module: str) -> set[str]:
    """The modules of engine/ and gui/ that `module` imports."""
    names = [i for i in _imports(module) if _within(i, "engine", "gui", "main", "tests")]
    parents = [name.rpartition(".")[0] for name in names]
    return {
        parent if parent in _files() and name not in _files() else name
        for name, parent in zip(names, parents, strict=True)
    }


def _within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def _arrows(room: str) -> dict[str, list[str]]:
    """The other rooms that `room` imports, each with the imports as "importer: imported"."""
    found: dict[str, list[str]] = {}
    for module in _modules(room):
        for imported in sorted(_own_imports(module)):
            other = _room_of(imported) if imported in _files() else imported
            if other != room:
                found.setdefault(other, []).append(f"{module}: {imported}")
    return found


# ── the table itself ────────────────────────────────────────────────────────────────────────────


def test_every_folder_is_a_room_and_every_room_is_there() -> None:
    assert {_room_of(module) for module in _files()} == set(NAMES)
    for room in ROOMS:
        modules = [m for m in _modules(room.name) if _files()[m].name != "__init__.py"]
        assert modules, f"{room.name} holds no file"


def test_the_table_has_no_circle() -> None:
    order = list(TopologicalSorter({room.name: room.imports for room in ROOMS}).static_order())
    assert set(order) == set(NAMES)


def test_the_table_keeps_engine_and_window_apart() -> None:
    for room in ROOMS:
        if room.name.startswith("engine"):
            assert not _within_any(room.imports, "gui"), room.name
            assert room.name == THREAD or not _within_any(room.guarded, *QT), room.name
        else:
            assert not _within_any(room.guarded, *HEAVY), room.name
            assert not {"engine.render", "engine.cli", THREAD} & room.imports, room.name
    assert BY_NAME[THREAD].guarded == ("PySide6.QtCore",)


def test_the_table_keeps_the_model_libraries_in_the_models_rooms() -> None:
    for room in ROOMS:
        if not _within(room.name, "engine.models"):
            assert not _within_any(room.guarded, "diffusers", "transformers"), room.name
        if room.name not in ("engine.export", "engine.export.formats", "engine.metrics"):
            assert not _within_any(room.guarded, "cv2"), room.name


def test_the_table_lets_the_pictures_stand_side_by_side() -> None:
    for name in PICTURES:
        assert not (PICTURES | {"gui", "gui.shell", "gui.dialogs"}) & BY_NAME[name].imports, name
    assert not _within_any(BY_NAME["gui.widgets"].imports, "gui")


def _within_any(names: Iterable[str], *packages: str) -> bool:
    return any(_within(name, *packages) for name in names)


# ── the sources against the table ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", NAMES)
def test_a_room_imports_what_the_table_says(name: str) -> None:
    arrows = _arrows(name)
    arrows.pop("engine", None)
    forbidden = {k: v for k, v in arrows.items() if k not in BY_NAME[name].imports}
    assert not forbidden, f"{name} must not import these"
    unused = BY_NAME[name].imports - set(arrows)
    assert not unused, f"{name} no longer imports these: take them out of the table"


@pytest.mark.parametrize("name", NAMES)
def test_no_circle_inside_a_room(name: str) -> None:
    modules = set(_modules(name))
    graph = {module: _own_imports(module) & modules - {module} for module in modules}
    assert set(TopologicalSorter(graph).static_order()) >= set(graph)


@pytest.mark.parametrize("name", NAMES)
def test_a_room_imports_only_its_libraries(name: str) -> None:
    guarded = (*QT, *HEAVY)
    for module in _modules(name):
        used = {i for i in _imports(module) if _within(i, *guarded)}
        outside = {i for i in used if not _within(i, *BY_NAME[name].guarded)}
        assert not outside, f"{module} imports {outside}"


def _registers(module: str) -> bool:
    """Whether a module enters a class into a registry."""
    classes = (node for node in ast.walk(_tree(module)) if isinstance(node, ast.ClassDef))
    marks = (ast.unparse(mark) for node in classes for mark in node.decorator_list)
    return any(".register(" in mark for mark in marks)


@pytest.mark.parametrize("name", ["engine.methods", "engine.metrics", "engine.solvers"])
def test_entries_of_a_registry_are_pure_and_do_not_know_each_other(name: str) -> None:
    shared = [module for module in _modules(name) if module != name and not _registers(module)]
    known = ("engine.conditioning", "engine.parameters", "numpy", "scipy")
    allowed = (*shared, *known, *BY_NAME[name].guarded)
    for module in _modules(name):
        if _registers(module):
            others = {i for i in _imports(module) if i.split(".")[0] not in sys.stdlib_module_names}
            assert all(_within(i, *allowed) for i in others), f"{module} imports {others}"


def test_only_the_picture_makers_make_qt_pictures() -> None:
    for module in _files():
        if module not in PICTURE_MAKERS:
            made = {name.split(".")[0] for name, _ in _calls(ast.walk(_tree(module)))}
            assert not made & {"QImage", "QPixmap"}, module


def test_importing_the_window_loads_nothing_heavy() -> None:
    """Also indirectly: the first paint must not wait for torch."""
    modules = [module for module in _files() if _within(module, "gui")] + ["main"]
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


@pytest.mark.parametrize("name", NAMES)
def test_no_state_at_module_level(name: str) -> None:
    for module in _modules(name):
        statements = [n for n in ast.walk(_tree(module)) if isinstance(n, ast.Global)]
        assert not statements, f"{module} has a global statement"
        for value in _assigned(_tree(module)):
            if isinstance(value, ast.Call):
                call = ast.unparse(value.func)
                assert {call, f"{module}.{call}"} & VALUES, f"{module} calls {call} at import"
            empty = isinstance(value, ast.List | ast.Dict) and not list(ast.iter_child_nodes(value))
            assert not empty, f"{module} holds a collection that is filled later"


def _assigned(tree: ast.Module) -> Iterator[ast.expr]:
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr) and node.value is not None:
            yield node.value


@pytest.mark.parametrize("name", NAMES)
def test_files_and_functions_can_be_seen_at_once(name: str) -> None:
    assert len(_modules(name)) <= MOST_FILES
    for module in _modules(name):
        length = len(_files()[module].read_text("utf-8").splitlines())
        assert length <= LONGEST_FILE, f"{module} has {length} lines"
        for node in ast.walk(_tree(module)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                assert lines <= LONGEST_FUNCTION, f"{module}.{node.name} has {lines} lines"


# ── the page ────────────────────────────────────────────────────────────────────────────────────

_TABLE = re.compile(r"^\| room \|.*?\n(?=\n)", re.DOTALL | re.MULTILINE)


def _shown(room: Room) -> str:
    """The row of ARCHITECTURE.md for a room."""
    folder = room.name.replace(".", "/") + (".py" if room.name == THREAD else "/")
    imports = room.may_import.replace(" ", ", ") or "–"
    libraries = room.libraries.replace(" ", ", ") or "–"
    return f"| `{folder}` | {room.holds} | {imports} | {libraries} |"


def _table() -> str:
    lines = ["| room | holds | may import | libraries |", "|---|---|---|---|"]
    return "\n".join([*lines, *(_shown(room) for room in ROOMS)]) + "\n"


def test_the_page_shows_the_table() -> None:
    found = _TABLE.search(PAGE.read_text("utf-8"))
    assert found is not None
    assert found.group() == _table()


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


if __name__ == "__main__":
    PAGE.write_text(_TABLE.sub(lambda _: _table(), PAGE.read_text("utf-8")), "utf-8")
