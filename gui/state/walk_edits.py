"""Edits of a walk as pure functions, which take a walk and return another."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from engine.methods.contract import methods
from engine.walk import Exploration, Keyframe, MethodChoice, NoiseSource, Sampling, Walk
from gui.state.walk_timing import (
    reversed_timing,
    with_loop,
    with_segment_added,
    with_segment_removed,
)

FEWEST_KEYFRAMES = 2
FEWEST_COMPARED = 2

#: Names of the qualities, which set steps, guidance and solver. Normal: as the model recommends.
DRAFT, NORMAL, PAPER = "Draft", "Normal", "Paper"
PAPER_SETTINGS = (30, 7.5, "dpm++2m")
DRAFT_STEPS = 8


def draw_seed() -> int:
    """Returns a random seed of 32 bits."""
    return secrets.randbits(32)


def with_keyframe(walk: Walk, index: int, keyframe: Keyframe) -> Walk:
    """Returns the walk with keyframe number `index` replaced."""
    keyframes = (*walk.keyframes[:index], keyframe, *walk.keyframes[index + 1 :])
    return replace(walk, keyframes=keyframes)


def with_noise(walk: Walk, index: int, noise: NoiseSource) -> Walk:
    """Returns the walk with `noise` at keyframe `index`. The keyframe's old noise becomes its
    previous noise."""
    return with_keyframe(walk, index, _renoised(walk.keyframes[index], noise))


def with_lock(walk: Walk, index: int, locked: bool) -> Walk:
    """Returns the walk with the noise of keyframe `index` locked or unlocked."""
    return with_keyframe(walk, index, replace(walk.keyframes[index], locked=locked))


def with_prompt(walk: Walk, prompt: str, index: int | None = None) -> Walk:
    """Returns the walk with `prompt` at keyframe `index`, or (None) at all keyframes."""
    if index is not None:
        return with_keyframe(walk, index, replace(walk.keyframes[index], prompt=prompt))
    return replace(walk, keyframes=tuple(replace(k, prompt=prompt) for k in walk.keyframes))


def with_one_prompt(walk: Walk, linked: bool) -> Walk:
    """Returns the walk with the first keyframe's prompt for all keyframes, or (not `linked`) with a
    prompt for each."""
    walk = with_prompt(walk, walk.keyframes[0].prompt) if linked else walk
    return replace(walk, one_prompt=linked)


def with_method(walk: Walk, choice: MethodChoice, segment: int | None = None) -> Walk:
    """Returns the walk with another method in `segment`, or (None) in all segments."""
    if segment is None or walk.segments == 1:
        return replace(walk, methods=(choice,))
    choices = list(_spread(walk))
    choices[segment] = choice
    return replace(walk, methods=_folded(choices))


def inserted(walk: Walk, index: int, keyframe: Keyframe) -> Walk:
    """Returns the walk with a new keyframe before number `index`. The new segment has the method of
    its neighbour."""
    keyframes = (*walk.keyframes[:index], keyframe, *walk.keyframes[index:])
    choices = list(_spread(walk))
    near = min(max(index - 1, 0), len(choices) - 1)
    choices.insert(near, choices[near])
    plain = replace(walk, paces=(), times=(), pacing=())
    longer = replace(plain, keyframes=keyframes, methods=_folded(choices))
    return with_segment_added(walk, longer, max(index - 1, 0))


def appended(walk: Walk, seed: Callable[[], int] = draw_seed) -> Walk:
    """Returns the walk with a keyframe added at the end, with the last prompt and new noise. The
    number of frames in a segment stays the same."""
    keyframe = Keyframe(walk.keyframes[-1].prompt, NoiseSource(seed(), 0))
    longer = inserted(walk, len(walk.keyframes), keyframe)
    return replace(longer, frames=_frames_for(walk, longer.segments))


def duplicated(walk: Walk, index: int) -> Walk:
    """Returns the walk with a copy after keyframe `index`, unlocked and without previous noise."""
    copy = replace(walk.keyframes[index], id=0, locked=False, previous=None)
    return inserted(walk, index + 1, copy)


def with_point(walk: Walk, keyframe: Keyframe, gamma: float) -> Walk:
    """Returns the walk with a point of the plane inserted at the playhead, at time `gamma`."""
    return inserted(walk, walk.locate(gamma)[0] + 1, keyframe)


def with_keyframes_at(walk: Walk, found: Mapping[int, Keyframe]) -> Walk:
    """Returns the walk with these keyframes, by the number of the frame that each of them is. Each
    halves the time of its segment. The number of frames stays the same."""
    longer = walk
    for index in sorted(found, reverse=True):  # the last first, so that numbers of others hold
        segment, _ = walk.locate(walk.time_of(index))
        longer = inserted(longer, segment + 1, found[index])
    return longer


def removed(walk: Walk, index: int) -> Walk:
    """Returns the walk without keyframe `index`, with the same number of frames in a segment. Two
    keyframes are never removed."""
    if len(walk.keyframes) <= FEWEST_KEYFRAMES:
        return walk
    choices = list(_spread(walk))
    choices.pop(min(index, len(choices) - 1))
    keyframes = (*walk.keyframes[:index], *walk.keyframes[index + 1 :])
    plain = replace(walk, paces=(), times=(), pacing=())
    shorter = replace(plain, keyframes=keyframes, methods=_folded(choices))
    frames = _frames_for(walk, shorter.segments)
    return with_segment_removed(walk, replace(shorter, frames=frames), index)


def moved(walk: Walk, index: int, to: int) -> Walk:
    """Returns the walk with keyframe `index` moved to `to`. Methods stay with the segments."""
    keyframes = list(walk.keyframes)
    keyframes.insert(to, keyframes.pop(index))
    return replace(walk, keyframes=tuple(keyframes))


def reseeded(walk: Walk, seed: Callable[[], int] = draw_seed) -> Walk:
    """Returns the walk with new noise at every keyframe that is not locked."""
    keyframes = (
        keyframe if keyframe.locked else _renoised(keyframe, NoiseSource(seed(), 0))
        for keyframe in walk.keyframes
    )
    return replace(walk, keyframes=tuple(keyframes))


def reversed_walk(walk: Walk) -> Walk:
    """Returns the walk from its end to its start. A loop starts at the same keyframe."""
    keyframes = walk.keyframes[::-1]
    if walk.loop:
        keyframes = (keyframes[-1], *keyframes[:-1])
    turned = replace(walk, keyframes=keyframes, methods=walk.methods[::-1])
    return reversed_timing(walk, turned)


def looped(exploration: Exploration, loop: bool) -> Exploration:
    """Returns the exploration with its walk and all rows led back to their first keyframes, or
    (not `loop`) ended at their last ones."""
    rows = tuple(with_loop(walk, loop) for walk in exploration.rows)
    return replace(exploration, walk=with_loop(exploration.walk, loop), rows=rows)


def at_quality(sampling: Sampling, quality: str, normal: Sampling) -> Sampling:
    """Returns `sampling` with the steps, guidance and solver of a quality. `normal` is the model's
    recommended sampling."""
    if quality == PAPER:
        steps, guidance, solver = PAPER_SETTINGS
        return replace(sampling, steps=steps, guidance=guidance, solver=solver)
    steps = min(DRAFT_STEPS, normal.steps) if quality == DRAFT else normal.steps
    return replace(sampling, steps=steps, guidance=normal.guidance, solver=normal.solver)


def quality_of(sampling: Sampling, normal: Sampling) -> str:
    """Returns the quality that has these settings, or ""."""
    for quality in (NORMAL, DRAFT, PAPER):
        if at_quality(sampling, quality, normal) == sampling:
            return quality
    return ""


def toggled(exploration: Exploration, name: str) -> Exploration:
    """Returns the exploration with a method added to its comparison or removed; at least two stay.

    A method that is used in the walk is compared with the parameters it has there.
    """
    names = {choice.name for choice in exploration.compare} ^ {name}
    if len(names) < FEWEST_COMPARED:
        return exploration
    return compared(exploration, names)


def compared(exploration: Exploration, names: Collection[str]) -> Exploration:
    """Returns the exploration with these methods compared, in the order of the registry."""
    used = {choice.name: choice for choice in (*exploration.walk.methods, *exploration.compare)}
    choices = (used.get(n, MethodChoice(n)) for n in methods.names() if n in names)
    return replace(exploration, compare=tuple(choices))


def _frames_for(walk: Walk, segments: int) -> int:
    """Returns the number of frames with which a segment has as many as before."""
    per_segment = max(walk.intervals / walk.segments, 1.0 if segments > walk.segments else 0.0)
    return max(round(per_segment * segments), 1 if walk.loop else 0) + (0 if walk.loop else 1)


def _renoised(keyframe: Keyframe, noise: NoiseSource) -> Keyframe:
    previous = keyframe.noise if keyframe.noise != noise else keyframe.previous
    return replace(keyframe, noise=noise, scale=1.0, blend=(), previous=previous)


def _spread(walk: Walk) -> tuple[MethodChoice, ...]:
    return tuple(walk.method_of(segment) for segment in range(walk.segments))


def _folded(choices: list[MethodChoice]) -> tuple[MethodChoice, ...]:
    return (choices[0],) if len(set(choices)) == 1 else tuple(choices)
