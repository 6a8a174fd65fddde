"""Distances to the parts that figures are made of, and the rows that describe them."""

from __future__ import annotations

import numba
import numpy as np

from .noise import SETTINGS

ELLIPSOID, COLLAR, RING, DRUM = range(4)
#: The columns of a part: its kind, centre, radii, cosine and sine of its tilt in the picture's
#: plane, material, how softly it blends into the parts before it, and a radius that encloses it.
KIND, X, Y, Z, RX, RY, RZ, COS, SIN, MATERIAL, BLEND, BOUND = range(12)
COLUMNS = 12


@numba.njit(inline="always", **SETTINGS)
def _ellipsoid(x: float, y: float, z: float, rx: float, ry: float, rz: float) -> float:
    x, y, z = x / rx, y / ry, z / rz
    k0 = np.sqrt(x * x + y * y + z * z)
    x, y, z = x / rx, y / ry, z / rz
    return k0 * (k0 - 1) / (np.sqrt(x * x + y * y + z * z) + 1e-9)


@numba.njit(inline="always", **SETTINGS)
def part_distance(p: np.ndarray, x: float, y: float, z: float) -> float:
    """Distance from a point to a part; negative inside.

    An ellipsoid has three radii. A collar lies around the upright axis, a ring faces the front:
    both have a radius, a thickness, and a height of their section. A drum is an upright cylinder
    with a radius, half a height, and rounded edges.
    """
    x, y, z = x - p[X], y - p[Y], z - p[Z]
    x, y = p[COS] * x + p[SIN] * y, -p[SIN] * x + p[COS] * y
    kind = int(p[KIND])
    if kind == ELLIPSOID:
        return _ellipsoid(x, y, z, p[RX], p[RY], p[RZ])
    if kind == COLLAR:
        across = np.sqrt(x * x + z * z) - p[RX]
        return _ellipsoid(across, y, 0.0, p[RY], p[RZ], 1.0)
    if kind == RING:
        across = np.sqrt(x * x + y * y) - p[RX]
        return _ellipsoid(across, z, 0.0, p[RY], p[RZ], 1.0)
    across = np.sqrt(x * x + z * z) - p[RX] + p[RZ]
    up = abs(y) - p[RY] + p[RZ]
    outside = np.sqrt(max(across, 0.0) ** 2 + max(up, 0.0) ** 2)
    return outside + min(max(across, up), 0.0) - p[RZ]


@numba.njit(inline="always", **SETTINGS)
def _soft_minimum(a: float, b: float, k: float) -> float:
    h = max(k - abs(a - b), 0.0) / k
    return min(a, b) - h * h * k * 0.25


@numba.njit(**SETTINGS)
def distance(
    parts: np.ndarray, near: np.ndarray, count: int, x: float, y: float, z: float
) -> float:
    """Distance to the soft union of the first `count` parts that `near` lists."""
    total = 1e3
    for n in range(count):
        p = parts[near[n]]
        d = part_distance(p, x, y, z)
        total = _soft_minimum(total, d, p[BLEND]) if p[BLEND] > 0 else min(total, d)
    return total


@numba.njit(**SETTINGS)
def material(parts: np.ndarray, near: np.ndarray, count: int, x: float, y: float, z: float) -> int:
    """The material of the part that a point is nearest to."""
    best, found = 1e3, 0
    for n in range(count):
        d = part_distance(parts[near[n]], x, y, z)
        if d < best:
            best, found = d, int(parts[near[n], MATERIAL])
    return found


@numba.njit(**SETTINGS)
def parts_along(
    parts: np.ndarray,
    origin: tuple[float, float, float],
    way: tuple[float, float, float],
    near: np.ndarray,
) -> int:
    """Lists in `near` the parts that a ray may come close to; returns how many."""
    count = 0
    for n in range(parts.shape[0]):
        p = parts[n]
        x, y, z = p[X] - origin[0], p[Y] - origin[1], p[Z] - origin[2]
        along = x * way[0] + y * way[1] + z * way[2]
        apart = x * x + y * y + z * z - along * along
        if apart < p[BOUND] * p[BOUND]:
            near[count] = n
            count += 1
    return count
