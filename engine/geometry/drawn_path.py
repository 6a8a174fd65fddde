"""A path that was drawn by hand in a plane, smoothed, at equal steps. Pure functions."""

from __future__ import annotations

from math import sqrt

import numpy as np

from engine.messages import Points

#: The distance between two keyframes, in std, and the limits of their number.
STEP = 0.12
FEWEST, MOST = 2, 24
#: Rounds of smoothing of a path of _SAMPLES points.
_ROUNDS, _SAMPLES = 200, 241


def places_along(drawn: Points, height: float = 0.0, on_shell: bool = False) -> Points:
    """Returns places [k, 2] at equal steps along a drawn path [n, 2] after smoothing.

    Smoothing averages each point with its neighbours; the ends stay. `on_shell` moves each place
    outwards or inwards to std 1 in a plane at the distance `height` from the origin. Raises
    ValueError for a path without length.
    """
    if len(drawn) < 2 or _length(drawn) < 1e-9:
        raise ValueError("a path needs two different points")
    points = _spaced(drawn, _SAMPLES)
    for _ in range(_ROUNDS):
        points[1:-1] = (points[:-2] + 2 * points[1:-1] + points[2:]) / 4
    if on_shell:
        points = _on_shell(points, sqrt(max(1.0 - height**2, 0.0)))
    count = round(_length(points) / STEP) + 1
    return _spaced(points, min(max(count, FEWEST), MOST))


def _on_shell(points: Points, radius: float) -> Points:
    """Moves points to the circle of `radius`. A point in the middle has no direction and stays."""
    radii = np.hypot(*points.T)[:, None]
    return np.where(radii > 1e-6, points * radius / np.maximum(radii, 1e-6), points)


def _length(points: Points) -> float:
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


def _spaced(points: Points, count: int) -> Points:
    """Returns `count` points at equal distances along a polyline, with both ends."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    lengths = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0.0, lengths[-1], count)
    return np.stack([np.interp(wanted, lengths, axis) for axis in points.T], axis=1)
