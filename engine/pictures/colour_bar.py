"""The scale of heat maps, as a bar of their colours with the differences they stand for."""

from __future__ import annotations

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from engine.messages import Image
from engine.pictures.heat_map import FULL_SCALE, heat_map, heat_table
from engine.pictures.title_strip import INK, PAPER

#: Differences that are named, as shares of the full scale; the root puts them at 0, ½ and 1.
TICKS = (0.0, 0.25, 1.0)


def colour_bar(width: int, height: int) -> Image:
    """A strip [height, width, 3]: the colours from left to right, and below them three differences
    in % of white, of which the last one has the brightest colour, as larger ones have."""
    bar = height // 3
    values = np.linspace(0.0, 1.0, width, dtype=np.float32) ** 2 * FULL_SCALE
    colours = heat_map(np.broadcast_to(values, (bar, width)), heat_table())
    strip = Pillow.new("RGB", (width, height), PAPER)
    strip.paste(Pillow.fromarray(colours), (0, 0))
    draw, font = ImageDraw.Draw(strip), ImageFont.load_default(round((height - bar) * 0.8))
    for tick, place, anchor in zip(
        TICKS, (2, width / 2, width - 2), ("lm", "mm", "rm"), strict=True
    ):
        text = f"{tick * FULL_SCALE / 2.55:.0f}" + ("+ %" if tick == TICKS[-1] else "")
        draw.text((place, (bar + height) / 2), text, INK, font, anchor=anchor)
    return np.asarray(strip)
