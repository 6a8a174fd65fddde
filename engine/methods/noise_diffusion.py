"""NoiseDiffusion: slerp with fresh noise and without extreme values."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.methods.contract import Array, Ends, NoiseMethod, fresh_noise, methods
from engine.parameters import parameter


@methods.register("noise-diffusion")
@dataclass(frozen=True)
class NoiseDiffusion(NoiseMethod):
    """z(γ) = clip(a z_start + b z_end + n ε, ±c), a = √(1−n²) cos(πγ/2), b = √(1−n²) sin(πγ/2).

    Zheng et al., arXiv 2403.08840, for ends that are pure noise; ε is one further noise, n its
    share, c = 2. Without the limit c, it preserves N(0, I) for independent ends; a limit of 2
    lowers the std to 0.96 and the kurtosis. It does not pass through the ends, not even with n = 0,
    because values beyond c are cut. Prefer it for latents of inverted pictures, whose extreme
    values cause artefacts; for drawn noises, slerp is better.
    """

    label = "NoiseDiffusion"
    colour = "#A85924"
    passes_ends = False

    noise: float = parameter(
        0.3, "Fresh noise", low=0.0, high=1.0, step=0.05, help="Share n of the further noise ε"
    )
    clip: float = parameter(
        2.0, "Largest value", low=0.5, high=10.0, step=0.1, help="Values beyond ±c become ±c"
    )
    seed: int = parameter(1, "Seed", low=0, unit="seed", help="Seed of the further noise")

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        first, last = self._weights(gamma)
        mixed = first * start + last * end + self.noise * fresh_noise(self.seed, 0, start.shape)
        return np.clip(mixed, -self.clip, self.clip)

    def expected_std(self, gamma: float, ends: Ends) -> float:
        std = math.hypot(ends.std_of_sum(*self._weights(gamma)), self.noise)
        if not std:
            return 0.0
        limit = self.clip / std
        beyond = math.erfc(limit / math.sqrt(2.0))  # the share of the values that are cut
        density = math.exp(-0.5 * limit**2) / math.sqrt(2.0 * math.pi)
        return std * math.sqrt(1.0 - beyond - 2.0 * limit * density + limit**2 * beyond)

    def _weights(self, gamma: float) -> tuple[float, float]:
        kept, angle = math.sqrt(1.0 - self.noise**2), math.pi * gamma / 2.0
        return kept * math.cos(angle), kept * math.sin(angle)
