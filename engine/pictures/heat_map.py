"""The difference of two pictures as a heat map with a fixed scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.messages import Image

#: The mean absolute difference of the channels (of 255) that has the table's brightest colour.
FULL_SCALE = 96.0
#: Red, green and blue of equally spaced values, with evenly increasing lightness.
ANCHORS = (
    (4, 4, 12),
    (42, 16, 92),
    (104, 26, 116),
    (168, 44, 96),
    (222, 78, 58),
    (248, 138, 28),
    (252, 202, 66),
    (252, 252, 196),
)


def difference(first: Image, second: Image) -> npt.NDArray[np.float32]:
    """Returns |first − second| [H, W], the mean over the channels, in levels of 0–255.

    Raises ValueError for pictures of different sizes.
    """
    if first.shape != second.shape:
        raise ValueError("Pictures of different sizes have no difference.")
    gap = np.abs(first.astype(np.int16) - second)
    return gap.mean(axis=2, dtype=np.float32)


def heat_map(values: npt.NDArray[np.float32], table: Image) -> Image:
    """Maps `values` [H, W] to colours of `table` [256, 3]. The square root makes small differences
    visible."""
    share = np.sqrt(np.clip(values / FULL_SCALE, 0.0, 1.0))
    return np.take(table, (share * 255).astype(np.uint8), axis=0)


def heat_table() -> Image:
    """Returns the 256 colours of a heat map, from black through violet and orange, ever lighter."""
    anchors = np.array(ANCHORS, dtype=np.float64)
    places = np.linspace(0.0, 255.0, len(anchors))
    channels = [np.interp(np.arange(256), places, channel) for channel in anchors.T]
    return np.stack(channels, axis=1).round().astype(np.uint8)
