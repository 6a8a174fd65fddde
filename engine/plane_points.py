"""Points of a walk's plane as keyframes: sums of the noises of its two ends. Light to import."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from engine.messages import Points
from engine.walk import Keyframe, MethodChoice, NoiseSource, NoiseTerm, Walk

Point = tuple[float, float]


def keyframe_at(walk: Walk, ends: Points, point: Point) -> Keyframe | None:
    """The keyframe whose latent lies at `point`, or None where the ends span no plane.

    `ends` [2, 2] are the coordinates of the walk's two keyframes, as PathReady gives them. The
    prompt is that of the end with the larger share.
    """
    if walk.segments != 1 or abs(float(np.linalg.det(ends))) < 1e-6:
        return None
    first, last = (float(w) for w in np.linalg.solve(ends.T, np.asarray(point, np.float64)))
    start, end = walk.keyframes
    prompt = start.prompt if abs(first) >= abs(last) else end.prompt
    terms = [*_scaled(start, first), *_scaled(end, last)]
    return _sum(prompt, terms)


def walk_through(walk: Walk, ends: Points, points: Sequence[Point]) -> Walk | None:
    """The walk whose frames lie at `points`, each a keyframe; None where there is no plane."""
    keyframes = [keyframe_at(walk, ends, point) for point in points]
    passed = tuple(keyframe for keyframe in keyframes if keyframe is not None)
    if len(passed) < 2 or len(passed) < len(keyframes):
        return None
    return Walk(passed, (MethodChoice("linear"),), walk.negative, len(passed))


def _scaled(keyframe: Keyframe, factor: float) -> Iterable[NoiseTerm]:
    yield NoiseTerm(keyframe.noise, factor * keyframe.scale)
    for term in keyframe.blend:
        yield NoiseTerm(term.source, factor * term.weight)


def _sum(prompt: str, terms: Iterable[NoiseTerm]) -> Keyframe:
    """One keyframe of terms of which some may share a source; those without weight are left out."""
    weights: dict[NoiseSource, float] = {}
    for term in terms:
        weights[term.source] = weights.get(term.source, 0.0) + term.weight
    kept = [NoiseTerm(s, w) for s, w in weights.items() if w != 0.0]
    if not kept:
        return Keyframe(prompt, next(iter(weights)), 0.0)
    first, *rest = kept
    return Keyframe(prompt, first.source, first.weight, tuple(rest))
