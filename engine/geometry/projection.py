"""Projects latents on the plane of the trajectory plot.

The plane of a walk between two keyframes is spanned by its two ends (Gram–Schmidt). Every path in
their span is exact in it: chords, arcs, the ray of a std sweep, and the single point of a walk of
prompts. For other walks, it is the plane through the origin that keeps most of the path's energy
(the first two right singular vectors of the uncentred path). The distance of a point from the
origin is then the norm of the projected latent. Coordinates are in units of std: |z|/√d, so that
draws of N(0, I) are close to the unit circle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.conditioning import Array32
from engine.geometry.walk_path import WalkPath
from engine.messages import Curve, KeyframeSpan, PathReady, Points
from engine.methods.contract import Array, crossing_methods
from engine.pacing.certificate import turn_at
from engine.walk import MethodChoice, with_method

#: Most keyframes whose inner products are computed, so that they need little memory.
MOST_SPANNING = 16
_SAMPLES = 97
_FIT = 65
_MOST_FITTED = 257
#: Share of the last segment before the end of a loop at which its seam is measured.
_BEFORE_END = 2e-9
#: Latents of a walk that are held at a time.
_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Plane:
    """An orthonormal basis [2, d]. `spanned` is True if the ends span it."""

    basis: Array
    spanned: bool

    def project(self, latents: Array) -> tuple[Points, float]:
        """Returns the coordinates [n, 2] of latents [n, …], and the share of the energy they
        keep."""
        flat = latents.reshape(len(latents), -1)
        points = flat @ self.basis.T / np.sqrt(flat.shape[1])
        total = float(np.mean(flat**2))
        kept = float(np.mean((points**2).sum(axis=1))) / total if total else 1.0
        return points, min(kept, 1.0)

    def lift(self, x: float, y: float, shape: tuple[int, ...]) -> Array:
        """Returns the latent of `shape` at (x, y)."""
        flat = (x * self.basis[0] + y * self.basis[1]) * np.sqrt(self.basis.shape[1])
        return flat.reshape(shape)


def plane_of(path: WalkPath) -> Plane:
    """Returns the plane of a walk."""
    return _spanned_plane(path) or _fitted_plane(path)


def _spanned_plane(path: WalkPath) -> Plane | None:
    """Returns the plane that contains all keyframes and the paths between them, or None."""
    walk = path.walk
    if not all(path.method(segment).planar for segment in range(walk.segments)):
        return None
    first = path.keyframe(0).ravel()
    farthest = max(range(walk.segments), key=lambda k: _off(path.target(k), first))
    basis = _gram_schmidt(np.stack([first, path.target(farthest).ravel()]))
    for k in range(walk.segments):
        key = path.target(k).ravel()
        if float(np.linalg.norm(key - (basis @ key) @ basis)) > 1e-9 * float(np.sqrt(key.size)):
            return None
    return Plane(basis, spanned=True)


def _fitted_plane(path: WalkPath) -> Plane:
    """Returns the plane through the origin that keeps most of the path's energy."""
    count = min(max(_FIT, 16 * path.walk.segments + 1), _MOST_FITTED)
    points = np.stack([path.exact_latent(float(t)).ravel() for t in np.linspace(0.0, 1.0, count)])
    _, _, rows = np.linalg.svd(points, full_matrices=False)
    basis = rows[:2]
    basis = basis * np.where((points[0] @ basis.T) < 0, -1.0, 1.0)[:, None]
    return Plane(basis, spanned=False)


def _off(latent: Array, axis: Array) -> float:
    """Returns the distance of a latent from the line through the origin and `axis`."""
    flat, direction = latent.ravel(), _unit(axis, axis)
    return float(np.linalg.norm(flat - (flat @ direction) * direction))


def describe(
    path: WalkPath,
    job: int,
    lane: int,
    check: Callable[[], None] = lambda: None,
) -> PathReady:
    """Computes the geometry of one lane; for one segment, with the paths of all planar methods.

    `check` is called before each frame and may raise an exception to stop.
    """
    plane, walk = plane_of(path), path.walk
    times = [walk.time_of(k) for k in range(walk.frames)]
    # The last segment of a loop ends at the first keyframe, which is there already.
    ends = [path.keyframe(0), *(path.target(k) for k in range(len(walk.keyframes) - 1))]
    latents = [end.ravel() for end in ends]
    frames, stds, weights, products = _project_times(path, plane, times, latents, check)
    own, kept = plane.project(_sample(path, _SAMPLES))
    curves = [Curve(walk.method_of(0).name, own)]
    if plane.spanned and walk.segments == 1 and path.method(0).walks_noise:
        names = (name for name in crossing_methods() if name != walk.method_of(0).name)
        curves += [_curve(path, plane, name) for name in names]
    return PathReady(
        job=job,
        lane=lane,
        frames=frames,
        keyframes=np.stack([plane.project(end[None])[0][0] for end in ends]),
        curves=tuple(curves),
        exact=kept > 1.0 - 1e-9,
        kept=kept,
        dimension=path.keyframe(0).size,
        channels=len(path.keyframe(0)),
        std=stds,
        weights=weights,
        span=_span_of(latents, products),
        turns=turns_of(path),
        seam=seam_of(path),
    )


