"""The summary table of measures, for the window and for the terminal.

Imports no large library.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.measuring.scoring_text import scoring_label
from engine.measuring.standard_error import MEANING, standard_error
from engine.measuring.table_files import Columns, Value
from engine.metrics.contract import Summary, Values, make_measure
from engine.pacing.certificate import Certificate, certify
from engine.walk import Lane

#: The measures of a walk's certificate.
_STEPS, _STD = "step_length", "latent_std"


@dataclass(frozen=True, slots=True)
class Cell:
    """A number, NaN if there is none. `error` is its standard error, None if it is not known."""

    value: float
    error: float | None = None

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "–"
        text = f"{self.value:.{_decimals(self.value)}f}"
        if self.error is not None:
            text += f" ± {self.error:.{_decimals(self.value)}f}"
        return text


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """The summaries of one lane. `frames` is the number of its measured frames."""

    title: str
    frames: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """One row for each lane, one column for each summary of a measure. `notes` are sentences that
    explain the table."""

    columns: tuple[str, ...]
    rows: tuple[ScoreRow, ...]
    notes: tuple[str, ...] = ()

    def to_text(self) -> str:
        """Format the table for a terminal, in aligned columns."""
        lines = [("", "Frames", *self.columns)]
        lines += [(r.title, str(r.frames), *(str(c) for c in r.cells)) for r in self.rows]
        return "\n".join((*aligned(lines), *self.notes))


def score_table(
    lanes: Sequence[Lane],
    values: Mapping[str, Sequence[Values]],
    scoring_text: str = "",
    turns: Mapping[int, Sequence[float]] | None = None,
    seams: Mapping[int, float] | None = None,
) -> ScoreTable:
    """Makes the table from `values`: measure → lane → one value for each frame, NaN if unknown.

    `scoring_text` is what pictures were compared with, "" for their prompts. `turns` holds for a
    lane the angles in degrees at its inner keyframes, `seams` the gap of a loop's ends. Raises
    InputError for an unknown measure.
    """
    summaries = [(name, s) for name in values for s in make_measure(name).summaries]
    rows = []
    for number, lane in enumerate(lanes):
        cells = tuple(_cell(summary, values[name][number]) for name, summary in summaries)
        measured = (int(np.isfinite(of_lanes[number]).sum()) for of_lanes in values.values())
        rows.append(ScoreRow(lane.title, max(measured, default=0), cells))
    notes = [f"{MEANING}."] if any(summary.is_mean for _, summary in summaries) else []
    if _compares(values):
        notes = [*_text_notes(lanes, scoring_text), *notes]
    if _STEPS in values:
        label = make_measure(_STEPS).label.lower()
        made = certificates(values, len(lanes), turns or {}, seams or {})
        said = (each.sentence(lane.title, label) for lane, each in zip(lanes, made, strict=True))
        notes += [sentence for sentence in said if sentence]
    return ScoreTable(tuple(s.label for _, s in summaries), tuple(rows), tuple(notes))


def table_columns(
    lanes: Sequence[Lane], values: Mapping[str, Sequence[Values]], scoring_text: str = ""
) -> Columns:
    """Returns `values`, as in `score_table`, as columns of a file. Each lane has a row for each
    frame, with the title of the walk, the index of the frame from 0, and its time; then a row for
    each summary.

    `summary` names the summary of a row and is None for a frame; `frame` and `time` are None for a
    summary. `scoring_text` is there if a measure compares pictures with a text.
    """
    labels = [label for name in values for label in _sums(name, np.empty(0))]
    columns: dict[str, list[Value]] = {"walk": [], "frame": [], "time": [], "summary": []}
    if _compares(values):
        columns["scoring_text"] = []
    columns |= {name: [] for name in values}
    for number, lane in enumerate(lanes):
        frames = range(lane.walk.frames)
        rows = len(frames) + len(labels)
        columns["walk"] += [lane.title] * rows
        columns["frame"] += [*frames, *[None] * len(labels)]
        columns["time"] += [*map(lane.walk.time_of, frames), *[None] * len(labels)]
        columns["summary"] += [*[None] * len(frames), *labels]
        if "scoring_text" in columns:
            columns["scoring_text"] += [scoring_label(scoring_text, lane.walk)] * rows
        for name, of_lanes in values.items():
            sums = _sums(name, of_lanes[number])
            columns[name] += [*of_lanes[number].tolist(), *map(sums.get, labels)]
    return columns


def _compares(values: Mapping[str, Sequence[Values]]) -> bool:
    """True if one of the measures compares pictures with a text."""
    return any(make_measure(name).needs_text for name in values)


def _text_notes(lanes: Sequence[Lane], scoring_text: str) -> list[str]:
    """The text that pictures were compared with, in one line if it is the same for all lanes."""
    kind = "the text" if scoring_text.strip() else "the prompt"
    labels = [scoring_label(scoring_text, lane.walk) for lane in lanes]
    if len(set(labels)) == 1:
        return [f"CLIP compared the pictures with {kind} “{labels[0]}”."]
    return [
        f"CLIP compared the pictures of {lane.title} with {kind} “{label}”."
        for lane, label in zip(lanes, labels, strict=True)
    ]


def certificates(
    values: Mapping[str, Sequence[Values]],
    lanes: int,
    turns: Mapping[int, Sequence[float]],
    seams: Mapping[int, float],
) -> tuple[Certificate, ...]:
    """Returns the certificate of each lane, from what is known of it; see `score_table`."""
    unknown = [np.full(1, np.nan)] * lanes
    stds, steps = values.get(_STD, unknown), values.get(_STEPS, unknown)
    return tuple(
        certify(stds[k], steps[k], tuple(turns.get(k, ())), seams.get(k, math.nan))
        for k in range(lanes)
    )


def _sums(name: str, values: Values) -> dict[str, Value]:
    """The summaries of a measure's values by their labels, and the standard errors of means."""
    sums: dict[str, Value] = {}
    for summary in make_measure(name).summaries:
        cell = _cell(summary, values)
        sums[summary.label] = cell.value
        if summary.is_mean:
            sums[_error_label(summary)] = cell.error
    return sums


def _error_label(summary: Summary) -> str:
    return f"Standard error of {summary.label}"


def _cell(summary: Summary, values: Values) -> Cell:
    known = values[np.isfinite(values)]
    if not known.size:
        return Cell(math.nan)
    return Cell(summary.of(known), standard_error(_inner(values)) if summary.is_mean else None)


def _inner(values: Values) -> Values:
    """The values from the first to the last that is known: a step measure has none at frame 0."""
    known = np.flatnonzero(np.isfinite(values))
    return values[known[0] : known[-1] + 1]


def _decimals(value: float) -> int:
    """Returns the number of decimals for about four significant digits."""
    return 1 if abs(value) >= 100 else 2 if abs(value) >= 10 else 3


def aligned(lines: Sequence[tuple[str, ...]]) -> list[str]:
    """Returns the lines of a table for a terminal: the first column on the left, others on the
    right."""
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    return [_padded(line, widths) for line in lines]


def _padded(line: tuple[str, ...], widths: list[int]) -> str:
    cells = [text.rjust(width) for text, width in zip(line, widths, strict=True)]
    cells[0] = line[0].ljust(widths[0])
    return "  ".join(cells)
