"""The noise that a walk has at its keyframes: not always their own. Pure functions.

A segment whose method changes the prompt alone, or comes back, ends with the noise that it started
with, and the next segment starts there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from engine.methods.contract import Method, make_method
from engine.walk import Keyframe, Walk


def methods_of(walk: Walk) -> tuple[Method, ...]:
    """Returns the method of each segment, at least one. Raises InputError for an unknown one."""
    return tuple(make_method(walk.method_of(k)) for k in range(max(walk.segments, 1)))


def noise_at(methods: Sequence[Method], number: int) -> int:
    """Returns the number of the keyframe with whose noise the segment after `number` starts."""
    while number and not (methods[number - 1].walks_noise and not methods[number - 1].comes_back):
        number -= 1
    return number


def noise_towards(walk: Walk, methods: Sequence[Method], segment: int) -> int:
    """Returns the number of the keyframe whose noise the method of `segment` takes as its end."""
    leads = methods[segment].walks_noise
    return walk.end_of(segment) if leads else noise_at(methods, segment)


@lru_cache(maxsize=64)
def keyframes_met(walk: Walk) -> tuple[Keyframe, ...]:
    """Returns the keyframes with the noise that the walk has there: the first one's, and that which
    each segment takes as its end."""
    methods, keyframes = methods_of(walk), walk.keyframes
    ends = (noise_towards(walk, methods, segment) for segment in range(len(keyframes) - 1))
    pairs = zip(keyframes, (0, *ends), strict=True)
    return tuple(_with_noise(keyframe, keyframes[owner]) for keyframe, owner in pairs)


def ends_met(walk: Walk, segment: int) -> tuple[Keyframe, Keyframe]:
    """Returns the keyframes at both ends of a segment, with the noise that its method takes."""
    methods, keyframes = methods_of(walk), walk.keyframes
    start = _with_noise(keyframes[segment], keyframes[noise_at(methods, segment)])
    owner = keyframes[noise_towards(walk, methods, segment)]
    return start, _with_noise(keyframes[walk.end_of(segment)], owner)


def _with_noise(keyframe: Keyframe, owner: Keyframe) -> Keyframe:
    """Returns a keyframe with the sum of noises of another one."""
    return replace(keyframe, noise=owner.noise, scale=owner.scale, blend=owner.blend)
