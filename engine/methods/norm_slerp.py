"""Slerp of the directions, with a norm that changes in proportion to γ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.methods.contract import Array, Ends, NoiseMethod, arc_weights, lerp, methods


@methods.register("norm-slerp")
@dataclass(frozen=True)
class NormSlerp(NoiseMethod):
    """z(γ) = ((1−γ)|z_start| + γ|z_end|) · slerp(z_start/|z_start|, z_end/|z_end|; γ).

    Slerp (Shoemake 1985) of the directions, with the norm interpolated separately. Preserves the
    ends and, for ends of N(0, I), approximately N(0, I). Between ends of equal norm it equals
    slerp. Prefer it for ends of unequal norm, such as scaled latents or the noise of an inverted
    picture: slerp of the latents themselves neither turns at constant speed there nor keeps the
    norm between those of the ends.
    """

    label = "Slerp, norm apart"
    colour = "#8181E4"
    planar = True
    splits = True

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        first, last = float(np.linalg.norm(start)), float(np.linalg.norm(end))
        if first * last == 0.0:
            return lerp(start, end, gamma)
        cosine = float(np.vdot(start, end)) / (first * last)
        a, b = arc_weights(cosine, gamma)
        norm = (1.0 - gamma) * first + gamma * last
        return a * (norm / first) * start + b * (norm / last) * end

    def expected_std(self, gamma: float, ends: Ends) -> float:
        if ends.start * ends.end == 0.0:
            return ends.std_of_sum(1.0 - gamma, gamma)
        direction = Ends(correlation=ends.correlation)
        norm = (1.0 - gamma) * ends.start + gamma * ends.end
        return norm * direction.std_of_sum(*arc_weights(ends.correlation, gamma))
