"""Prompt wander: constant noise, and embeddings that wander around those of the prompt."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.conditioning import Role
from engine.methods.contract import Array, Method, fresh_noise, methods
from engine.methods.loops.random_walk import angle_at, weights_at
from engine.parameters import parameter


@methods.register("prompt-wander")
@dataclass(frozen=True)
class PromptWander(Method):
    """z(γ) = z_start; each vector e of the text becomes m + cos θ c + sin θ |c| v(γ), c = e − m.

    m is the mean of the vector's elements, v a unit vector without mean and orthogonal to c: an
    Ornstein–Uhlenbeck process as that of the method Wander, with draws of its own for each token.
    Mean and norm of every vector are kept exactly, and with them its std, which the encoder's last
    normalization gave it. θ is 0 at both ends, so that the keyframes' prompts are exact; different
    prompts are blended linearly. Prefer it for models whose pictures hardly depend on the noise
    (see the seed meter): it varies the picture by the text. Neighbouring tokens wander
    independently, so the result is no text; a large radius loses the prompt.
    """

    label = "Prompt, wander"
    colour = "#BBCC95"
    planar = True
    passes_ends = False
    walks_noise = False
    varies_text = True

    radius: float = parameter(
        20.0, "Radius", low=0.0, high=90.0, step=1.0, unit="°", help="Angle θ from the prompt"
    )
    changes: int = parameter(
        4, "Changes", low=1, high=16, help="How often the direction becomes another one"
    )
    seed: int = parameter(1, "Seed", low=0, unit="seed", help="Another seed, another path")

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        return start

    def varied(self, role: Role, array: Array, gamma: float) -> Array:
        angle = angle_at(self.radius, gamma)
        if role is Role.MASK or not angle:
            return array
        weights = weights_at(self.changes, gamma)
        away, other = np.zeros_like(array), int(role is Role.POOLED)
        for number in np.flatnonzero(weights).tolist():
            away += weights[number] * fresh_noise(self.seed, 2 * number + other, array.shape)
        mean = array.mean(axis=-1, keepdims=True)
        return mean + _turned(array - mean, away, angle)


def _turned(vectors: Array, away: Array, angle: float) -> Array:
    """Turns vectors […, n] without mean by `angle` towards `away`. Zero vectors stay zero."""
    away = away - away.mean(axis=-1, keepdims=True)
    squares = (vectors**2).sum(axis=-1, keepdims=True)
    along = (vectors * away).sum(axis=-1, keepdims=True)
    # Only a zero vector has the square 0, and nothing along it.
    away = away - along / np.where(squares, squares, 1.0) * vectors
    norms = np.linalg.norm(away, axis=-1, keepdims=True)
    # Vectors of two elements have no direction that is orthogonal and without mean.
    scale = np.where(norms > 1e-9, np.sqrt(squares) / np.maximum(norms, 1e-9), 0.0)
    cosine = np.where(norms > 1e-9, math.cos(angle), 1.0)
    return cosine * vectors + math.sin(angle) * scale * away
