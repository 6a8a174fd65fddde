"""The measures of directions on pictures whose colours are known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.dimensions.measures import colour_measure


@pytest.mark.parametrize(
    ("box", "percent"),
    [
        ((0.0, 0.0, 1.0, 1.0), 50.0),
        ((0.5, 0.0, 1.0, 1.0), 100.0),
        ((0.999, 0.0, 1.0, 1.0), 100.0),  # narrower than a pixel, at the edge
    ],
)
def test_a_colour_is_the_mean_of_its_rectangle(
    box: tuple[float, float, float, float], percent: float
) -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    image[:, 4:, 0] = 255
    assert colour_measure("red-blue", box)([image]) == pytest.approx([percent])
