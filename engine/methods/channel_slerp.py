"""Slerp of each channel of the latent separately."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.methods.contract import Array, Ends, NoiseMethod, arc_weights, methods, slerp_arc


@methods.register("channel-slerp")
@dataclass(frozen=True)
class ChannelSlerp(NoiseMethod):
    """z_c(γ) = slerp(z_start,c, z_end,c; γ) for each channel c, with the angle of that channel.

    Shoemake 1985, with one great circle for each channel instead of one for the whole tensor.
    Preserves the ends, the norm of each channel of ends of equal norm, and, approximately, N(0, I).
    Prefer it if the channels of the ends correlate unequally, for example between latents that
    share some channels. For independent noises, it hardly differs from slerp.
    """

    label = "Slerp by channel"
    colour = "#338599"

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        return np.stack([slerp_arc(a, b, gamma) for a, b in zip(start, end, strict=True)])

    def expected_std(self, gamma: float, ends: Ends) -> float:
        return ends.std_of_sum(*arc_weights(ends.correlation, gamma))
