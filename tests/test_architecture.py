"""The rules between the rooms. A room is a folder of engine/ or gui/.

The table is in tests/support/rooms.py, and ARCHITECTURE.md shows it. To write it there again after
a change:

python -m tests.test_architecture
"""

from __future__ import annotations

import ast
import re
import sys
from graphlib import TopologicalSorter

import pytest

from tests.support.rooms import QT, ROOMS, Room
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

MOST_FILES = 14
#: A file that is a room of its own: the only one of engine/ that knows Qt.
THREAD = "engine.thread"
#: The six pictures: views of one state, side by side.
PICTURES = {
    f"gui.{name}" for name in ("walk", "viewer", "timeline", "trajectory", "measures", "models")
}
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
    *("engine.methods", "engine.methods.loops", "engine.methods.places", "engine.methods.through"),
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
