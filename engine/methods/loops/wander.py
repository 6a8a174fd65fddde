"""Wander: a random walk at a constant angle from one latent."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.methods.contract import Array, Ends, NoiseMethod, fresh_noise, methods
from engine.parameters import parameter

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


@methods.register("wander")
@dataclass(frozen=True)
class Wander(NoiseMethod):
    """z(γ) = cos θ z_start + sin θ w(γ), with the angle θ and an Ornstein–Uhlenbeck process w.

    w has the draws x_k = r x_{k−1} + √(1−r²) ε_k (Uhlenbeck & Ornstein 1930), joined by Catmull–Rom
    weights and divided by their std, so that its path is smooth. The angle rises from 0 to the
    radius and falls to 0 at the end. It comes back to z_start and preserves N(0, I) exactly; the
    noise of the end is not used. Prefer it to stay near one picture: a small radius for a hold that
    is not still, a large one for variations.
    """

    label = "Wander"
    colour = "#7C871D"
    passes_ends = False
    comes_back = True

    radius: float = parameter(
        20.0, "Radius", low=0.0, high=90.0, step=1.0, unit="°", help="Angle θ from the start"
    )
    changes: int = parameter(
        4, "Changes", low=1, high=16, help="How often the direction becomes another one"
    )
    seed: int = parameter(1, "Seed", low=0, help="Another seed wanders along another path")

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        angle = self._angle(gamma)
        if not angle:
            return 1.0 * start
        weights = self._weights(gamma)
        latent = math.cos(angle) * start
        for number in np.flatnonzero(weights).tolist():
            draw = fresh_noise(self.seed, number, start.shape)
            latent += math.sin(angle) * weights[number] * draw
        return latent

    def expected_std(self, gamma: float, ends: Ends) -> float:
        angle = self._angle(gamma)
        return math.hypot(math.cos(angle) * ends.start, math.sin(angle))

    def _angle(self, gamma: float) -> float:
        rise = min(gamma, 1.0 - gamma, _RISE) / _RISE
        return math.radians(self.radius) * rise * rise * (3.0 - 2.0 * rise)

    def _weights(self, gamma: float) -> npt.NDArray[np.float64]:
        """Returns the weights of the independent ε_k at γ; the sum of their squares is 1."""
        segments = _DRAWS * self.changes
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
