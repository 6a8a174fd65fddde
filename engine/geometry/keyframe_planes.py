"""Planes through keyframes, and mixes of keyframes, from their inner products alone.

A plane holds the points o + x e₁ + y e₂, where o, e₁ and e₂ are sums of keyframes. Its coordinates
are in units of std (|z|/√d), and o is the point of the plane nearest to the origin, so that a point
has the squared norm |o|² + x² + y². All of this follows from the Gram matrix of the keyframes,
without the latents. Imports no large library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt

import numpy as np

from engine.geometry.plane_points import sum_of_keyframes
from engine.messages import KeyframeSpan, Points
from engine.methods.carried_noise import keyframes_met
from engine.walk import Keyframe, Walk

#: Vectors that are shorter than this share of a keyframe count as zero.
_SMALLEST = 1e-6


@dataclass(frozen=True, slots=True)
class KeyframePlane:
    """A plane in the span of K keyframes. `basis` [2, K] and `origin` [K] are weights of the
    keyframes; `gram` [K, K] are their inner products."""

    basis: Points = field(repr=False, compare=False)
    origin: Points = field(repr=False, compare=False)
    gram: Points = field(repr=False, compare=False)

    @property
    def height(self) -> float:
        """The distance of the plane from the origin, in std."""
        return _norm(self.origin, self.gram)

    @property
    def keyframes(self) -> Points:
        """The coordinates [K, 2] of the keyframes."""
        return self.project(self.gram)

    def project(self, products: Points) -> Points:
        """Returns the coordinates [n, 2] of latents from their `products` [n, K] with the
        keyframes. The origin o has the coordinates (0, 0), because it is orthogonal to the
        basis."""
        return products @ self.basis.T

    def kept(self, span: KeyframeSpan) -> float:
        """Returns the share of the frames' energy that the plane shows, in 0…1: that of the nearest
        points of the plane."""
        points, total = self.project(span.products), float(span.energy.sum())
        along = span.products @ self.origin  # ⟨x, o⟩; for a point of the plane it is |o|²
        height = self.height**2
        flat = along**2 / height if height > _SMALLEST**2 else np.zeros(len(points))
        shown = float(((points**2).sum(axis=1) + flat).sum())
        return min(shown / total, 1.0) if total > 0.0 else 1.0

    def weights(self, x: float, y: float) -> Points:
        """Returns the weights [K] of the keyframes at (x, y)."""
        return np.asarray(self.origin + x * self.basis[0] + y * self.basis[1], np.float64)

    def keyframe(self, walk: Walk, x: float, y: float) -> Keyframe:
        """Returns the point (x, y) as a keyframe, with the prompt of the largest weight."""
        return sum_of_keyframes(keyframes_met(walk), self.weights(x, y))


def plane_through(span: KeyframeSpan, chosen: Sequence[int]) -> KeyframePlane | None:
    """Returns the plane through keyframes `chosen`: through two and the origin, or through three.

    Returns None if these span no plane.
    """
    gram, count = span.gram, len(span.gram)
    units = np.eye(count)[list(chosen)]
    if len(units) == 2:
        return _plane(np.zeros(count), units, gram)
    sides = units[1:] - units[0]
    plane = _plane(np.zeros(count), sides, gram)
    if plane is None:
        return None
    # The foot of the perpendicular: a keyframe without its part along the basis.
    along = plane.basis @ gram @ units[0]
    return KeyframePlane(plane.basis, units[0] - along @ plane.basis, gram)


def best_plane(span: KeyframeSpan) -> KeyframePlane | None:
    """Returns the plane through the origin, in the span of the keyframes, that keeps most of the
    frames' energy. Returns None if the keyframes span no plane."""
    values, vectors = np.linalg.eigh(span.gram)
    used = np.flatnonzero(values > _SMALLEST**2 * max(float(values[-1]), _SMALLEST))
    axes = (vectors[:, used] / np.sqrt(values[used])).T  # [r, K]: an orthonormal basis of the span
    if len(axes) < 2:
        return None
    _, _, rows = np.linalg.svd(span.products @ axes.T, full_matrices=True)
    basis = rows[:2] @ axes
    signs = np.where(basis @ span.gram[0] < 0, -1.0, 1.0)
    return KeyframePlane(basis * signs[:, None], np.zeros(len(span.gram)), span.gram)


def mix_of_keyframes(walk: Walk, weights: Sequence[float] | Points) -> Keyframe:
    """Returns Σ w z / √Σ w² as a keyframe, with the prompt of the largest weight.

    This linear combination of latents has the distribution N(0, I) for independent keyframes
    (Bodin et al., "Linear combinations of latents in generative models", 2024). All weights 0 gives
    the zero latent.
    """
    values = np.asarray(weights, np.float64)
    norm = float(np.sqrt((values**2).sum()))
    return sum_of_keyframes(walk.keyframes, values / norm if norm else values)


def _plane(origin: Points, directions: Points, gram: Points) -> KeyframePlane | None:
    """Returns the plane of two directions [2, K] by Gram–Schmidt in the metric of `gram`."""
    first = _unit(directions[0], gram)
    if first is None:
        return None
    rest = directions[1] - float(directions[1] @ gram @ first) * first
    second = _unit(rest, gram)
    return None if second is None else KeyframePlane(np.stack([first, second]), origin, gram)


def _norm(weights: Points, gram: Points) -> float:
    return sqrt(max(float(weights @ gram @ weights), 0.0))


def _unit(weights: Points, gram: Points) -> Points | None:
    norm = _norm(weights, gram)
    return weights / norm if norm > _SMALLEST else None
