"""Linear interpolation."""

from __future__ import annotations

from dataclasses import dataclass

from engine.methods.contract import Array, Ends, NoiseMethod, lerp, methods


@methods.register("linear")
@dataclass(frozen=True)
class Linear(NoiseMethod):
    """z(γ) = (1−γ) z_start + γ z_end.

    Preserves the ends, but not the distribution: for independent ends the std is √(γ(2γ−2)+1),
    which is 0.7071 in the middle. Pictures lose detail there. Use it as the baseline for other
    methods.
    """

    label = "Linear"
    colour = "#D55E00"
    planar = True
    splits = True

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        return lerp(start, end, gamma)

    def expected_std(self, gamma: float, ends: Ends) -> float:
        return ends.std_of_sum(1.0 - gamma, gamma)
