"""The files of the seed meter: a table, a plot, the pictures, and one page with all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from PIL import Image as Pillow

from engine.atomic import Existing, write_bytes
from engine.export.png import encode_png
from engine.measuring.table_files import Value, write_table
from engine.messages import Image
from engine.seed_meter.meter import MeterPlan, Reading
from engine.statistics.two_way import SOURCES
from engine.study.report.html import html_picture, html_table, write_html
from engine.study.report.plots import COLOURS, SETTINGS, svg_of

TABLE, PLOT, PAGE = "meter.csv", "meter.svg", "meter.html"
_THUMBNAIL = 96
TEXT = (
    "Each prompt was drawn with each noise. The bars are the shares of the variance of a property "
    "that come from the prompt, from the noise, and from both together (the noise acts otherwise "
    "with another prompt); a property of several numbers adds their variances. Lines are 95 % "
    "intervals of a jackknife over prompts and noises. The prompts are a sample: with others, more "
    "alike or less, the shares differ."
)


def columns_of(readings: Sequence[Reading]) -> dict[str, list[Value]]:
    """The shares as columns: a row for each guidance, property and source."""
    names = ("share", "low", "high", "degrees", "mean_square", "ratio")
    columns: dict[str, list[Value]] = {
        name: [] for name in ("guidance", "property", "source", *names)
    }
    for reading in readings:
        for name, shares in reading.shares.items():
            for share in shares:
                columns["guidance"].append(reading.sampling.guidance)
                columns["property"].append(name)
                columns["source"].append(share.source)
                for key in names:
                    columns[key].append(getattr(share, key))
    return columns


def shares_figure(reading: Reading) -> Figure:
    """The shares of all properties as bars, with their intervals."""
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(7.5, 0.9 + 0.75 * len(reading.shares)), layout="constrained")
        axes = figure.subplots()
        for place, shares in enumerate(reversed(reading.shares.values())):
            for k, share in enumerate(shares):
                y = place + 0.26 * (1 - k)
                label = SOURCES[k] if place == 0 else None
                axes.barh(y, share.share, 0.24, color=COLOURS[k], label=label)
                axes.plot([share.low, share.high], [y, y], color="#222222", linewidth=1)
        axes.set_yticks(range(len(reading.shares)), list(reversed(reading.shares)))
        axes.set_xlim(0, 1)
        axes.set_xlabel("Share of the variance")
        axes.set_title(f"Guidance {reading.sampling.guidance:g}", fontsize=9)
        axes.legend(frameon=False, loc="lower right")
    return figure


def sheet_of(reading: Reading) -> Image:
    """The pictures, reduced: prompts from top to bottom, noises from left to right."""
    rows = [np.concatenate([_reduced(image) for image in row], axis=1) for row in reading.pictures]
    return np.ascontiguousarray(np.concatenate(rows))


def write_meter(plan: MeterPlan, readings: Sequence[Reading], folder: Path) -> Path:
    """Writes all files and returns the path of the page. Existing ones are replaced. Raises
    WriteError."""
    write_table(folder / TABLE, columns_of(readings), Existing.REPLACE)
    parts = [f"<h1>Seed meter: {escape(plan.model)}</h1><p>{TEXT}</p>"]
    for number, reading in enumerate(readings):
        svg = svg_of(shares_figure(reading))
        if not number:
            write_bytes(folder / PLOT, svg.encode(), Existing.REPLACE)
        head, *lines = lines_of(reading)
        parts += [svg, html_table(head, lines), html_picture(encode_png(sheet_of(reading), {}))]
    rows = "".join(f"<li>{escape(prompt)}</li>" for prompt in plan.prompts)
    parts.append(f"<h2>Prompts, from top to bottom</h2><ol>{rows}</ol>")
    return write_html(folder / PAGE, "Seed meter", parts)


def lines_of(reading: Reading) -> list[tuple[str, ...]]:
    """The shares as the lines of a table of texts."""
    lines: list[tuple[str, ...]] = [
        ("Property", "Source", "Share", "95 %", "Degrees of freedom", "Ratio")
    ]
    for name, shares in reading.shares.items():
        for share in shares:
            ratio = "–" if math.isnan(share.ratio) else f"{share.ratio:.2f}"
            ends = f"{share.low:.0%} to {share.high:.0%}"
            lines.append(
                (name, share.source, f"{share.share:.0%}", ends, str(share.degrees), ratio)
            )
    return lines


def _reduced(image: Image) -> Image:
    if max(image.shape[:2]) <= _THUMBNAIL:
        return image
    scale = _THUMBNAIL / max(image.shape[:2])
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return np.asarray(Pillow.fromarray(image).resize(size, Pillow.Resampling.LANCZOS))
