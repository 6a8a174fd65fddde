"""The values that theory predicts for a measure along a walk. Light to import."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

from engine.methods.contract import Ends, make_method
from engine.metrics.contract import Measure, Values
from engine.walk import Keyframe, NoiseSource, Walk


def theory_of(measure: Measure, walk: Walk, times: Values, dimension: int) -> Values | None:
    """What a measure is expected to be at `times` [n] of a walk, in 0…1; None where nothing is.

    Draws of different seeds or numbers are independent; those of the same are equal.
    """
    methods = [make_method(walk.method_of(segment)) for segment in range(walk.segments)]
    ends = [_ends_of(*walk.keyframes[k : k + 2]) for k in range(walk.segments)]
    places = [walk.locate(float(time)) for time in times]
    std = np.array([methods[k].expected_std(gamma, ends[k]) for k, gamma in places])
    return measure.theory(std, dimension)


def _ends_of(start: Keyframe, end: Keyframe) -> Ends:
    """The std and correlation of two keyframes' latents, from the noises they are sums of."""
    first, second = _weights_of(start), _weights_of(end)
    one, other = (math.hypot(*weights.values()) for weights in (first, second))
    shared = sum(weight * second.get(source, 0.0) for source, weight in first.items())
    return Ends(one, other, shared / (one * other) if one * other else 0.0)


def _weights_of(keyframe: Keyframe) -> dict[NoiseSource, float]:
    """The weight of each noise in a keyframe's latent."""
    weights = defaultdict[NoiseSource, float](float, {keyframe.noise: keyframe.scale})
    for term in keyframe.blend:
        weights[term.source] += term.weight
    return weights
