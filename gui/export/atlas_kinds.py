"""The export kinds of the atlas. Their files are written in the background."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from engine.atlas.files import Reader, write_atlas, write_cells
from engine.atlas.grid import Cell
from engine.errors import InputError
from gui.atlas.atlas import Atlas
from gui.export.export_plan import ExportKind, Writer

NO_ATLAS = (
    "There is no atlas; choose Plane › Atlas in the trajectory panel and wait for its pictures."
)
#: Returns the names of the regions of cells.
Names = Callable[[], Mapping[Cell, str]]


def atlas_kinds(atlas: Atlas, names: Names, reader: Reader) -> tuple[ExportKind, ...]:
    """Returns the export kinds of an atlas, whose pictures are in `reader`."""

    def prepare(write: Callable[..., object]) -> Writer:
        content = atlas.content(names())
        if not content.keys:
            raise InputError(NO_ATLAS)
        return partial(write, content, reader)

    return (
        ExportKind(
            "atlas", "Atlas with axes, PNG", ".atlas.png", prepare=partial(prepare, write_atlas)
        ),
        ExportKind(
            "atlas-folder",
            "Atlas as pictures with a table, folder",
            ".atlas",
            prepare=partial(prepare, write_cells),
        ),
    )
