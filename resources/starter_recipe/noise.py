"""Value noise and what is made of it: the texture of felt and of the ground."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

SETTINGS: dict[str, Any] = {"fastmath": True, "cache": True, "nogil": True, "error_model": "numpy"}


@numba.njit(inline="always", **SETTINGS)
def _hash(i: int, j: int, k: int) -> float:
    """A number in 0…1 for a point of the grid."""
    n = np.uint32(i * 374761393 + j * 668265263 + k * 1274126177)
    n = np.uint32((n ^ (n >> np.uint32(13))) * np.uint32(1274126177))
    return np.uint32(n ^ (n >> np.uint32(16))) * (1.0 / 4294967295.0)


@numba.njit(**SETTINGS)
def noise3(x: float, y: float, z: float) -> float:
    """Smooth noise in −1…1 that changes over about one unit."""
    i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    u, v, w = x - i, y - j, z - k
    u, v, w = u * u * (3 - 2 * u), v * v * (3 - 2 * v), w * w * (3 - 2 * w)
    a = _hash(i, j, k) * (1 - u) + _hash(i + 1, j, k) * u
    b = _hash(i, j + 1, k) * (1 - u) + _hash(i + 1, j + 1, k) * u
    c = _hash(i, j, k + 1) * (1 - u) + _hash(i + 1, j, k + 1) * u
    d = _hash(i, j + 1, k + 1) * (1 - u) + _hash(i + 1, j + 1, k + 1) * u
    return ((a * (1 - v) + b * v) * (1 - w) + (c * (1 - v) + d * v) * w) * 2 - 1


@numba.njit(**SETTINGS)
def noise2(x: float, y: float, seed: int) -> float:
    """Smooth noise in −1…1 over a plane."""
    i, j = int(np.floor(x)), int(np.floor(y))
    u, v = x - i, y - j
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
    a = _hash(i, j, seed) * (1 - u) + _hash(i + 1, j, seed) * u
    b = _hash(i, j + 1, seed) * (1 - u) + _hash(i + 1, j + 1, seed) * u
    return (a * (1 - v) + b * v) * 2 - 1


@numba.njit(**SETTINGS)
def curls3(x: float, y: float, z: float) -> float:
    """Height of felted wool, in about −1…1: round curls about one unit wide, with creases."""
    i, j, k = int(np.floor(x - 0.5)), int(np.floor(y - 0.5)), int(np.floor(z - 0.5))
    least = 1e3
    for a in range(i, i + 2):
        for b in range(j, j + 2):
            for c in range(k, k + 2):
                u = a + 0.5 + 0.7 * (_hash(a, b, c) - 0.5) - x
                v = b + 0.5 + 0.7 * (_hash(b, c, a + 7) - 0.5) - y
                w = c + 0.5 + 0.7 * (_hash(c, a, b + 13) - 0.5) - z
                least = min(least, u * u + v * v + w * w)
    return 1.0 - 3.0 * least


@numba.njit(**SETTINGS)
def curls2(x: float, y: float, seed: int) -> float:
    """The same over a plane."""
    i, j = int(np.floor(x)), int(np.floor(y))
    least = 1e3
    for a in range(i - 1, i + 2):
        for b in range(j - 1, j + 2):
            u = a + 0.5 + 0.9 * (_hash(a, b, seed) - 0.5) - x
            v = b + 0.5 + 0.9 * (_hash(b, a, seed + 7) - 0.5) - y
            least = min(least, u * u + v * v)
    return 1.0 - 3.6 * least
