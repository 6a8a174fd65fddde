"""The rules between the rooms, as a table and as tests. A room is a folder of engine/ or gui/.

ARCHITECTURE.md shows the same table. To write it there again after a change:

python -m tests.test_architecture
"""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from graphlib import TopologicalSorter

import pytest

from tests.support.sources import (
    HEAVY,
    ROOT,
    files,
    imports,
    own_imports,
    tree,
    within,
    within_any,
)

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
MOST_FILES = 14
#: A file that is a room of its own: the only one of engine/ that knows Qt.
THREAD = "engine.thread"
#: The six pictures: views of one state, side by side.
PICTURES = {
    f"gui.{name}" for name in ("walk", "viewer", "timeline", "trajectory", "measures", "models")
}

ROOMS = (
    Room("engine", "walk, texts by role, messages, errors, mailbox, registry, writing of files"),
    Room("engine.methods", "interpolation methods of two keyframes, one a file"),
    Room(
        "engine.methods.loops",
        "methods that come back to their start, one a file",
        "methods",
    ),
    Room(
        "engine.methods.through",
        "methods whose path depends on all keyframes, one a file",
        "methods",
    ),
    Room("engine.metrics", "measures, one a file", "", "cv2"),
    Room(
        "engine.pacing",
        "the speed of a walk: even steps, wanted speed, tipping points, certificate",
        "metrics",
    ),
    Room("engine.solvers", "solvers as tables of coefficients, one a file"),
    Room(
        "engine.geometry",
        "noise, the path of a walk, its projection on a plane",
        "methods methods.through pacing",
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
        "models.families models.schedules",
    ),
    Room(
        "engine.models.hub",
        "the Hugging Face hub: cache and downloads",
        "models.families models.inspection",
    ),
    Room(
        "engine.models.schedules",
        "noise schedules and solvers from the configs of schedulers of diffusers",
        "solvers",
        "torch diffusers",
    ),
    Room(
        "engine.models.families",
        "families of models, one a file",
        "models.networks models.running models.schedules solvers",
        "torch",
    ),
    Room(
        "engine.models.networks",
        "UNet, VAE decoder, text tower and tokenizer",
        "",
        "torch diffusers transformers",
    ),
    Room(
        "engine.models.running",
        "devices, device memory, parallel batches, CUDA graphs, decoding",
        "models.networks",
        "torch",
    ),
    Room(
        "engine.models",
        "locating and loading; the loaded model; CLIP as a scorer",
        "models.families models.hub models.inspection models.networks models.running "
        "models.schedules solvers",
        "torch diffusers transformers",
    ),
    Room(
        "engine.measuring",
        "measures of finished frames, and tables of them",
        "methods metrics models models.hub pacing pictures store",
    ),
    Room(
        "engine.render",
        "one job: its plan, frames in their order, batches, points of the plane, previews",
        "geometry measuring models models.running pictures render.sampling solvers store",
        "torch",
    ),
    Room(
        "engine.render.sampling",
        "the loops over the steps of frames",
        "models.running solvers",
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
        "models.running pictures render solvers store",
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
        "gui.atlas",
        "the atlas of a plane: its cells, their pictures, regions of similar ones",
        "engine.geometry engine.pictures state widgets",
        "Qt",
    ),
    Room(
        "gui.trajectory.plane",
        "what trajectory views paint with; the walk's geometry",
        "engine.geometry engine.methods state widgets",
        "Qt",
    ),
    Room(
        "gui.trajectory.atlas",
        "the atlas in the trajectory plot: its layer under the paths, its menu",
        "atlas state trajectory.plane widgets",
        "Qt",
    ),
    Room(
        "gui.trajectory.views",
        "trajectory views, one a file",
        "engine.geometry engine.methods atlas state trajectory.atlas trajectory.plane widgets",
        "Qt",
    ),
    Room(
        "gui.trajectory",
        "the plot that shows one of the trajectory views",
        "atlas state trajectory.plane trajectory.views widgets",
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
        "engine.documents engine.export engine.geometry engine.measuring engine.pictures atlas "
        "files measures state viewer widgets",
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
        "engine.documents engine.methods engine.models.hub engine.models.inspection "
        "engine.pacing engine.pictures engine.store dialogs export files shell state widgets "
        "walk viewer timeline trajectory trajectory.views measures models",
        "Qt",
    ),
)
NAMES = [room.name for room in ROOMS]
BY_NAME = {room.name: room for room in ROOMS}


