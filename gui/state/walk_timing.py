"""Edits of a walk's timing as pure functions: loop, times of keyframes, easing and holds."""

from __future__ import annotations

from dataclasses import replace

from engine.timing import Pace
from engine.tracks.edits import with_prompts_kept, with_prompts_reversed
from engine.walk import LEAST_GAP, Walk


def with_loop(walk: Walk, loop: bool) -> Walk:
    """Returns the walk as a loop, or open. The frames stay as many, and the new segment of a loop
    has the method and easing of the last one. Keyframes keep the proportions of their distances."""
    if loop == walk.loop:
        return walk
    methods, stops = walk.methods, walk.stops()
    paces = [walk.pace_of(number) for number in range(walk.segments)]
    if loop:
        share = walk.segments / (walk.segments + 1)
        times = tuple(share * time for time in stops)
        methods = (*methods, methods[-1]) if len(methods) > 1 else methods
        paces.append(paces[-1])
    else:
        times = tuple(time / stops[-2] for time in stops[:-1])
        methods = methods[:-1] if len(methods) > 1 else methods
        paces.pop()
    changed = replace(
        walk,
        loop=loop,
        methods=methods,
        paces=_folded(paces),
        times=times if walk.times else (),
        pacing=(),
    )
    return with_prompts_kept(walk, changed)


def with_time(walk: Walk, number: int, time: float) -> Walk:
    """Returns the walk with keyframe `number` at `time`, kept between its neighbours. The first
    keyframe stays, and so does the last one of an open walk."""
    if not can_move(walk, number):
        return walk
    stops = list(walk.stops())
    gap = max(LEAST_GAP, 1.0 / max(walk.intervals, 1) / 4.0)
    low, high = stops[number - 1] + gap, stops[number + 1] - gap
    stops[number] = min(max(time, low), high) if low < high else stops[number]
    return replace(walk, times=tuple(stops[: len(walk.keyframes)]))


def can_move(walk: Walk, number: int) -> bool:
    """True if keyframe `number` can have another time."""
    return 0 < number < len(walk.stops()) - 1


def spread_evenly(walk: Walk) -> Walk:
    """Returns the walk with equal intervals between its keyframes and an even pacing."""
    return with_prompts_kept(walk, replace(walk, times=(), pacing=()))


def with_pace(walk: Walk, pace: Pace, segment: int) -> Walk:
    """Returns the walk with another easing and hold in `segment`."""
    paces = [walk.pace_of(number) for number in range(walk.segments)]
    paces[segment] = pace
    return replace(walk, paces=_folded(paces))


def with_segment_added(walk: Walk, longer: Walk, segment: int) -> Walk:
    """Returns `longer`, which has one keyframe more than `walk`, with its timing: segment number
    `segment` of `walk` becomes two of half the time each; at the end of an open walk, a segment of
    equal time is added."""
    paces = [walk.pace_of(number) for number in range(walk.segments)]
    if paces:
        paces.insert(segment, paces[min(segment, len(paces) - 1)])
    times: tuple[float, ...] = ()
    if walk.times:
        stops = list(walk.stops())
        if segment >= walk.segments:
            share = walk.segments / (walk.segments + 1)
            stops = [share * time for time in stops] + [1.0]
        else:
            stops.insert(segment + 1, (stops[segment] + stops[segment + 1]) / 2.0)
        times = tuple(stops[: len(longer.keyframes)])
    timed = replace(longer, paces=_folded(paces), times=times, pacing=())
    return with_prompts_kept(walk, timed)


def with_segment_removed(walk: Walk, shorter: Walk, number: int) -> Walk:
    """Returns `shorter`, which lacks keyframe `number` of `walk`, with its timing."""
    paces = [walk.pace_of(segment) for segment in range(walk.segments)]
    paces.pop(min(number, len(paces) - 1))
    times: tuple[float, ...] = ()
    if walk.times:
        kept = [time for k, time in enumerate(walk.times) if k != number]
        length = 1.0 - kept[0] if walk.loop else kept[-1] - kept[0]
        times = tuple((time - kept[0]) / length for time in kept)
    timed = replace(shorter, paces=_folded(paces), times=times, pacing=())
    return with_prompts_kept(walk, timed)


def reversed_timing(walk: Walk, turned: Walk) -> Walk:
    """Returns `turned`, which has the keyframes of `walk` in reverse order, with its timing. A loop
    starts at the same keyframe. A hold stays at the start of its segment."""
    paces = [walk.pace_of(segment).mirrored for segment in range(walk.segments)][::-1]
    times: tuple[float, ...] = ()
    if walk.times:
        stops = [1.0 - time for time in reversed(walk.stops())]
        times = tuple(stops[: len(walk.keyframes)])
    pacing = tuple((1.0 - share, 1.0 - time) for share, time in reversed(walk.pacing))
    turned = replace(turned, paces=_folded(paces), times=times, pacing=pacing)
    return with_prompts_reversed(walk, turned)


def _folded(paces: list[Pace]) -> tuple[Pace, ...]:
    """Returns () if all segments have constant speed."""
    return tuple(paces) if any(pace != Pace() for pace in paces) else ()
