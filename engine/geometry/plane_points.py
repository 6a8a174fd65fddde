"""Points of a walk's plane as keyframes, which are sums of the noises of its two ends.

Imports no large library.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from engine.messages import PathReady, Points
from engine.methods.carried_noise import ends_met, keyframes_met
from engine.tracks.prompts import prompt_place
from engine.walk import MAX_KEYFRAMES, Keyframe, MethodChoice, NoiseSource, NoiseTerm, Walk

Point = tuple[float, float]


def keyframe_at(walk: Walk, places: Points, point: Point) -> Keyframe | None:
    """Returns the keyframe whose latent is at `point`, or None if the walk spans no plane.

    `places` [n, 2] are the coordinates of the walk's keyframes, from a PathReady that is exact. The
    prompt is that of the keyframe with the larger weight.
    """
    areas = np.abs(places[0, 0] * places[1:, 1] - places[0, 1] * places[1:, 0])
    other = int(np.argmax(areas)) + 1
    if areas[other - 1] < 1e-6:
        return None
    ends = places[[0, other]]
    first, last = (float(w) for w in np.linalg.solve(ends.T, np.asarray(point, np.float64)))
    met = keyframes_met(walk)
    start, end = met[0], met[other]
    prompt = start.prompt if abs(first) >= abs(last) else end.prompt
    terms = [*_scaled(start, first), *_scaled(end, last)]
    return _sum(prompt, terms)


def keyframe_between(walk: Walk, segment: int, weights: Point) -> Keyframe:
    """Returns the keyframe whose latent is the sum of the two ends of a segment with these weights.

    The prompt is that of the end with the larger weight.
    """
    start, end = ends_met(walk, segment)
    prompt = start.prompt if abs(weights[0]) >= abs(weights[1]) else end.prompt
    return _sum(prompt, [*_scaled(start, weights[0]), *_scaled(end, weights[1])])


def frame_keyframe(walk: Walk, path: PathReady | None, index: int) -> Keyframe | None:
    """Returns frame `index` of a walk as a keyframe, a sum of the ends of its segment, with
    the nearest prompt.

    None if the frame is no such sum, or if the path is not known.
    """
    index = min(index, walk.frames - 1)
    if path is None or path.weights is None or np.isnan(path.weights[index]).any():
        return None
    first, last = (float(weight) for weight in path.weights[index])
    time = walk.time_of(index)
    keyframe = keyframe_between(walk, walk.locate(time)[0], (first, last))
    return replace(keyframe, prompt=prompt_place(walk, time).nearest)


def sum_of_keyframes(keyframes: Sequence[Keyframe], weights: Points) -> Keyframe:
    """Returns the keyframe whose latent is the sum of `keyframes` with `weights` [K].

    The prompt is that of the keyframe with the largest weight.
    """
    prompt = keyframes[int(np.argmax(np.abs(weights)))].prompt
    pairs = zip(keyframes, weights, strict=True)
    return _sum(prompt, [term for key, weight in pairs for term in _scaled(key, float(weight))])


def walk_through(keyframes: Sequence[Keyframe], negative: str) -> Walk:
    """Returns the linear walk through at least two keyframes, with one frame for each.

    If there are more keyframes than a walk can have, some are left out at equal intervals. The
    number of frames stays the same.
    """
    wanted = np.linspace(0, len(keyframes) - 1, min(len(keyframes), MAX_KEYFRAMES))
    passed = tuple(keyframes[round(float(k))] for k in wanted)
    return Walk(passed, (MethodChoice("linear"),), negative, len(keyframes))


def _scaled(keyframe: Keyframe, factor: float) -> Iterable[NoiseTerm]:
    yield NoiseTerm(keyframe.noise, factor * keyframe.scale)
    for term in keyframe.blend:
        yield NoiseTerm(term.source, factor * term.weight)


def _sum(prompt: str, terms: Iterable[NoiseTerm]) -> Keyframe:
    """Returns a keyframe of terms. Terms of one source are added; those with weight 0 are left
    out."""
    weights: dict[NoiseSource, float] = {}
    for term in terms:
        weights[term.source] = weights.get(term.source, 0.0) + term.weight
    kept = [NoiseTerm(s, w) for s, w in weights.items() if abs(w) > 1e-12]
    if not kept:
        return Keyframe(prompt, next(iter(weights)), 0.0)
    first, *rest = kept
    return Keyframe(prompt, first.source, first.weight, tuple(rest))
