"""Mix of all: from one keyframe to the next, with a share of all other keyframes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.methods.contract import Array, Ends, ThroughMethod, methods
from engine.methods.through.weighted_sum import expected_std_between, normalized_sum
from engine.parameters import parameter


@methods.register("mix")
@dataclass(frozen=True)
class Mix(ThroughMethod):
    """z(γ) = Σ w_i z_i / √(Σ w_i²), w = 1−γ and γ for both ends and 4γ(1−γ)·s for all others.

    A linear combination of latents (LOL: Bodin et al., arXiv 2408.08558) of all keyframes, with the
    weight s of the others. Preserves all keyframes and, for independent noises, N(0, I) exactly.
    With s = 0 it is normalized linear. The path turns at keyframes. Prefer it for pictures that
    have something of all keyframes on the way; a negative s leads away from the others.
    """

    label = "Mix of all"
    colour = "#87711D"

    others: float = parameter(
        0.5, "Others", low=-2.0, high=2.0, step=0.05, help="Weight s of all other keyframes"
    )

    def through(
        self,
        keys: Sequence[Array],
        segment: int,
        gamma: float,
        loop: bool,
        times: Sequence[float] = (),
    ) -> Array:
        last = (segment + 1) % len(keys)
        if gamma in (0.0, 1.0):
            return 1.0 * keys[last if gamma else segment]
        weights = np.full(len(keys), 4.0 * gamma * (1.0 - gamma) * self.others)
        weights[segment], weights[last] = 1.0 - gamma, gamma
        return normalized_sum(keys, weights)

    def expected_std(self, gamma: float, ends: Ends) -> float:
        return expected_std_between(gamma, ends)
