"""The plots of a study with matplotlib. No window is opened; a figure belongs to its caller."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase

from engine.methods.contract import methods
from engine.metrics.contract import make_measure
from engine.study.findings import Difference, Findings

#: Colours that people with any colour vision can tell apart (Okabe & Ito 2008).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442")
#: The colour of methods that this program does not know.
_OTHER = "#999999"
_STYLES = ("-", "--", "-.", ":")
#: Settings of matplotlib. Equal figures are equal files.
SETTINGS = {
    "svg.fonttype": "path",
    "svg.hashsalt": "latent-trails",
    "pdf.fonttype": 42,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "font.size": 9,
}


def measure_figure(findings: Findings) -> Figure:
    """A measure by γ as a figure, see `draw_curves`."""
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(10, 3.6), layout="constrained")
        draw_curves(figure, findings)
    return figure


def forest_figure(findings: Findings) -> Figure:
    """The differences of every two methods as a figure, see `draw_forest`."""
    with mpl.rc_context(SETTINGS):
        rows = len(findings.comparison.differences)
        figure = Figure(figsize=(7, 0.9 + 0.32 * rows), layout="constrained")
        draw_forest(figure.subplots(), findings)
    return figure


def draw_curves(figure: FigureBase, findings: Findings) -> None:
    """Draws a measure by γ: the means of the methods, and the differences from the first method,
    with their 95 % intervals as bands."""
    left, right = figure.subplots(1, 2)
    _draw_means(left, findings)
    _draw_differences(right, findings)
    for axes in (left, right):
        axes.set_xlabel("γ")
        axes.set_xlim(0, 1)
        axes.legend(frameon=False, fontsize=8)


def _draw_means(axes: Axes, findings: Findings) -> None:
    for number, method in enumerate(findings.comparison.means):
        mean = method.by_gamma
        style = _style(method.method, number)
        axes.plot(findings.gammas, mean.mean, label=method.method, **style)
        axes.fill_between(findings.gammas, mean.low, mean.high, alpha=0.15, color=style["color"])
    axes.set_ylabel(measure_label(findings.measure))
    axes.set_title(f"Means over {findings.comparison.pairs} pairs", fontsize=9)


def _draw_differences(axes: Axes, findings: Findings) -> None:
    first = findings.comparison.means[0].method
    for number, difference in enumerate(from_first(findings), 1):
        low, high, mean = (
            [getattr(here, name) for here in difference.by_gamma]
            for name in ("low", "high", "mean")
        )
        style = _style(difference.second, number)
        axes.plot(findings.gammas, mean, label=f"{first} − {difference.second}", **style)
        axes.fill_between(findings.gammas, low, high, alpha=0.15, color=style["color"])
    axes.axhline(0, color="#444444", linewidth=0.8)
    axes.set_title(f"Paired differences from {first}", fontsize=9)


def from_first(findings: Findings) -> Sequence[Difference]:
    """The differences between the first method and each other one."""
    first = findings.comparison.means[0].method
    return [d for d in findings.comparison.differences if d.first == first]


def draw_forest(axes: Axes, findings: Findings) -> None:
    """Draws the differences of every two methods over all frames, with their 95 % intervals."""
    rows = findings.comparison.differences
    for place, difference in enumerate(reversed(rows)):
        whole = difference.whole
        axes.plot([whole.low, whole.high], [place, place], color=COLOURS[0])
        axes.plot(whole.mean, place, "o", color=COLOURS[0], markersize=5)
    axes.axvline(0, color="#444444", linewidth=0.8)
    names = [f"{d.first} − {d.second}" for d in reversed(rows)]
    axes.set_yticks(range(len(rows)), names)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel(f"{measure_label(findings.measure)}, mean over all frames")


def measure_label(name: str) -> str:
    """The label of a measure with its unit."""
    measure = make_measure(name)
    return f"{measure.label} ({measure.unit})" if measure.unit else measure.label


def svg_of(figure: Figure) -> str:
    """The figure as an SVG element for a page, without XML's header."""
    text = io.StringIO()
    with mpl.rc_context(SETTINGS):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def method_colour(label: str) -> str:
    """The colour of a method by its label in tables: that of the window and of exported figures."""
    name = label.partition(" ")[0]
    return methods.get(name).colour if name in methods.names() else _OTHER


def _style(label: str, number: int) -> dict[str, Any]:
    """The same method with other parameters has the same colour with other dashes."""
    return {"color": method_colour(label), "linestyle": _STYLES[number % len(_STYLES)]}
