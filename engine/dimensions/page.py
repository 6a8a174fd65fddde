"""The pages and tables of influences and directions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from engine.atomic import Existing
from engine.dimensions.directions import Direction, DirectionPlan
from engine.dimensions.influence import Influence, InfluencePlan
from engine.export.png import encode_png
from engine.measuring.table_files import Value, write_table
from engine.study.report.html import html_picture, html_table, write_html
from engine.study.report.plots import COLOURS, SETTINGS, svg_of

INFLUENCE, DIRECTION = "influence.html", "direction.html"
INFLUENCE_TEXT = (
    "Each part of z_T was taken from another draw, with the rest as it was; the latent stays "
    "N(0, I). The change is the perceptual distance of the pictures before and after, with a 95 % "
    "bootstrap interval over the pairs of noises; “all” is another noise. “Inside” is the share of "
    "the change that lies in the region itself, beside the region's share of the picture. The maps "
    "show the mean change of each pixel, on one scale."
)
DIRECTION_TEXT = (
    "The measure was regressed on the latents of {fitted} seeds by ridge regression, and the "
    "direction was tested on {tested} other seeds. The correlation says how well it predicts their "
    "measure before they are changed. The curve shows the mean measure of walks along the "
    "direction on the shell, with 95 % bootstrap intervals over the seeds; the slope is its change "
    "per radian."
)


def write_influence(plan: InfluencePlan, found: Sequence[Influence], folder: Path) -> Path:
    """Writes influence.csv and the page, and returns its path. Raises WriteError."""
    rows = influence_rows(found)
    columns: dict[str, list[Value]] = {key: [row[key] for row in rows] for key in rows[0]}
    write_table(folder / "influence.csv", columns, Existing.REPLACE)
    body = [
        f"<h1>Influence of parts of z_T: {escape(plan.model)}</h1>",
        f"<p>“{escape(plan.prompt)}”, {len(plan.seeds)} pairs of noises. {INFLUENCE_TEXT}</p>",
        svg_of(_bars(found)),
        svg_of(_maps(found)),
        html_table(tuple(rows[0]), (tuple(map(_shown, row.values())) for row in rows)),
    ]
    return write_html(folder / INFLUENCE, "Influence", body)


def influence_rows(found: Sequence[Influence]) -> list[dict[str, Value]]:
    """A row for each part: its change with the interval, and the share inside its region."""
    rows: list[dict[str, Value]] = []
    for each in found:
        change, low, high = each.change.at()
        box = each.part.box
        area = math.nan if box is None else (box[2] - box[0]) * (box[3] - box[1])
        row: dict[str, Value] = {"part": each.part.name, "change": change, "low": low}
        rows.append({**row, "high": high, "inside": each.inside, "area": area})
    return rows


def _bars(found: Sequence[Influence]) -> Figure:
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(7.5, 0.9 + 0.22 * len(found)), layout="constrained")
        axes = figure.subplots()
        for place, each in enumerate(reversed(found)):
            mean, low, high = each.change.at()
            axes.barh(place, mean, 0.7, color=COLOURS[0])
            axes.plot([low, high], [place, place], color="#222222", linewidth=1)
        axes.set_yticks(range(len(found)), [each.part.name for each in reversed(found)])
        axes.set_xlabel("Perceptual distance")
    return figure


def _maps(found: Sequence[Influence]) -> Figure:
    across = min(6, len(found))
    down = math.ceil(len(found) / across)
    top = max(float(each.map.max()) for each in found) or 1.0
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(10, 1.9 * down), layout="constrained")
        all_axes = figure.subplots(down, across, squeeze=False).ravel()
        for axes in all_axes:
            axes.set_axis_off()
        for axes, each in zip(all_axes, found, strict=False):
            height, width = each.map.shape
            axes.imshow(each.map, cmap="magma", vmin=0, vmax=top)
            axes.set_title(each.part.name, fontsize=8)
            axes.autoscale(False)
            if each.part.box is not None:
                left, upper, right, lower = each.part.box
                x, y = (left * width, right * width), (upper * height, lower * height)
                axes.plot([x[0], x[1], x[1], x[0], x[0]], [y[0], y[0], y[1], y[1], y[0]], "w", lw=1)
    return figure


def write_direction(plan: DirectionPlan, found: Direction, label: str, folder: Path) -> Path:
    """Writes direction.csv and the page, and returns its path. Raises WriteError."""
    columns: dict[str, list[Value]] = {"seed": [], "angle": [], "measure": []}
    for seed, values in zip(plan.held_out, found.values, strict=True):
        columns["seed"] += [seed] * len(plan.angles)
        columns["angle"] += plan.angles
        columns["measure"] += values.tolist()
    write_table(folder / "direction.csv", columns, Existing.REPLACE)
    rows = [np.concatenate(row, axis=1) for row in found.pictures]
    png = encode_png(np.ascontiguousarray(np.concatenate(rows)), {})
    text = DIRECTION_TEXT.format(fitted=len(plan.seeds), tested=len(plan.held_out))
    body = [
        f"<h1>Direction: {escape(label)}</h1><p>“{escape(plan.prompt)}”. {text}</p>",
        f"<p><b>{escape(direction_sentence(plan, found))}</b></p>",
        svg_of(_curve(plan, found, label)),
        html_picture(png),
    ]
    return write_html(folder / DIRECTION, "Direction", body)


def direction_sentence(plan: DirectionPlan, found: Direction) -> str:
    """The test on held-out seeds in words, whatever it says."""
    middle, low, high = found.correlation
    slope, slope_low, slope_high = found.slope.at()
    moved = "moves" if slope_low > 0 else "does not reliably move"
    return (
        f"On {len(plan.held_out)} held-out seeds, predicted and measured values correlate by "
        f"{middle:.2f} ({low:.2f} to {high:.2f}). A walk along the direction {moved} the measure: "
        f"{slope:.3g} per radian ({slope_low:.3g} to {slope_high:.3g}), and it ends higher than it "
        f"starts for {found.ahead:.0%} of the seeds."
    )


def _curve(plan: DirectionPlan, found: Direction, label: str) -> Figure:
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(7, 3.4), layout="constrained")
        axes = figure.subplots()
        axes.plot(plan.angles, found.values.T, color="#bbbbbb", linewidth=0.5)
        axes.fill_between(plan.angles, found.curve.low, found.curve.high, alpha=0.3)
        axes.plot(plan.angles, found.curve.mean, color=COLOURS[0], linewidth=2)
        axes.set_xlabel("Angle along the direction (degrees)")
        axes.set_ylabel(label, parse_math=False)
    return figure


def _shown(value: Value) -> str:
    if isinstance(value, float):
        return "–" if math.isnan(value) else f"{value:.3g}"
    return str(value)
