"""The file of a finished cell: its rows as Parquet, and the pictures of samples as PNG.

A file is written whole under a temporary name and then renamed, so a file that is there is
complete.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from engine.atomic import Existing, atomic_path, write_bytes
from engine.metrics.contract import Values
from engine.study.plan import method_label
from engine.study.study import Cell, Study

#: What a cell computed: measure → for each method [frames], NaN where there is no value.
Measured = Mapping[str, list[Values]]


@dataclass(frozen=True, slots=True)
class CellFiles:
    """The files of a study's cells in its folder. Cells of other plans may lie there, too."""

    folder: Path

    def table(self, key: str) -> Path:
        """The path of a cell's rows."""
        return self.folder / "cells" / key[:2] / f"{key}.parquet"

    def sheet(self, key: str) -> Path:
        """The path of a cell's pictures."""
        return self.folder / "samples" / f"{key}.png"

    def has(self, study: Study, cell: Cell) -> bool:
        """True if the cell is finished: its rows are there, and those pictures that are shown."""
        key = study.key(cell)
        pictures = not study.is_sample(cell) or self.sheet(key).exists()
        return pictures and self.table(key).exists()

    def write(self, study: Study, cell: Cell, measured: Measured) -> None:
        """Write the rows of a cell. Raises WriteError."""
        with atomic_path(self.table(study.key(cell)), Existing.REPLACE) as part:
            pq.write_table(rows_of(study, cell, measured), part)

    def write_sheet(self, study: Study, cell: Cell, png: bytes) -> None:
        """Write the pictures of a cell. Raises WriteError."""
        write_bytes(self.sheet(study.key(cell)), png, Existing.REPLACE)

    def read(self, study: Study, cell: Cell) -> pa.Table:
        """Return the rows of a finished cell. Raises OSError or ArrowInvalid for a broken file.

        The model has the name that this plan gives it; another plan may have computed the cell.
        """
        table = pq.read_table(self.table(study.key(cell)), schema=schema(study))
        if table.num_rows != study.rows:
            raise pa.ArrowInvalid(f"{table.num_rows} rows instead of {study.rows}")
        names = pa.array([cell.model.location] * study.rows, pa.string())
        return table.set_column(0, "model", names)


def schema(study: Study) -> pa.Schema:
    """The columns of a study's table. Prompt, method and model are texts; γ and measures are
    float64."""
    names = {"model": pa.string(), "guidance": pa.float64(), "seed": pa.uint64()}
    names |= {"prompt": pa.string(), "method": pa.string()}
    names |= {"frame": pa.int32(), "gamma": pa.float64()}
    return pa.schema(names | {name: pa.float64() for name in study.plan.measures})


def rows_of(study: Study, cell: Cell, measured: Measured) -> pa.Table:
    """The rows of a cell, a row for each frame of each method. NaN becomes null."""
    plan, rows = study.plan, study.rows
    labels = [method_label(choice) for choice in plan.methods]
    columns = {
        "model": [cell.model.location] * rows,
        "guidance": [cell.sampling.guidance] * rows,
        "seed": [cell.seed] * rows,
        "prompt": [cell.prompt] * rows,
        "method": [label for label in labels for _ in range(plan.frames)],
        "frame": list(range(plan.frames)) * len(labels),
        "gamma": [k / max(plan.frames - 1, 1) for k in range(plan.frames)] * len(labels),
    }
    for name in plan.measures:
        values = (float(x) for of_method in measured[name] for x in of_method)
        columns[name] = [None if math.isnan(x) else x for x in values]
    return pa.table(columns, schema=schema(study))
