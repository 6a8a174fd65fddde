"""The exports of the atlas: one large picture, or a folder of pictures with a table."""

from __future__ import annotations

import shutil
from functools import partial
from math import sqrt
from pathlib import Path

from engine.atomic import write_bytes
from engine.errors import InputError
from engine.export.png import encode_png
from engine.measuring.table_files import Columns, Value, write_table
from engine.messages import Image
from engine.pictures.atlas_page import atlas_page
from gui.atlas.atlas import Atlas
from gui.atlas.grid import Cell
from gui.atlas.regions import RegionNames
from gui.export.export_plan import ExportKind

NO_ATLAS = (
    "There is no atlas; choose Plane › Atlas in the trajectory panel and wait for its pictures."
)
TABLE = "atlas.csv"


def atlas_kinds(atlas: Atlas, regions: RegionNames) -> tuple[ExportKind, ...]:
    """Returns the export kinds of an atlas. Their writers raise InputError and WriteError."""
    return (
        ExportKind(
            "atlas", "Atlas with axes, PNG", ".atlas.png", write=partial(write_atlas, atlas)
        ),
        ExportKind(
            "atlas-folder",
            "Atlas as pictures with a table, folder",
            ".atlas",
            write=partial(write_cells, atlas, regions),
        ),
    )


def write_atlas(atlas: Atlas, path: Path) -> None:
    """Writes the known cells as one picture with axes, the shell and the path."""
    spacing, facts = atlas.spacing, atlas.facts
    pictures = {
        (round(x / spacing), round(y / spacing)): image for (x, y), image in _known(atlas).items()
    }
    shell = sqrt(max(1.0 - facts.height**2, 0.0))
    page = atlas_page(pictures, spacing, shell, facts.path, facts.note)
    write_bytes(path, encode_png(page, {"Description": facts.note}))


def write_cells(atlas: Atlas, regions: RegionNames, path: Path) -> None:
    """Writes a folder with the picture of each known cell, and a table of them."""
    known = _known(atlas)
    part = path.with_name(f".{path.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        for cell, image in known.items():
            write_bytes(part / file_name(cell), encode_png(image, {}))
        write_table(part / TABLE, _columns(atlas, regions, tuple(known)))
        part.rename(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def file_name(cell: Cell) -> str:
    """Returns the name of a cell's picture, such as "x+0.250 y-1.000.png"."""
    return f"x{cell[0]:+.3f} y{cell[1]:+.3f}.png"


def _known(atlas: Atlas) -> dict[Cell, Image]:
    """Returns the pictures of the wanted cells that the store holds. Raises InputError for none."""
    pictures = ((cell, atlas.image(cell)) for cell in atlas.wanted)
    known = {cell: image for cell, image in pictures if image is not None}
    if not known:
        raise InputError(NO_ATLAS)
    return known


def _columns(atlas: Atlas, regions: RegionNames, cells: tuple[Cell, ...]) -> Columns:
    """Returns the table: place, std, distance from the shell, region, and the sum of noises."""
    facts, names = atlas.facts, regions.names()
    rows: list[dict[str, Value]] = []
    for cell in cells:
        std, keyframe = facts.std(cell), atlas.keyframe(cell)
        row: dict[str, Value] = {"file": file_name(cell), "x": cell[0], "y": cell[1], "std": std}
        row["shell distance, σ"] = (std - 1.0) / facts.sigma if facts.sigma else None
        row["region"] = names.get(cell)
        if keyframe is not None:
            first = (keyframe.noise, keyframe.scale)
            terms = [first, *((term.source, term.weight) for term in keyframe.blend)]
            row["prompt"] = keyframe.prompt
            row["noise"] = " + ".join(f"{w:.6g}·z({s.seed}#{s.draw})" for s, w in terms)
        rows.append(row)
    return {name: [row.get(name) for row in rows] for name in rows[0]}
