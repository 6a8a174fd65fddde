"""Writes tables of measures as CSV or JSON."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from engine.atomic import Existing, write_bytes

Value = str | int | float | None
Columns = Mapping[str, Sequence[Value]]


def write_table(path: Path, columns: Columns, existing: Existing = Existing.REFUSE) -> Path:
    """Writes columns of equal length, by name, as JSON if the suffix is .json, else as CSV.

    NaN and None become an empty cell in CSV and null in JSON. Raises InputError and WriteError.
    """
    encode = _json if path.suffix.lower() == ".json" else _csv
    return write_bytes(path, encode(columns), existing)


def _rows(columns: Columns) -> list[tuple[Value | None, ...]]:
    rows = zip(*columns.values(), strict=True)
    return [tuple(None if _is_missing(value) else value for value in row) for row in rows]


def _is_missing(value: Value) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _csv(columns: Columns) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(_rows(columns))
    return text.getvalue().encode()


def _json(columns: Columns) -> bytes:
    rows = [dict(zip(columns, row, strict=True)) for row in _rows(columns)]
    return msgspec.json.format(msgspec.json.encode(rows), indent=1)
