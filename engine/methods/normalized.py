"""Normalized linear interpolation."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.methods.contract import Array, NoiseMethod, lerp, methods


@methods.register("normalized")
@dataclass(frozen=True)
class Normalized(NoiseMethod):
    """z(γ) = z_linear(γ) / √(γ(2γ−2)+1).

    Preserves the ends and, for independent ends, N(0, I). For orthogonal ends it is slerp
    re-timed at s = (2/π)·atan2(γ, 1−γ): slower at the ends, faster in the middle.
    """

    label = "Normalized linear"
    colour = "#E69F00"
    planar = True

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        return lerp(start, end, gamma) / math.sqrt(gamma * (2.0 * gamma - 2.0) + 1.0)