def _room_of(module: str) -> str:
    if module == THREAD or files()[module].name == "__init__.py":
        return module
    return module.rpartition(".")[0]


def _modules(room: str) -> list[str]:
    return [module for module in files() if _room_of(module) == room]


def _arrows(room: str) -> dict[str, list[str]]:
    """The other rooms that `room` imports, each with the imports as "importer: imported"."""
    found: dict[str, list[str]] = {}
    for module in _modules(room):
        for imported in sorted(own_imports(module)):
            other = _room_of(imported) if imported in files() else imported
            if other != room:
                found.setdefault(other, []).append(f"{module}: {imported}")
    return found


# ── the table itself ────────────────────────────────────────────────────────────────────────────


def test_every_folder_is_a_room_and_every_room_is_there() -> None:
    assert {_room_of(module) for module in files()} == set(NAMES)
    for room in ROOMS:
        modules = [m for m in _modules(room.name) if files()[m].name != "__init__.py"]
        assert modules, f"{room.name} holds no file"


def test_the_table_has_no_circle() -> None:
    order = list(TopologicalSorter({room.name: room.imports for room in ROOMS}).static_order())
    assert set(order) == set(NAMES)


def test_the_table_keeps_engine_and_window_apart() -> None:
    for room in ROOMS:
        if room.name.startswith("engine"):
            assert not within_any(room.imports, "gui"), room.name
            assert room.name == THREAD or not within_any(room.guarded, *QT), room.name
        else:
            assert not within_any(room.guarded, *HEAVY), room.name
            assert not {"engine.render", "engine.cli", THREAD} & room.imports, room.name
    assert BY_NAME[THREAD].guarded == ("PySide6.QtCore",)


def test_the_table_keeps_the_model_libraries_in_the_models_rooms() -> None:
    for room in ROOMS:
        if not within(room.name, "engine.models"):
            assert not within_any(room.guarded, "diffusers", "transformers"), room.name
        if room.name not in ("engine.export", "engine.export.formats", "engine.metrics"):
            assert not within_any(room.guarded, "cv2"), room.name


def test_the_table_lets_the_pictures_stand_side_by_side() -> None:
    for name in PICTURES:
        assert not (PICTURES | {"gui", "gui.shell", "gui.dialogs"}) & BY_NAME[name].imports, name
    assert not within_any(BY_NAME["gui.widgets"].imports, "gui")


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
    graph = {module: own_imports(module) & modules - {module} for module in modules}
    assert set(TopologicalSorter(graph).static_order()) >= set(graph)


@pytest.mark.parametrize("name", NAMES)
def test_a_room_imports_only_its_libraries(name: str) -> None:
    guarded = (*QT, *HEAVY)
    for module in _modules(name):
        used = {i for i in imports(module) if within(i, *guarded)}
        outside = {i for i in used if not within(i, *BY_NAME[name].guarded)}
        assert not outside, f"{module} imports {outside}"


def _registers(module: str) -> bool:
    """Whether a module enters a class into a registry."""
    classes = (node for node in ast.walk(tree(module)) if isinstance(node, ast.ClassDef))
    marks = (ast.unparse(mark) for node in classes for mark in node.decorator_list)
    return any(".register(" in mark for mark in marks)


REGISTRIES = (
    *("engine.methods", "engine.methods.loops", "engine.methods.through"),
    *("engine.metrics", "engine.solvers"),
)


@pytest.mark.parametrize("name", REGISTRIES)
def test_entries_of_a_registry_are_pure_and_do_not_know_each_other(name: str) -> None:
    rooms = (name, *(room for room in BY_NAME[name].imports if within(name, room)))
    shared = [m for room in rooms for m in _modules(room) if m != room and not _registers(m)]
    known = ("engine.conditioning", "engine.parameters", "numpy", "scipy")
    allowed = (*shared, *known, *BY_NAME[name].guarded)
    for module in _modules(name):
        if _registers(module):
            others = {i for i in imports(module) if i.split(".")[0] not in sys.stdlib_module_names}
            assert all(within(i, *allowed) for i in others), f"{module} imports {others}"


@pytest.mark.parametrize("name", NAMES)
def test_a_room_holds_few_files(name: str) -> None:
    assert len(_modules(name)) <= MOST_FILES


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


if __name__ == "__main__":
    PAGE.write_text(_TABLE.sub(lambda _: _table(), PAGE.read_text("utf-8")), "utf-8")
