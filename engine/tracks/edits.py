"""Edits of a walk's track of prompts as pure functions, which take a walk and return another."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

from engine.timing import Pace, PromptKey
from engine.tracks.prompts import prompt_place
from engine.walk import LEAST_GAP, Walk


def with_own_times(walk: Walk, own: bool) -> Walk:
    """Returns the walk with its prompts on a track of their own, at the times of the keyframes; or
    (not `own`) with the prompts that the track has at these times in the keyframes."""
    if own == bool(walk.prompts):
        return walk
    stops = walk.stops()[: len(walk.keyframes)]
    if own:
        return replace(walk, prompts=tuple(_key_of(walk, k, time) for k, time in enumerate(stops)))
    texts = [prompt_place(walk, time).nearest for time in stops]
    keyframes = zip(walk.keyframes, texts, strict=True)
    return replace(walk, keyframes=tuple(replace(k, prompt=t) for k, t in keyframes), prompts=())


def with_key(walk: Walk, number: int, **changes: Any) -> Walk:
    """Returns the walk with fields of a key of its track changed. Its time stays between those of
    its neighbours, by a quarter of a frame."""
    keys = list(walk.prompts)
    key: PromptKey = replace(keys[number], **changes)
    gap = max(2.0 * LEAST_GAP, 0.25 / max(walk.intervals, 1))
    before = keys[number - 1].time - (0.0 if number else 1.0)  # of the first key: in a loop
    low = max(before + gap, 0.0) if number or walk.loop else 0.0
    after = keys[number + 1].time - gap if number + 1 < len(keys) else 1.0
    high = min(after, 1.0 - gap) if walk.loop else after
    time = min(max(key.time, low), high) if low <= high else keys[number].time
    keys[number] = replace(key, time=time)
    return replace(walk, prompts=tuple(keys))


def with_key_added(walk: Walk, time: float) -> Walk:
    """Returns the walk with another key, which has the nearer prompt at its time."""
    time = min(time, 1.0 - LEAST_GAP) if walk.loop else time
    place = prompt_place(walk, time)
    key = PromptKey(time, place.nearest, place.blend or "linear")
    keys = sorted((*walk.prompts, key), key=lambda each: each.time)
    return replace(walk, prompts=_apart(keys))


def with_key_removed(walk: Walk, number: int) -> Walk:
    """Returns the walk without a key of its track; without the last one, it has no track."""
    if len(walk.prompts) == 1:
        return with_own_times(walk, False)
    return replace(walk, prompts=(*walk.prompts[:number], *walk.prompts[number + 1 :]))


def with_prompts_kept(walk: Walk, changed: Walk) -> Walk:
    """Returns `changed`, an edit of `walk`, with the track of `walk` moved so that prompts stay at
    the same places between the keyframes that both have."""
    if not walk.prompts:
        return changed
    new = {k.id: time for k, time in zip(changed.keyframes, changed.stops(), strict=False)}
    old = zip(walk.keyframes, walk.stops(), strict=False)
    pairs = [(time, new[keyframe.id]) for keyframe, time in old if keyframe.id in new]
    if walk.loop and changed.loop:
        pairs.append((1.0, 1.0))
    high = 1.0 - LEAST_GAP if changed.loop else 1.0
    moved = [replace(key, time=min(_moved(key.time, pairs), high)) for key in walk.prompts]
    return replace(changed, prompts=_apart(moved))


def with_prompts_reversed(walk: Walk, turned: Walk) -> Walk:
    """Returns `turned`, which leads from the end of `walk` to its start, with its track. Blends and
    easings stay with the ways between two prompts."""
    keys = walk.prompts
    made = []
    for number, key in enumerate(keys):
        before = keys[number - 1]  # of the first key: the last one, which leads to it in a loop
        time = (1.0 - key.time) % 1.0 if walk.loop else 1.0 - key.time
        made.append(PromptKey(time, key.text, before.blend, before.pace.mirrored))
    return replace(turned, prompts=tuple(sorted(made, key=lambda key: key.time)))


def _key_of(walk: Walk, number: int, time: float) -> PromptKey:
    segment = min(number, walk.segments - 1)
    choice, pace = walk.method_of(segment), walk.pace_of(segment)
    slerp = choice.name == "prompt-slerp" or ("prompts", "slerp") in choice.params
    blend = "slerp" if slerp else "linear"
    return PromptKey(time, walk.keyframes[number].prompt, blend, Pace(pace.easing, pace.hold))


def _moved(time: float, pairs: list[tuple[float, float]]) -> float:
    """Returns the new time on the line between the two pairs (old, new) around `time`; beside all,
    that of the nearest pair."""
    for (low, start), (high, end) in pairwise(pairs):
        if low <= time <= high:
            return start + (time - low) / (high - low) * (end - start)
    return min(pairs, key=lambda pair: abs(pair[0] - time))[1]


def _apart(keys: list[PromptKey]) -> tuple[PromptKey, ...]:
    """Returns the keys without those that are at the time of the one before."""
    kept = keys[:1]
    for key in keys[1:]:
        if key.time - kept[-1].time >= LEAST_GAP:
            kept.append(key)
    return tuple(kept)
