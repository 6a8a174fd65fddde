"""Scores of several pairs of noises: means over the pairs, with intervals and differences."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from engine.measuring.score_table import ScoreTable, aligned
from engine.measuring.table_files import Columns, Value
from engine.statistics.intervals import Values, mean_interval
from engine.statistics.paired import paired

NOTE = (
    "Means over {pairs} pairs of noises with 95 % bootstrap intervals over the pairs; frames are "
    "not counted as independent. d is the mean of the paired differences over their std, “ahead” "
    "the share of pairs in which the first method has the higher value."
)


@dataclass(slots=True)
class PairScores:
    """The summary tables of all pairs, and the rows of their frames."""

    tables: list[ScoreTable] = field(default_factory=list)
    rows: dict[str, list[Value]] = field(default_factory=dict)

    def add(self, seed: int, table: ScoreTable, columns: Columns) -> None:
        """Add a pair: its first seed, its summary, and its rows."""
        self.tables.append(table)
        count = len(next(iter(columns.values())))
        self.rows.setdefault("seed", []).extend([seed] * count)
        for name, values in columns.items():
            self.rows.setdefault(name, []).extend(values)

    @property
    def columns(self) -> Columns:
        """The rows of all pairs, with the seed in the first column."""
        return self.rows

    def to_text(self) -> str:
        """Format means and differences for a terminal: a line for each method of each measure."""
        first = self.tables[0]
        values = np.array([[[c.value for c in r.cells] for r in t.rows] for t in self.tables])
        titles = [row.title for row in first.rows]
        lines: list[tuple[str, ...]] = [("", "", "Mean", "95 %", "d", "Ahead")]
        for column, label in enumerate(first.columns):
            of_lanes = values[:, :, column]
            lines += [(label, title, *_mean(of_lanes[:, k])) for k, title in enumerate(titles)]
            for k, title in enumerate(titles[1:], 1):
                name = f"{titles[0]} − {title}"
                lines.append((label, name, *_difference(of_lanes[:, 0] - of_lanes[:, k])))
        return "\n".join((*aligned(lines), NOTE.format(pairs=len(values))))


def _known(values: Values) -> Values:
    return values[np.isfinite(values)]


def _mean(values: Values) -> tuple[str, ...]:
    """The mean of the pairs that have a value, and its interval."""
    known = _known(values)
    if not known.size:
        return ("–", "", "", "")
    mean, low, high = mean_interval(known).at()
    return (f"{mean:.4g}", _ends(low, high), "", "")


def _difference(values: Values) -> tuple[str, ...]:
    """The mean difference, its interval, effect size, and the share of pairs."""
    known = _known(values)
    if not known.size:
        return ("–", "", "", "")
    found = paired(known)
    ends = _ends(found.low, found.high)
    return (f"{found.mean:.4g}", ends, f"{found.effect:.2f}", f"{found.share:.0%}")


def _ends(low: float, high: float) -> str:
    return "–" if math.isnan(low) else f"{low:.4g} to {high:.4g}"
