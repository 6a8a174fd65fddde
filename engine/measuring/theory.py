"""The values that theory predicts for a measure along a walk. Imports no large library."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

from engine.methods.carried_noise import methods_of, noise_at, noise_towards
from engine.methods.contract import Ends
from engine.metrics.contract import Measure, Values
from engine.walk import Keyframe, NoiseSource, Walk


def theory_of(
    measure: Measure, walk: Walk, times: Values, dimension: int, channels: int = 4
) -> Values | None:
    """Returns the expected values of a measure at `times` [n] in 0…1, or None.

    `dimension` is the number of the latent's elements, in so many `channels`. Different
    noise sources are independent draws; equal sources are equal draws.
    """
    methods, keyframes = methods_of(walk), walk.keyframes
    pairs = (
        (keyframes[noise_at(methods, k)], keyframes[noise_towards(walk, methods, k)])
        for k in range(walk.segments)
    )
    ends = [_ends_of(start, end, channels) for start, end in pairs]
    places = [walk.locate(float(time)) for time in times]
    std = np.array([methods[k].expected_std(gamma, ends[k]) for k, gamma in places])
    return measure.theory(std, dimension)


def _ends_of(start: Keyframe, end: Keyframe, channels: int) -> Ends:
    """Computes std and correlation of two keyframes' latents from the noises they are sums of."""
    first, second = _weights_of(start), _weights_of(end)
    one, other = (math.hypot(*weights.values()) for weights in (first, second))
    shared = sum(weight * second.get(source, 0.0) for source, weight in first.items())
    return Ends(one, other, shared / (one * other) if one * other else 0.0, channels)


def _weights_of(keyframe: Keyframe) -> dict[NoiseSource, float]:
    """Returns the weight of each noise in a keyframe's latent."""
    weights = defaultdict[NoiseSource, float](float, {keyframe.noise: keyframe.scale})
    for term in keyframe.blend:
        weights[term.source] += term.weight
    return weights
