"""The table of a study: all finished cells as one Parquet file, and as CSV.

Both are written a group of cells at a time, so that memory does not grow with the study, and in the
order of the plan, so that equal studies give equal files.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from engine.atomic import Existing, atomic_path
from engine.errors import InputError
from engine.study.cell_files import CellFiles, schema
from engine.study.study import Cell, Study

TABLE, CSV = "frames.parquet", "frames.csv"
#: Cells in a row group.
_GROUP = 256


def write_table(study: Study, files: CellFiles) -> int:
    """Writes the table of all finished cells, and returns the number of cells in it. Raises
    WriteError."""
    written = 0
    # The compression is named, because another version may have another default.
    with (
        atomic_path(files.folder / TABLE, Existing.REPLACE) as part,
        pq.ParquetWriter(part, schema(study), compression="zstd") as writer,
    ):
        cells = (cell for cell in study.all_cells() if files.has(study, cell))
        while tables := [_read(study, files, cell) for cell in islice(cells, _GROUP)]:
            writer.write_table(pa.concat_tables(tables))
            written += len(tables)
    return written


def _read(study: Study, files: CellFiles, cell: Cell) -> pa.Table:
    try:
        return files.read(study, cell)
    except (OSError, pa.ArrowInvalid) as error:
        path = files.table(study.key(cell))
        raise InputError(f"{path} cannot be read ({error}); delete it and resume.") from error


def groups(folder: Path, columns: list[str] | None = None) -> Iterator[pa.Table]:
    """Yields the table of a study in groups of cells. Raises OSError and ArrowInvalid."""
    with pq.ParquetFile(folder / TABLE) as file:
        for number in range(file.num_row_groups):
            yield file.read_row_group(number, columns)


def write_csv(folder: Path) -> None:
    """Writes the table as CSV beside it. Raises WriteError."""
    with (
        atomic_path(folder / CSV, Existing.REPLACE) as part,
        pq.ParquetFile(folder / TABLE) as file,
        pyarrow.csv.CSVWriter(part, file.schema_arrow) as writer,
    ):
        for table in groups(folder):
            writer.write_table(table)
