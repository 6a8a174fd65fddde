"""The statistics of a study as CSV: means and paired differences, over all frames and by γ, and
means while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Self

import numpy as np

from engine.atomic import Existing, WriteError, explain
from engine.measuring.table_files import Value, write_table
from engine.statistics.intervals import Values
from engine.statistics.paired import Paired
from engine.study.cell_files import CellFiles
from engine.study.findings import Findings
from engine.study.plan import method_label
from engine.study.study import Cell, Study

MEANS, DIFFERENCES, LIVE = "means.csv", "differences.csv", "live.csv"
Row = dict[str, Value]
#: Time between two writings of the means while a study runs, in seconds.
_LIVE_S = 3.0


class LiveMeans:
    """The means by γ of the cells that this run has finished. Its memory does not grow with them.

    They are written to live.csv every few seconds, for the window, and once more at the end of the
    block, also if the run is cancelled. Those of an earlier run are removed at its start.
    """

    def __init__(self, study: Study, files: CellFiles) -> None:
        self._study, self._files = study, files
        self._sums: dict[tuple[str, float], Values] = {}
        self._counts: dict[tuple[str, float], int] = {}
        self._written = 0.0

    def __enter__(self) -> Self:
        path = self._files.folder / LIVE
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise WriteError(explain(path, error)) from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._counts:
            self.write()

    def add(self, cell: Cell) -> None:
        """Add a finished cell, and write the means if the last ones are old. Raises WriteError."""
        plan = self._study.plan
        table = self._files.read(self._study, cell)
        values = np.array([table[name].to_numpy() for name in plan.measures], np.float64)
        key = cell.model.location, cell.sampling.guidance
        self._sums[key] = self._sums.get(key, 0.0) + values
        self._counts[key] = self._counts.get(key, 0) + 1
        if time.monotonic() - self._written >= _LIVE_S:
            self.write()

    def write(self) -> None:
        """Write the means. Raises WriteError."""
        self._written = time.monotonic()
        rows = [row for key in self._sums for row in self._rows(key)]
        columns = {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}
        write_table(self._files.folder / LIVE, columns, Existing.REPLACE)

    def _rows(self, key: tuple[str, float]) -> Iterator[Row]:
        plan, count = self._study.plan, self._counts[key]
        shape = len(plan.measures), len(plan.methods), plan.frames
        means = (self._sums[key] / count).reshape(shape)
        for (k, measure), (n, choice) in product(enumerate(plan.measures), enumerate(plan.methods)):
            head: Row = {"model": key[0], "guidance": key[1], "measure": measure}
            head |= {"method": method_label(choice), "cells": count}
            for frame in range(plan.frames):
                gamma = frame / max(plan.frames - 1, 1)
                yield {**head, "gamma": gamma, "mean": float(means[k, n, frame])}


def write_statistics(folder: Path, found: Iterable[Findings]) -> None:
    """Writes both files. A row without γ is that over all frames. Raises WriteError."""
    means: list[Row] = []
    differences: list[Row] = []
    for findings in found:
        means += _means(findings)
        differences += _differences(findings)
    for name, rows in ((MEANS, means), (DIFFERENCES, differences)):
        columns = {key: [row[key] for row in rows] for key in (rows[0] if rows else ())}
        write_table(folder / name, columns, Existing.REPLACE)


def _head(findings: Findings) -> Row:
    f = findings
    return {"model": f.model, "guidance": f.guidance, "measure": f.measure}


def _means(findings: Findings) -> Iterator[Row]:
    names = ("mean", "low", "high")
    for method in findings.comparison.means:
        head = {**_head(findings), "method": method.method, "pairs": findings.comparison.pairs}
        crossed = dict(zip(("prompts_low", "prompts_high"), method.crossed.at()[1:], strict=True))
        whole = dict(zip(names, method.whole.at(), strict=True))
        yield {**head, "gamma": None, **whole, **crossed}
        for k, gamma in enumerate(findings.gammas):
            here = dict(zip(names, method.by_gamma.at(k), strict=True))
            yield {**head, "gamma": float(gamma), **here, **dict.fromkeys(crossed)}


def _differences(findings: Findings) -> Iterator[Row]:
    for difference in findings.comparison.differences:
        head = {**_head(findings), "first": difference.first, "second": difference.second}
        yield {**head, "gamma": None, **_paired(difference.whole)}
        for gamma, here in zip(findings.gammas, difference.by_gamma, strict=True):
            yield {**head, "gamma": float(gamma), **_paired(here)}


def _paired(found: Paired) -> Row:
    return {name: getattr(found, name) for name in Paired.__dataclass_fields__}
