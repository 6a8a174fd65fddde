"""The texts and tables of a report, for the page and for the PDF alike."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.study.cell_files import CellFiles
from engine.study.findings import Difference, Findings
from engine.study.report.plots import measure_label
from engine.study.run import FAILED, PLAN, STUDY
from engine.study.study import Cell, Study

METHOD_TEXT = (
    "A pair is two noises: the first and the second draw of one seed. Its value is the mean over "
    "the prompts, and over all frames or at one γ; the frames and prompts of a pair are not "
    "counted as independent. Means have 95 % bootstrap intervals over pairs (BCa, 2,000 "
    "resamples); “other prompts” draws prompts, too, and says how far the mean would move with "
    "others. A difference is taken within each pair. d is its mean over its standard deviation "
    "(Cohen's d_z); the share of pairs in which the first method is ahead has Wilson's interval; "
    "p is that of Wilcoxon's signed-rank test, not corrected for the number of comparisons. "
    "Bands by γ hold at each γ, not for the whole curve. “Pairs needed” is the number of pairs "
    "with which a paired t-test at 5 % finds a difference of this size in 80 of 100 studies."
)


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table of texts."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """The pictures of a cell, with a title."""

    title: str
    path: Path


def means_table(findings: Findings) -> TextTable:
    """The means of all methods over all frames."""
    head = ("Method", "Mean", "95 % over pairs", "95 % with other prompts")
    rows = [
        (m.method, number(m.whole.at()[0]), span(*m.whole.at()[1:]), span(*m.crossed.at()[1:]))
        for m in findings.comparison.means
    ]
    return TextTable(head, tuple(rows))


def differences_table(findings: Findings) -> TextTable:
    """The paired differences of every two methods over all frames."""
    head = ("Difference", "Mean", "95 % over pairs", "d", "First ahead", "p", "Pairs needed")
    return TextTable(head, tuple(map(_difference_row, findings.comparison.differences)))


def _difference_row(difference: Difference) -> tuple[str, ...]:
    d, name = difference.whole, f"{difference.first} − {difference.second}"
    if difference.equal:
        return (name, "0", "equal in all frames", "–", "–", "–", "–")
    share = f"{d.share:.0%} ({d.share_low:.0%} to {d.share_high:.0%})"
    needed = "–" if d.needed is None else f"{d.needed:,}"
    p = "<0.0001" if d.p < 0.0001 else f"{d.p:.4f}"
    return (name, number(d.mean), span(d.low, d.high), number(d.effect), share, p, needed)


def sentences(findings: Findings) -> Iterator[str]:
    """A sentence for each difference of two methods. A method that equals an earlier one is said
    to be so, and has no more sentences."""
    label = measure_label(findings.measure)
    doubles = {d.second for d in findings.comparison.differences if d.equal}
    for difference in findings.comparison.differences:
        a, b, d = difference.first, difference.second, difference.whole
        if a in doubles or (b in doubles and not difference.equal):
            continue
        if difference.equal:
            yield f"{label}: {a} and {b} have the same values in all frames."
        elif math.isnan(d.low):
            few = "one pair says" if d.pairs == 1 else "two pairs say"
            yield f"{label}: {few} nothing about the difference of {a} and {b}."
        elif d.low <= 0 <= d.high:
            yield (
                f"{label}: no difference between {a} and {b} is shown "
                f"({number(d.mean)}, {span(d.low, d.high)})."
            )
        else:
            higher, lower, sign = (a, b, 1) if d.mean > 0 else (b, a, -1)
            ends = sorted((sign * d.low, sign * d.high))
            share = d.share if sign > 0 else 1 - d.share
            yield (
                f"{label}: {higher} is higher than {lower} by {number(sign * d.mean)} "
                f"({span(*ends)}), in {share:.0%} of the pairs; d = {number(abs(d.effect))}."
            )


def setting_title(findings: Findings, study: Study) -> str:
    """The measure, with model and guidance where the study has several."""
    title = measure_label(findings.measure)
    if len(study.models) > 1:
        title += f" – {findings.model}"
    if any(len(model.samplings) > 1 for model in study.models):
        title += f" – guidance {findings.guidance:g}"
    return title


def overview(study: Study, folder: Path) -> str:
    """A sentence with the extent of the study, and one about failed cells."""
    plan = study.plan
    failed = len(json.loads((folder / FAILED).read_text("utf-8")))
    text = (
        f"{len(plan.seeds):,} pairs of noises, {_count(plan.prompts, 'prompt')}, "
        f"{_count(plan.methods, 'method')}, {plan.frames} γ, {_count(study.models, 'model')}: "
        f"{study.cells * study.rows:,} frames."
    )
    if failed:
        text += f" {failed} of {study.cells:,} cells failed; their pairs are left out below."
    return text


def samples(study: Study, files: CellFiles) -> Iterator[Sample]:
    """The sample sheets that are there."""
    for cell in study.all_cells():
        path = files.sheet(study.key(cell))
        if study.is_sample(cell) and path.exists():
            yield Sample(_cell_title(cell), path)


def plan_text(folder: Path) -> str:
    """The plan as it was written."""
    return (folder / PLAN).read_text("utf-8")


def versions(folder: Path) -> TextTable:
    """The versions of libraries, the device, and the identities of the models."""
    content = json.loads((folder / STUDY).read_text("utf-8"))
    rows = list(content["versions"].items())
    rows += [(name, content[name]) for name in ("python", "machine", "device", "precision")]
    rows += [(model["location"], model["identity"][:16]) for model in content["models"]]
    return TextTable(("Name", "Version"), tuple(rows))


def number(value: float) -> str:
    """A number with three significant digits."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(digits, 6)}f}".replace("-", "−")


def span(low: float, high: float) -> str:
    """An interval."""
    return "–" if math.isnan(low) else f"{number(low)} to {number(high)}"


def _cell_title(cell: Cell) -> str:
    return f"Seed {cell.seed}, “{cell.prompt}”, {cell.model.location}, {cell.sampling.guidance:g}"


def _count(items: Sequence[object], noun: str) -> str:
    return f"{len(items)} {noun}{'' if len(items) == 1 else 's'}"