def turns_of(path: WalkPath) -> tuple[float, ...]:
    """Returns the angles in degrees by which the noise turns at each inner keyframe, in a loop at
    all keyframes."""
    walk = path.walk
    inner = walk.stops()[:-1] if walk.loop else walk.stops()[1:-1]
    return tuple(turn_at(path.exact_latent, time, walk.loop) for time in inner)


def seam_of(path: WalkPath) -> float | None:
    """Returns the largest difference between the latents at both ends of a loop; None for a walk
    that is no loop."""
    if not path.walk.loop:
        return None
    start, end = path.walk.stops()[-2:]
    # Just before the end, because methods give the keyframe itself at the end.
    last = path.exact_latent(end - _BEFORE_END * (end - start))
    return float(np.abs(last - path.exact_latent(0.0)).max())


def _span_of(latents: list[Array], products: Points) -> KeyframeSpan | None:
    """Returns the inner products of keyframes [d] and frames; None for many keyframes. The last
    column of `products` is the frames' energy."""
    if len(latents) > MOST_SPANNING:
        return None
    keys = np.stack(latents)
    return KeyframeSpan(keys @ keys.T / keys.shape[1], products[:, :-1], products[:, -1])


def _project_times(
    path: WalkPath,
    plane: Plane,
    times: list[float],
    keys: list[Array],
    check: Callable[[], None],
) -> tuple[Points, Array32, Points, Points]:
    """Returns coordinates, std, weights of the ends, and inner products with the first keyframes
    `keys` and with itself, at each time. Holds `_AT_ONCE` latents at a time."""
    points, weights = np.empty((2, len(times), 2))
    stds = np.empty(len(times), np.float32)
    spanning = np.stack(keys[:MOST_SPANNING])
    products = np.empty((len(times), len(spanning) + 1))
    for start in range(0, len(times), _AT_ONCE):
        some, rows = times[start : start + _AT_ONCE], slice(start, start + _AT_ONCE)
        latents = np.stack([_checked(path, time, check) for time in some])
        points[rows] = plane.project(latents)[0]
        stds[rows] = latents.std(axis=1)
        weights[rows] = _weights_of_ends(path, some, latents)
        products[rows, :-1] = latents @ spanning.T / latents.shape[1]
        products[rows, -1] = np.mean(latents**2, axis=1)
    return points, stds, weights, products


def _checked(path: WalkPath, time: float, check: Callable[[], None]) -> Array:
    """Returns the latent [d] at a time, after a check."""
    check()
    return path.exact_latent(time).ravel()


def _weights_of_ends(path: WalkPath, times: list[float], latents: Array) -> Points:
    """Returns a and b [n, 2] of latent = a · start + b · end of its segment, for latents [n, d] at
    `times`; NaN if there are none."""
    weights = np.full((len(times), 2), np.nan)
    segments = np.array([path.walk.locate(time)[0] for time in times])
    for segment in np.unique(segments).tolist():
        ends = np.stack([path.keyframe(segment).ravel(), path.target(segment).ravel()])
        here = np.flatnonzero(segments == segment)
        chosen = latents[here]
        found = np.linalg.lstsq(ends @ ends.T, ends @ chosen.T, rcond=1e-12)[0].T
        left = np.linalg.norm(chosen - found @ ends, axis=1)
        fits = left <= 1e-6 * np.maximum(np.linalg.norm(chosen, axis=1), 1.0)
        weights[here[fits]] = found[fits]
    return weights


def _sample(path: WalkPath, count: int) -> Array:
    return np.stack([path.exact_latent(float(t)) for t in np.linspace(0.0, 1.0, count)])


def _curve(path: WalkPath, plane: Plane, name: str) -> Curve:
    other = path.with_walk(with_method(path.walk, MethodChoice(name)))
    points, _ = plane.project(_sample(other, _SAMPLES))
    return Curve(name, points)


def _gram_schmidt(ends: Array) -> Array:
    """Returns orthonormal rows that span two vectors. For parallel or zero vectors, the second
    direction is arbitrary."""
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
