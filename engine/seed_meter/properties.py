"""Properties of a picture as numbers: layout, position, colour, detail. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from engine.messages import Image, LatentStats
from engine.metrics.contract import FrameMeasure, Observed, make_measure

Numbers = npt.NDArray[np.float64]

#: Cells of the layout's grid along each side, and the width of the border in shares of the side.
_GRID, _BORDER = 8, 0.08
#: Rec. 709 luma.
_LUMA = np.array([0.2126, 0.7152, 0.0722])


def layout(image: Image) -> Numbers:
    """The brightness [64] in an 8×8 grid, without its mean."""
    cells = _grid(image @ _LUMA / 255.0).ravel()
    return cells - cells.mean()


def position(image: Image) -> Numbers:
    """The centre (x, y) [2], in −½…½, of what differs from the border's median colour."""
    pixels = image / 255.0
    height, width = image.shape[:2]
    rim = max(1, round(_BORDER * min(height, width)))
    inside = np.zeros((height, width), bool)
    inside[rim:-rim, rim:-rim] = True
    away = np.linalg.norm(pixels - np.median(pixels[~inside], axis=0), axis=2)
    total = away.sum()
    if not total:
        return np.zeros(2)
    x = (np.arange(width) + 0.5) / width - 0.5
    y = (np.arange(height) + 0.5) / height - 0.5
    return np.array([(away @ x).sum(), (y @ away).sum()]) / total


def colour(image: Image) -> Numbers:
    """The mean red, green and blue [3], from 0 to 1."""
    means: Numbers = image.reshape(-1, 3).mean(axis=0) / 255.0
    return means


def detail(image: Image) -> Numbers:
    """The sharpness [1], see the measure of this name."""
    measure = make_measure("sharpness")
    assert isinstance(measure, FrameMeasure)
    return np.array([measure.of(Observed(image, LatentStats(0.0, 1.0, 0.0), float("nan")))])


#: Properties that need no model. "CLIP direction" is added where there is a CLIP model.
PROPERTIES: Mapping[str, Callable[[Image], Numbers]] = {
    "Layout": layout,
    "Position": position,
    "Colour": colour,
    "Detail": detail,
}
CLIP = "CLIP direction"


def _grid(grey: Numbers) -> Numbers:
    """The means [8, 8] of the cells of a grid over a picture of at least 8×8 pixels."""
    bands = np.stack([band.mean(axis=0) for band in np.array_split(grey, _GRID)])
    return np.stack([cell.mean(axis=1) for cell in np.array_split(bands, _GRID, axis=1)], axis=1)
