"""The means of a running study, read from the file that it writes every few seconds."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

FILE = "live.csv"
HEAD = ("model", "guidance", "measure", "method", "cells", "mean")
#: Method → (γ, means).
Curves = dict[str, tuple[list[float], list[float]]]
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LiveMeans:
    """The curves of each measure, and the `rows` of a table with the columns HEAD: the means over
    all frames of the cells that are finished."""

    curves: dict[str, Curves]
    rows: tuple[Row, ...]


def read_live(folder: Path) -> LiveMeans | None:
    """Reads the means of the study in a folder; None if there are none yet, or others' ones."""
    try:
        text = (folder / FILE).read_text("utf-8")
        return _means(text)
    except (OSError, ValueError, KeyError, csv.Error):
        return None


def _means(text: str) -> LiveMeans:
    values: dict[Row, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for row in csv.DictReader(text.splitlines()):
        if not row["mean"]:
            continue  # the first frame has no step
        gammas, means = values[tuple(row[name] for name in HEAD[:-1])]
        gammas.append(float(row["gamma"]))
        means.append(float(row["mean"]))
    rows = ((*key, str(sum(means) / len(means))) for key, (_, means) in values.items())
    several = len({key[:2] for key in values}) > 1
    curves: dict[str, Curves] = defaultdict(dict)
    for (model, guidance, measure, method, _), curve in values.items():
        name = f"{method}, {Path(model).name}, {guidance}" if several else method
        curves[measure][name] = curve
    return LiveMeans(dict(curves), tuple(rows))
