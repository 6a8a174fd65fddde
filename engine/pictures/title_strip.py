"""Titles above pictures."""

from __future__ import annotations

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from engine.messages import Image

PAPER = (255, 255, 255)
INK = (32, 32, 32)


def caption_height(side: int) -> int:
    """Returns the height in pixels of a caption above a picture whose shorter side is `side`."""
    return max(16, round(side / 10)) // 2 * 2


def caption(text: str, width: int, height: int) -> Image:
    """Paints `text` centred on a strip [height, width, 3]. A text that is too long ends in an
    ellipsis."""
    strip = Pillow.new("RGB", (width, height), PAPER)
    font = ImageFont.load_default(round(height * 0.62))
    while text and font.getlength(text) > width - 4:
        text = text.rstrip("…")[:-1] + "…" if len(text) > 1 else ""
    ImageDraw.Draw(strip).text((width / 2, height / 2), text, INK, font, anchor="mm")
    return np.asarray(strip)
