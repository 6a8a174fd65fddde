"""Sweep of the standard deviation."""

from __future__ import annotations

from dataclasses import dataclass

from engine.methods.contract import Array, Ends, NoiseMethod, methods
from engine.parameters import parameter


@methods.register("std-sweep")
@dataclass(frozen=True)
class StdSweep(NoiseMethod):
    """z(γ) = s·z_start with s = (1−γ) low + γ high.

    The article's experiment with a wrong variance: below s = 1 the picture loses detail, above s =
    1 noise remains in it. The path is a ray from the origin. The noise of the end is not used.
    """

    label = "Std sweep"
    colour = "#999999"
    planar = True
    passes_ends = False

    low: float = parameter(0.5, "From std", low=0.0, high=3.0, step=0.05)
    high: float = parameter(1.5, "To std", low=0.0, high=3.0, step=0.05)

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        return self._scale(gamma) * start

    def expected_std(self, gamma: float, ends: Ends) -> float:
        return abs(self._scale(gamma)) * ends.start

    def _scale(self, gamma: float) -> float:
        return (1.0 - gamma) * self.low + gamma * self.high
