"""The plots of a study as one figure for a paper: PDF, SVG or PNG by the suffix of the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from engine.atomic import Existing, atomic_path
from engine.errors import InputError
from engine.study.findings import Findings
from engine.study.report.content import setting_title
from engine.study.report.plots import SETTINGS, draw_curves, draw_forest
from engine.study.study import Study

#: What an equal file must not contain, by suffix.
_DATES = {".pdf": "CreationDate", ".svg": "Date", ".png": "Creation Time"}
_DPI = 300
#: Size of the curves of a measure in inches; height of the ends of the differences, and of one.
_WIDTH, _CURVES, _ENDS, _ROW = 7.5, 2.9, 0.8, 0.24


def check_suffix(path: Path) -> None:
    """Raises InputError unless the file is a PDF, SVG or PNG."""
    if path.suffix.lower() not in _DATES:
        raise InputError(f"A figure is a file that ends in {', '.join(_DATES)}, not {path.name!r}.")


def write_figure(study: Study, found: Sequence[Findings], path: Path) -> Path:
    """Writes the curves and the differences of each measure, one below the other, as in the report;
    an existing file is replaced. Raises InputError for another suffix, and WriteError."""
    check_suffix(path)
    suffix = path.suffix.lower()
    metadata = {"Title": study.plan.title, _DATES[suffix]: None}
    with mpl.rc_context(SETTINGS), atomic_path(path, Existing.REPLACE) as part:
        figure = figure_of(study, found)
        figure.savefig(part, format=suffix[1:], dpi=_DPI, metadata=metadata)
    return path


def figure_of(study: Study, found: Sequence[Findings]) -> Figure:
    """The figure; its height grows with the number of measures and methods. One method has no
    differences."""
    heights: list[float] = []
    for each in found:
        rows = len(each.comparison.differences)
        heights += [_CURVES, _ENDS + _ROW * rows] if rows else [_CURVES]
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(_WIDTH, sum(heights)), layout="constrained")
        parts = iter(figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights).flat)
        for each in found:
            curves = next(parts)
            curves.suptitle(setting_title(each, study), fontsize=10, parse_math=False)
            draw_curves(curves, each)
            if each.comparison.differences:
                draw_forest(next(parts).subplots(), each)
    return figure
