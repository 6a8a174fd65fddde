"""Wander: a random walk at a constant angle from one latent."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.methods.contract import Array, Ends, NoiseMethod, fresh_noise, methods
from engine.methods.loops.random_walk import angle_at, weights_at
from engine.parameters import parameter


@methods.register("wander")
@dataclass(frozen=True)
class Wander(NoiseMethod):
    """z(γ) = cos θ z_start + sin θ w(γ), with the angle θ and an Ornstein–Uhlenbeck process w.

    w is smooth and has unit variance, see `engine.methods.loops.random_walk`. The angle rises from
    0 to the radius and falls to 0 at the end. It comes back to z_start and preserves N(0, I)
    exactly; the noise of the end is not used. Prefer it to stay near one picture: a small radius
    for a hold that is not still, a large one for variations.
    """

    label = "Wander"
    colour = "#7C871D"
    passes_ends = False
    comes_back = True

    radius: float = parameter(
        20.0, "Radius", low=0.0, high=90.0, step=1.0, unit="°", help="Angle θ from the start"
    )
    changes: int = parameter(
        4, "Changes", low=1, high=16, help="How often the direction becomes another one"
    )
    seed: int = parameter(1, "Seed", low=0, unit="seed", help="Another seed, another path")

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        angle = angle_at(self.radius, gamma)
        if not angle:
            return 1.0 * start
        weights = weights_at(self.changes, gamma)
        latent = math.cos(angle) * start
        for number in np.flatnonzero(weights).tolist():
            draw = fresh_noise(self.seed, number, start.shape)
            latent += math.sin(angle) * weights[number] * draw
        return latent

    def expected_std(self, gamma: float, ends: Ends) -> float:
        angle = angle_at(self.radius, gamma)
        return math.hypot(math.cos(angle) * ends.start, math.sin(angle))
