"""Pictures to export: smooth, moving, and different in each lane."""

from __future__ import annotations

import numpy as np

from engine.messages import Image


def make_picture(index: int, height: int = 48, width: int = 64, lane: int = 0) -> Image:
    """A bright disc on a gradient, moved by two pixels a frame."""
    rows, columns = np.mgrid[:height, :width]
    disc = (rows - height / 2) ** 2 + (columns - 8 - 2 * index) ** 2 < (height / 4) ** 2
    picture = np.stack([columns * 2, rows * 3, np.full_like(rows, 60 + 40 * lane)], axis=-1)
    picture[disc] = (250, 220, 40)
    return picture.clip(0, 255).astype(np.uint8)
