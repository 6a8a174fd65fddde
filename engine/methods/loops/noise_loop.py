"""Noise loop: a closed, smooth random path through one latent."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.methods.contract import Array, Ends, NoiseMethod, fresh_noise, methods
from engine.parameters import parameter


@methods.register("noise-loop")
@dataclass(frozen=True)
class NoiseLoop(NoiseMethod):
    """z(γ) = u(γ) + ρ(γ) (z_start − u(0)), u(γ) = Σ h_k(γ) ε_k, ρ(γ) = Σ h_k(γ) h_k(0), Σ h_k² = 1.

    u is noise in time, smoothed by a wrapped Gaussian h around each of the n noises ε_k. The second
    term conditions it on passing z_start (Matheron's rule for Gaussian processes). It comes back to
    z_start, is smooth everywhere, also at the seam, and preserves N(0, I) exactly; the noise of the
    end is not used. Prefer it for an endless loop with much variety around one keyframe.
    """

    label = "Noise loop"
    colour = "#DB6457"
    passes_ends = False
    comes_back = True

    noises: int = parameter(
        8, "Noises", low=2, high=64, help="Number of independent noises around the loop"
    )
    smoothness: float = parameter(
        1.0,
        "Smoothness",
        low=0.4,
        high=4.0,
        step=0.1,
        help="Width of the smoothing, in distances between two noises",
    )
    seed: int = parameter(1, "Seed", low=0, unit="seed", help="Another seed gives another loop")

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        if gamma in (0.0, 1.0):
            return 1.0 * start
        here, origin = self._weights(gamma), self._weights(0.0)
        shared = float(here @ origin)
        latent = shared * start
        for number, weight in enumerate((here - shared * origin).tolist()):
            latent += weight * fresh_noise(self.seed, number, start.shape)
        return latent

    def expected_std(self, gamma: float, ends: Ends) -> float:
        shared = float(self._weights(gamma) @ self._weights(0.0))
        return math.sqrt((shared * ends.start) ** 2 + max(1.0 - shared**2, 0.0))

    def _weights(self, gamma: float) -> npt.NDArray[np.float64]:
        """Returns the weights h_k [n] at γ; the sum of their squares is 1."""
        away = gamma * self.noises - np.arange(self.noises)
        # Twelve turns to both sides are at least six widths, also for two noises.
        turns = self.noises * np.arange(-12, 13)[:, None]
        weights = np.exp(-0.5 * ((away + turns) / self.smoothness) ** 2).sum(axis=0)
        return weights / float(np.linalg.norm(weights))
