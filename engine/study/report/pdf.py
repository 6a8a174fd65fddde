"""The report as PDF, on A4 pages in landscape."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from engine.atomic import Existing, atomic_path
from engine.study.cell_files import CellFiles
from engine.study.findings import Findings
from engine.study.report import content
from engine.study.report.plots import SETTINGS, draw_curves, draw_forest
from engine.study.study import Study

PDF = "report.pdf"
_A4 = (11.69, 8.27)
#: The part of a page inside its margins: left, bottom, width, height.
_INSIDE = (0.03, 0.03, 0.94, 0.94)
_LINES, _COLUMNS = 44, 118


def write_pdf(study: Study, folder: Path, found: Sequence[Findings]) -> Path:
    """Writes the PDF into the folder of a study, and returns its path. Raises WriteError."""
    path = folder / PDF
    about = {"Title": study.plan.title, "CreationDate": None}
    with atomic_path(path, Existing.REPLACE) as part, PdfPages(part, metadata=about) as pages:
        for figure in _figures(study, folder, found):
            pages.savefig(figure)
    return path


def _figures(study: Study, folder: Path, found: Sequence[Findings]) -> Iterator[Figure]:
    results = [sentence for findings in found for sentence in content.sentences(findings)]
    overview = content.overview(study, folder)
    yield from _text_pages(study.plan.title, [overview, "", *results, "", content.METHOD_TEXT])
    for findings in found:
        yield _measure_page(content.setting_title(findings, study), findings)
    for sample in content.samples(study, CellFiles(folder)):
        yield _picture_page(sample)
    yield from _text_pages("Plan", content.plan_text(folder).splitlines(), family="monospace")
    rows = [f"{name}  {version}" for name, version in content.versions(folder).rows]
    yield from _text_pages("Versions", rows)


def _text_pages(
    title: str, paragraphs: Sequence[str], family: str = "sans-serif"
) -> Iterator[Figure]:
    lines = [line for text in paragraphs for line in textwrap.wrap(text, _COLUMNS) or [""]]
    for start in range(0, max(len(lines), 1), _LINES):
        page = Figure(figsize=_A4)
        page.text(0.06, 0.93, title, fontsize=15, va="top", parse_math=False)
        text = "\n".join(lines[start : start + _LINES])
        page.text(0.06, 0.87, text, fontsize=10, va="top", family=family, parse_math=False)
        yield page


def _measure_page(title: str, findings: Findings) -> Figure:
    """Curves, differences and tables of one measure."""
    with mpl.rc_context(SETTINGS):
        page = Figure(figsize=_A4, layout=ConstrainedLayoutEngine(rect=_INSIDE))
        page.suptitle(title, fontsize=13, parse_math=False)
        rows = page.subfigures(3, 1, squeeze=False, height_ratios=[1.6, 1, 1])
        upper, middle, lower = rows[:, 0]
        draw_curves(upper, findings)
        if findings.comparison.differences:
            left, right = middle.subplots(1, 2)
            draw_forest(left, findings)
            _draw_table(right, content.means_table(findings))
            _draw_table(lower.subplots(), content.differences_table(findings))
        else:
            _draw_table(middle.subplots(), content.means_table(findings))
    return page


def _draw_table(axes: Axes, table: content.TextTable) -> None:
    axes.set_axis_off()
    drawn = axes.table(list(table.rows), colLabels=list(table.head), loc="center", cellLoc="left")
    drawn.auto_set_font_size(False)
    drawn.set_fontsize(8)
    drawn.auto_set_column_width(list(range(len(table.head))))


def _picture_page(sample: content.Sample) -> Figure:
    with Image.open(sample.path) as picture:
        pixels = np.asarray(picture)
    page = Figure(figsize=_A4, layout=ConstrainedLayoutEngine(rect=_INSIDE))
    axes = page.subplots()
    axes.set_axis_off()
    axes.set_title(sample.title, fontsize=9, parse_math=False)
    axes.imshow(pixels, interpolation="none")
    return page
