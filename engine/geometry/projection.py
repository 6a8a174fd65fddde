"""Latents on the plane that the trajectory plot draws.

The plane of a walk between two keyframes is spanned by its two ends (Gram–Schmidt), so that every
path that lies in their span is drawn exactly: chords and arcs, the ray of a std sweep, and the
one point at which a walk of prompts stays. Otherwise it is the plane through the origin that
keeps most of the path's energy (the first two right singular vectors of the uncentred path), so
that a point's distance from the origin is still the norm of what is drawn. Axes are in units of
std: |z|/√d, in which N(0, I) lies close to the unit circle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.geometry.walk_path import WalkPath
from engine.messages import Array32, Curve, PathReady, Points
from engine.methods.contract import Array, crossing_methods
from engine.walk import MethodChoice, with_method

_SAMPLES = 97
_FIT = 65
_MOST_FITTED = 257


@dataclass(frozen=True, slots=True)
class Plane:
    """An orthonormal basis [2, d] and whether it was made of the two ends themselves."""

    basis: Array
    spanned: bool

    def project(self, latents: Array) -> tuple[Points, float]:
        """Coordinates [n, 2] of latents [n, …], and the share of their energy that they keep."""
        flat = latents.reshape(len(latents), -1)
        points = flat @ self.basis.T / np.sqrt(flat.shape[1])
        total = float(np.mean(flat**2))
        kept = float(np.mean((points**2).sum(axis=1))) / total if total else 1.0
        return points, min(kept, 1.0)

    def lift(self, x: float, y: float, shape: tuple[int, ...]) -> Array:
        """The latent of `shape` that lies at (x, y)."""
        flat = (x * self.basis[0] + y * self.basis[1]) * np.sqrt(self.basis.shape[1])
        return flat.reshape(shape)


def plane_of(path: WalkPath) -> Plane:
    """The plane in which a walk is drawn."""
    return _spanned_plane(path) or _fitted_plane(path)


def _spanned_plane(path: WalkPath) -> Plane | None:
    """The plane of the walk's keyframes, if all of them, and the paths between, lie in one."""
    walk = path.walk
    if not all(path.method(segment).planar for segment in range(walk.segments)):
        return None
    first = path.keyframe(0).ravel()
    farthest = max(range(1, len(walk.keyframes)), key=lambda k: _off(path.keyframe(k), first))
    basis = _gram_schmidt(np.stack([first, path.keyframe(farthest).ravel()]))
    for k in range(len(walk.keyframes)):
        key = path.keyframe(k).ravel()
        if float(np.linalg.norm(key - (basis @ key) @ basis)) > 1e-9 * float(np.sqrt(key.size)):
            return None
    return Plane(basis, spanned=True)


def _fitted_plane(path: WalkPath) -> Plane:
    """The plane through the origin that keeps most of the path's energy."""
    count = min(max(_FIT, 16 * path.walk.segments + 1), _MOST_FITTED)
    points = np.stack([path.exact_latent(float(t)).ravel() for t in np.linspace(0.0, 1.0, count)])
    _, _, rows = np.linalg.svd(points, full_matrices=False)
    basis = rows[:2]
    basis = basis * np.where((points[0] @ basis.T) < 0, -1.0, 1.0)[:, None]
    return Plane(basis, spanned=False)


def _off(latent: Array, axis: Array) -> float:
    """How far a latent lies off the line through the origin and `axis`."""
    flat, direction = latent.ravel(), _unit(axis, axis)
    return float(np.linalg.norm(flat - (flat @ direction) * direction))


def describe(
    path: WalkPath,
    job: int,
    lane: int,
    check: Callable[[], None] = lambda: None,
) -> PathReady:
    """The geometry of one lane, with the other planar methods' paths when it is one segment.

    `check` is called before each of the walk's frames; what it raises ends the work.
    """
    plane, walk = plane_of(path), path.walk
    times = [walk.time_of(k) for k in range(walk.frames)]
    frames, stds, weights = _project_times(path, plane, times, check)
    keys = [plane.project(path.keyframe(k)[None])[0][0] for k in range(len(walk.keyframes))]
    own, kept = plane.project(_sample(path, _SAMPLES))
    curves = [Curve(walk.method_of(0).name, own)]
    if plane.spanned and walk.segments == 1 and path.method(0).walks_noise:
        names = (name for name in crossing_methods() if name != walk.method_of(0).name)
        curves += [_curve(path, plane, name) for name in names]
    return PathReady(
        job=job,
        lane=lane,
        frames=frames,
        keyframes=np.stack(keys),
        curves=tuple(curves),
        exact=kept > 1.0 - 1e-9,
        kept=kept,
        dimension=path.keyframe(0).size,
        std=stds,
        weights=weights,
    )


def _project_times(
    path: WalkPath, plane: Plane, times: list[float], check: Callable[[], None]
) -> tuple[Points, Array32, Points]:
    """Coordinates, std, and weights of the ends at each time, one latent in memory at a time."""
    points, weights = np.empty((2, len(times), 2))
    stds = np.empty(len(times), np.float32)
    for row, time in enumerate(times):
        check()
        latent = path.exact_latent(time)
        points[row] = plane.project(latent[None])[0][0]
        stds[row] = latent.std()
        weights[row] = _weights_of_ends(path, time, latent)
    return points, stds, weights


def _weights_of_ends(path: WalkPath, time: float, latent: Array) -> Array:
    """a and b [2] of latent = a · start + b · end of its segment; NaN where there are none."""
    segment, _ = path.walk.locate(time)
    ends = np.stack([path.keyframe(segment).ravel(), path.keyframe(segment + 1).ravel()])
    flat = latent.ravel()
    weights = np.linalg.lstsq(ends @ ends.T, ends @ flat, rcond=1e-12)[0].astype(np.float64)
    left = float(np.linalg.norm(flat - weights @ ends))
    fits = left <= 1e-6 * max(float(np.linalg.norm(flat)), 1.0)
    return weights if fits else np.full(2, np.nan, np.float64)


def _sample(path: WalkPath, count: int) -> Array:
    return np.stack([path.exact_latent(float(t)) for t in np.linspace(0.0, 1.0, count)])


def _curve(path: WalkPath, plane: Plane, name: str) -> Curve:
    other = path.with_walk(with_method(path.walk, MethodChoice(name)))
    points, _ = plane.project(_sample(other, _SAMPLES))
    return Curve(name, points)


def _gram_schmidt(ends: Array) -> Array:
    """Orthonormal rows spanning two vectors; parallel or zero ends get some second direction."""
    first = _unit(ends[0], np.eye(1, ends.shape[1])[0])
    rest = ends[1] - (ends[1] @ first) * first
    if np.linalg.norm(rest) <= 1e-9 * max(float(np.linalg.norm(ends[1])), 1.0):
        rest = np.zeros_like(first)
        rest[int(np.argmin(np.abs(first)))] = 1.0
        rest -= (rest @ first) * first
    return np.stack([first, _unit(rest, rest)])


def _unit(vector: Array, fallback: Array) -> Array:
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm else fallback
