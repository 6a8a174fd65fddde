"""Weights of a polygon's corners: exact, smooth across edges, negative outside."""

from __future__ import annotations

import numpy as np
import pytest

from engine.geometry.polygon_weights import polygon_weights, regular_polygon

POINTS = [(0.0, 0.0), (0.2, 0.3), (-0.4, 0.1), (1.3, 0.4), (-0.2, -2.0)]


@pytest.mark.parametrize("count", range(3, 9))
@pytest.mark.parametrize("point", POINTS)
def test_weights_reproduce_the_point(count: int, point: tuple[float, float]) -> None:
    corners = regular_polygon(count)
    weights = polygon_weights(corners, point)
    assert weights.sum() == pytest.approx(1.0)
    assert weights @ corners == pytest.approx(point, abs=1e-9)
    inside = np.hypot(*point) < np.cos(np.pi / count)
    assert bool((weights > 0).all()) == inside


@pytest.mark.parametrize("count", [3, 5])
def test_corners_edges_and_the_middle(count: int) -> None:
    corners = regular_polygon(count)
    for number, (x, y) in enumerate(corners):
        assert polygon_weights(corners, (x, y)) == pytest.approx(np.eye(count)[number])
    quarter = 0.75 * corners[-1] + 0.25 * corners[0]
    weights = polygon_weights(corners, (quarter[0], quarter[1]))
    assert (weights[-1], weights[0]) == pytest.approx((0.75, 0.25))
    assert polygon_weights(corners, (0.0, 0.0)) == pytest.approx(np.full(count, 1 / count))


def test_weights_are_continuous_across_an_edge() -> None:
    corners = regular_polygon(4)
    middle = (corners[0] + corners[1]) / 2
    inside, outside = ((x, y) for x, y in (middle * (1 - 1e-7), middle * (1 + 1e-7)))
    assert polygon_weights(corners, inside) == pytest.approx(
        polygon_weights(corners, outside), abs=1e-6
    )
