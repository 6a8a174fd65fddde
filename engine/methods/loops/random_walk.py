"""The smooth random walk of the methods that wander: its angle, and the weights of its draws."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

#: Draws for one time constant of the random walk, and their correlation.
_DRAWS = 4
_CORRELATION = 0.7788007830714049  # exp(−1/4)
#: Share of the segment in which the angle grows at its start, and falls at its end.
_RISE = 0.15
#: The weights of four neighbouring draws at t in [0, 1] between the middle ones: rows are powers of
#: t. Catmull & Rom 1974.
_CATMULL_ROM = np.array(
    [[0.0, 1.0, 0.0, 0.0], [-0.5, 0.0, 0.5, 0.0], [1.0, -2.5, 2.0, -0.5], [-0.5, 1.5, -1.5, 0.5]]
)


def angle_at(radius: float, gamma: float) -> float:
    """Returns the angle in radians at γ: 0 at both ends, `radius` (in degrees) between them."""
    rise = min(gamma, 1.0 - gamma, _RISE) / _RISE
    return math.radians(radius) * rise * rise * (3.0 - 2.0 * rise)


def weights_at(changes: int, gamma: float) -> npt.NDArray[np.float64]:
    """Returns the weights of the independent draws ε_k at γ; the sum of their squares is 1.

    The process x_k = r x_{k−1} + √(1−r²) ε_k (Uhlenbeck & Ornstein 1930) has `changes` time
    constants in a segment. It is joined by Catmull–Rom weights and divided by its std.
    """
    segments = _DRAWS * changes
    left = min(int(gamma * segments), segments - 1)
    powers = (gamma * segments - left) ** np.arange(4.0)
    joined = np.zeros(segments + 3)
    joined[left : left + 4] = powers @ _CATMULL_ROM
    # The share of ε_j in x_k is r^(k−j), times √(1−r²) except for the first.
    weights = np.zeros_like(joined)
    carried = 0.0
    for k in range(joined.size - 1, -1, -1):
        carried = joined[k] + _CORRELATION * carried
        weights[k] = carried * (math.sqrt(1.0 - _CORRELATION**2) if k else 1.0)
    return weights / float(np.linalg.norm(weights))
