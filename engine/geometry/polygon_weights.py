"""Weights of the corners of a polygon for any point of the plane.

Mean value coordinates (Hormann and Floater, "Mean value coordinates for arbitrary planar polygons",
2006): they add up to 1, reproduce the point, are those of the corner at a corner, and are smooth
elsewhere. Inside a convex polygon they are positive; outside, some are negative. Pure functions.
"""

from __future__ import annotations

import numpy as np

from engine.messages import Points

#: Distances below this count as zero.
_TINY = 1e-9


def regular_polygon(count: int) -> Points:
    """Returns the corners [count, 2] of a regular polygon in the unit circle. The first one is at
    the top; the others follow clockwise."""
    angles = np.pi / 2 - 2 * np.pi * np.arange(count) / count
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def polygon_weights(corners: Points, point: tuple[float, float]) -> Points:
    """Returns the weights [n] of the `corners` [n, 2] of a polygon at a point; their sum is 1."""
    offsets = corners - np.asarray(point, np.float64)
    radii = np.hypot(*offsets.T)
    count, nearest = len(corners), int(radii.argmin())
    if radii[nearest] < _TINY:
        return np.eye(count)[nearest]
    following = np.roll(offsets, -1, axis=0)
    areas = offsets[:, 0] * following[:, 1] - offsets[:, 1] * following[:, 0]
    products = (offsets * following).sum(axis=1)
    flat = np.abs(areas) < _TINY
    on_edge = np.flatnonzero(flat & (products < 0.0))
    if on_edge.size:
        return _edge_weights(radii, int(on_edge[0]))
    next_radii = np.roll(radii, -1)
    # tan(α/2) of the signed angle at the point between two neighbouring corners.
    tangents = np.where(flat, 0.0, (radii * next_radii - products) / np.where(flat, 1.0, areas))
    weights = (tangents + np.roll(tangents, 1)) / radii
    return np.asarray(weights / weights.sum(), np.float64)


def _edge_weights(radii: Points, edge: int) -> Points:
    """Returns the weights at a point between corner number `edge` and the next one."""
    following = (edge + 1) % len(radii)
    weights = np.zeros(len(radii))
    weights[[edge, following]] = radii[[following, edge]]
    return weights / weights.sum()
