"""Normalized linear interpolation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.methods.contract import Array, Ends, NoiseMethod, lerp, methods
from engine.parameters import parameter


@methods.register("normalized")
@dataclass(frozen=True)
class Normalized(NoiseMethod):
    """z(γ) = z_linear(γ) / √(γ(2γ−2)+1).

    Preserves the ends and, for independent ends, N(0, I). For similar ends the std is too large:
    equal noises reach √2 in the middle. With `ends` "measured", it divides by
    √((1−γ)² + γ² + 2γ(1−γ) cos φ) instead, with the angle φ between the two latents. This preserves
    the norm of ends of equal norm at any angle; for opposite ends it uses the formula above. For
    orthogonal ends, both equal slerp at the time s = (2/π)·atan2(γ, 1−γ): slower at the ends,
    faster in the middle.
    """

    label = "Normalized linear"
    colour = "#E69F00"
    planar = True

    ends: str = parameter(
        "independent",
        "Ends",
        choices=("independent", "measured"),
        help="Divide as for independent noises, or by the angle that is measured between the two. "
        "Independent noises hardly differ; equal or similar ones keep their std only when measured",
    )

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        norms = float(np.linalg.norm(start)) * float(np.linalg.norm(end))
        cosine = float(np.vdot(start, end)) / norms if norms else 0.0
        return lerp(start, end, gamma) / self._divisor(cosine, gamma)

    def expected_std(self, gamma: float, ends: Ends) -> float:
        straight = ends.std_of_sum(1.0 - gamma, gamma)
        return straight / self._divisor(ends.correlation, gamma)

    def _divisor(self, cosine: float, gamma: float) -> float:
        plain = math.sqrt(gamma * (2.0 * gamma - 2.0) + 1.0)
        if self.ends == "independent":
            return plain
        square = (1.0 - gamma) ** 2 + gamma**2 + 2.0 * gamma * (1.0 - gamma) * cosine
        return math.sqrt(square) if square > 1e-12 else plain
