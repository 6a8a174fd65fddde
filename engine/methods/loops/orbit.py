"""Orbit: a circle through both latents."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.methods.contract import Array, Ends, NoiseMethod, methods
from engine.parameters import parameter


@methods.register("orbit")
@dataclass(frozen=True)
class Orbit(NoiseMethod):
    """z(γ) = cos(2πnγ) z_start + sin(2πnγ) z_end, with n turns.

    The circular loop of two noises. It comes back to z_start; for independent ends it preserves
    N(0, I) exactly, at constant speed. One turn passes z_start, z_end, −z_start and −z_end: the
    negative latents are further pictures of their own. Prefer it for an endless loop of two noises.
    """

    label = "Orbit"
    colour = "#C266CC"
    planar = True
    passes_ends = False
    comes_back = True

    turns: int = parameter(1, "Turns", low=1, high=100, help="Number of times around the circle")

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        first, last = self._weights(gamma)
        return first * start + last * end

    def expected_std(self, gamma: float, ends: Ends) -> float:
        return ends.std_of_sum(*self._weights(gamma))

    def _weights(self, gamma: float) -> tuple[float, float]:
        if gamma in (0.0, 1.0):
            return 1.0, 0.0
        angle = 2.0 * math.pi * self.turns * gamma
        return math.cos(angle), math.sin(angle)
