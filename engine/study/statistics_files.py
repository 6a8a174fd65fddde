"""The statistics of a study as CSV: means and paired differences, over all frames and by γ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.atomic import Existing
from engine.measuring.table_files import Value, write_table
from engine.statistics.paired import Paired
from engine.study.findings import Findings

MEANS, DIFFERENCES = "means.csv", "differences.csv"
Row = dict[str, Value]


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
