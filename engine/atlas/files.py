"""The files of an atlas: one large picture, or a folder of pictures with a table."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from math import sqrt
from pathlib import Path
from typing import Protocol

from engine.atlas.cells import AtlasContent
from engine.atlas.grid import Cell
from engine.atomic import Existing, WriteError, explain, is_empty, write_bytes
from engine.errors import InputError
from engine.export.png import encode_png
from engine.measuring.table_files import Columns, Value, write_table
from engine.messages import Image
from engine.pictures.atlas_page import atlas_page

NO_PICTURES = "The atlas has no pictures yet."
TABLE = "atlas.csv"


class Reader(Protocol):
    """Reads finished pictures by key, on any thread."""

    def image(self, key: str) -> Image | None: ...


def write_atlas(
    content: AtlasContent, reader: Reader, path: Path, existing: Existing = Existing.REFUSE
) -> Path:
    """Writes the pictures as one picture with axes, the shell and the path, as PNG.

    Raises InputError and WriteError.
    """
    spacing, facts = content.spacing, content.facts
    known = _pictures(content, reader)
    left, bottom = (min(cell[axis] for cell in known) for axis in (0, 1))
    pictures = {
        (round((x - left) / spacing), round((y - bottom) / spacing)): image
        for (x, y), image in known.items()
    }
    shell = sqrt(max(1.0 - facts.height**2, 0.0))
    page = atlas_page(pictures, spacing, shell, facts.path, facts.note, (left, bottom))
    return write_bytes(path, encode_png(page, {"Description": facts.note}), existing)


def write_cells(
    content: AtlasContent, reader: Reader, path: Path, existing: Existing = Existing.REFUSE
) -> Path:
    """Writes a folder with the picture of each cell, and a table of them.

    A folder that is there already is written into with REPLACE. Raises InputError and WriteError.
    """
    known = _pictures(content, reader)
    check_folder(path, existing)
    # In the folder itself if it is there: "." has no name, and other folders may be on other disks.
    part = (path if os.path.isdir(path) else path.parent) / f".{path.name}.part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        names = file_names(known)
        for cell, image in known.items():
            write_bytes(part / names[cell], encode_png(image, {}))
        write_table(part / TABLE, _columns(content, tuple(known)))
        if os.path.isdir(path):
            for file in part.iterdir():
                file.replace(path / file.name)
        else:
            part.rename(path)
    except WriteError:
        raise
    except OSError as error:
        raise WriteError(explain(path, error)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return path


def check_folder(path: Path, existing: Existing = Existing.REFUSE) -> None:
    """Raises InputError if a folder of cells cannot be written: a file, or without REPLACE a folder
    with something in it; and WriteError if the system refuses to look."""
    if os.path.isdir(path):
        if existing is not Existing.REPLACE and not is_empty(path):
            raise InputError(
                f"{path} exists already; choose another name or allow its files to be replaced."
            )
    elif os.path.lexists(path):
        raise InputError(f"{path} is a file; choose another name for the folder.")


def file_names(cells: Collection[Cell]) -> dict[Cell, str]:
    """Returns the names of cells' pictures, such as "x+0.250 y-1.000.png": different ones, with as
    many decimals as this takes."""
    for decimals in range(3, 18):
        names = {cell: f"x{cell[0]:+.{decimals}f} y{cell[1]:+.{decimals}f}.png" for cell in cells}
        if len(set(names.values())) == len(names):
            break
    return names


def _pictures(content: AtlasContent, reader: Reader) -> dict[Cell, Image]:
    """Returns the pictures that the store holds. Raises InputError for none."""
    pictures = ((cell, reader.image(key)) for cell, key in content.keys.items())
    known = {cell: image for cell, image in pictures if image is not None}
    if not known:
        raise InputError(NO_PICTURES)
    return known


def _columns(content: AtlasContent, cells: tuple[Cell, ...]) -> Columns:
    """Returns the table: place, std, distance from the shell, region, and the sum of noises."""
    facts, names = content.facts, file_names(cells)
    rows: list[dict[str, Value]] = []
    for cell in cells:
        std, keyframe = facts.std(cell), content.keyframes.get(cell)
        row: dict[str, Value] = {"file": names[cell], "x": cell[0], "y": cell[1], "std": std}
        row["shell distance, σ"] = (std - 1.0) / facts.sigma if facts.sigma else None
        row["region"] = content.names.get(cell)
        if keyframe is not None:
            first = (keyframe.noise, keyframe.scale)
            terms = [first, *((term.source, term.weight) for term in keyframe.blend)]
            row["prompt"] = keyframe.prompt
            row["noise"] = " + ".join(f"{w:.6g}·z({s.seed}#{s.draw})" for s, w in terms)
        rows.append(row)
    return {name: [row.get(name) for row in rows] for name in rows[0]}
