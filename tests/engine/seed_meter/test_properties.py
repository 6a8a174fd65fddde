"""Properties of pictures that are known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.seed_meter.properties import colour, detail, layout, position


def _picture(x: int, y: int, shade: tuple[int, int, int] = (255, 0, 0)) -> np.ndarray:
    """A grey picture with a square of a colour at (x, y)."""
    image = np.full((64, 64, 3), 128, np.uint8)
    image[y : y + 8, x : x + 8] = shade
    return image


def test_the_position_is_the_centre_of_what_stands_out() -> None:
    assert position(_picture(28, 28)) == pytest.approx([0, 0], abs=1e-9)
    left, right = position(_picture(8, 28)), position(_picture(48, 28))
    assert (left[0], right[0]) == pytest.approx((12 / 64 - 0.5, 52 / 64 - 0.5))
    assert position(np.zeros((16, 16, 3), np.uint8)).tolist() == [0, 0]


def test_colour_and_layout_are_separate() -> None:
    """A brighter picture has another colour and the same layout; a moved square the reverse."""
    first, moved = _picture(8, 8), _picture(40, 40)
    brighter = first // 2 + 60
    assert colour(first) == pytest.approx(colour(moved))
    assert not np.allclose(colour(first), colour(brighter))
    assert not np.allclose(layout(first), layout(moved), atol=0.01)
    assert layout(first).shape == (64,)
    assert layout(first).sum() == pytest.approx(0, abs=1e-9)


def test_detail_is_larger_with_fine_strokes() -> None:
    plain = np.full((64, 64, 3), 128, np.uint8)
    striped = plain.copy()
    striped[:, ::2] = 200
    assert detail(striped)[0] > detail(plain)[0] + 1
