"""The summary table of measures, for the window and for the terminal.

Imports no large library.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.measuring.table_files import Columns, Value
from engine.metrics.contract import Summary, Values, make_measure
from engine.walk import Lane


@dataclass(frozen=True, slots=True)
class Cell:
    """A number, NaN if there is none. `spread` is the std of the values over the walk's frames."""

    value: float
    spread: float | None = None

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "–"
        text = f"{self.value:.{_decimals(self.value)}f}"
        if self.spread is not None:
            text += f" ± {self.spread:.{_decimals(self.value)}f}"
        return text


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """The summaries of one lane. `frames` is the number of its measured frames."""

    title: str
    frames: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """One row for each lane, one column for each summary of a measure.

    ± is the std over the frames of one walk. It is not an error of the mean: neighbouring frames
    are similar, so their values are not independent.
    """

    columns: tuple[str, ...]
    rows: tuple[ScoreRow, ...]

    def to_text(self) -> str:
        """Format the table for a terminal, in aligned columns."""
        lines = [("", "Frames", *self.columns)]
        lines += [(r.title, str(r.frames), *(str(c) for c in r.cells)) for r in self.rows]
        widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
        return "\n".join(_aligned(line, widths) for line in lines)


def score_table(titles: Sequence[str], values: Mapping[str, Sequence[Values]]) -> ScoreTable:
    """Makes the table from `values`: measure → lane → one value for each frame, NaN if unknown.

    Raises InputError for an unknown measure.
    """
    summaries = [(name, s) for name in values for s in make_measure(name).summaries]
    rows = []
    for lane, title in enumerate(titles):
        cells = tuple(_cell(summary, values[name][lane]) for name, summary in summaries)
        measured = (int(np.isfinite(lanes[lane]).sum()) for lanes in values.values())
        rows.append(ScoreRow(title, max(measured, default=0), cells))
    return ScoreTable(tuple(summary.label for _, summary in summaries), tuple(rows))


def frame_rows(lanes: Sequence[Lane], values: Mapping[str, Sequence[Values]]) -> Columns:
    """Returns `values`, as in `score_table`, as columns: one row for each frame and lane, with the
    title of the walk, the index of the frame from 0, and its time."""
    columns: dict[str, list[Value]] = {"walk": [], "frame": [], "time": []}
    for lane in lanes:
        frames = range(lane.walk.frames)
        columns["walk"] += [lane.title] * len(frames)
        columns["frame"] += frames
        columns["time"] += [lane.walk.time_of(k) for k in frames]
    for name, of_lanes in values.items():
        columns[name] = np.concatenate(of_lanes).tolist()
    return columns


def _cell(summary: Summary, values: Values) -> Cell:
    known = values[np.isfinite(values)]
    if not known.size:
        return Cell(math.nan)
    value = summary.of(known)
    return Cell(value, float(known.std()) if summary.spread else None)


def _decimals(value: float) -> int:
    """Returns the number of decimals for about four significant digits."""
    return 1 if abs(value) >= 100 else 2 if abs(value) >= 10 else 3


def _aligned(line: tuple[str, ...], widths: list[int]) -> str:
    cells = [text.rjust(width) for text, width in zip(line, widths, strict=True)]
    cells[0] = line[0].ljust(widths[0])
    return "  ".join(cells)
