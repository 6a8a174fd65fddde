"""The parts of a walk in which each prompt is the nearer one. Pure functions."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.timing import Pace, share_of
from engine.tracks.prompts import ends_of_key
from engine.walk import Walk


@dataclass(frozen=True, slots=True)
class PromptZone:
    """The frames around neighbouring keyframes that have one prompt, or around one key of a track
    of prompts.

    `numbers` are those of the keyframes or of the key, and `places` their frames, in order; NaN for
    one that is at the other end of a loop. `first` and `last` are the ends of the part, as places
    between frames: half of the prompt's share is left there.
    """

    prompt: str
    numbers: tuple[int, ...]
    places: tuple[float, ...]
    first: float
    last: float

    def nearest(self, place: float) -> int:
        """The number of the keyframe or key that is nearest to a place between frames."""
        gaps = (math.inf if math.isnan(at) else abs(at - place) for at in self.places)
        return min(zip(gaps, self.numbers, strict=True))[1]


@dataclass(frozen=True, slots=True)
class _Stop:
    """A prompt of a keyframe or a key at a time; `half` is the time at which the next one begins to
    have the larger share."""

    prompt: str
    number: int
    time: float
    half: float = math.nan


def prompt_zones(walk: Walk) -> tuple[PromptZone, ...]:
    """Returns the parts in the order of time; none if all keyframes have one prompt."""
    if walk.prompts:
        return tuple(_zones(walk, _stops_of_track(walk), merge=False))
    if len({keyframe.prompt for keyframe in walk.keyframes}) == 1:
        return ()
    return tuple(_zones(walk, _stops_of_keyframes(walk), merge=True))


def _zones(walk: Walk, stops: list[_Stop], merge: bool) -> list[PromptZone]:
    zones: list[PromptZone] = []
    start = 0
    for k in range(1, len(stops) + 1):
        if merge and k < len(stops) and stops[k].prompt == stops[start].prompt:
            continue
        part = stops[start:k]
        places = tuple(_place(walk, stop.time) for stop in part)
        first = zones[-1].last if zones else 0.0
        last = _place(walk, part[-1].half if k < len(stops) else 1.0)
        numbers = tuple(stop.number for stop in part)
        zones.append(PromptZone(part[0].prompt, numbers, places, first, last))
        start = k
    return zones


def _stops_of_keyframes(walk: Walk) -> list[_Stop]:
    times, made = walk.stops(), []
    for k, time in enumerate(times):
        number = walk.end_of(k - 1) if k else 0
        half = math.nan
        if k < walk.segments:
            half = time + _half(walk.pace_of(k)) * (times[k + 1] - time)
        made.append(_Stop(walk.keyframes[number].prompt, number, time, half))
    return made


def _stops_of_track(walk: Walk) -> list[_Stop]:
    made = []
    for number, key in enumerate(walk.prompts):
        ends, half = ends_of_key(walk, number), math.nan
        if ends is not None:
            half = ends[0] + _half(key.pace) * (ends[1] - ends[0])
        made.append(_Stop(key.text, number, key.time, half))
    last = made[-1]
    if last.half < 1.0:  # in a loop, the end of the walk belongs to the first prompt
        made.append(_Stop(made[0].prompt, 0, math.nan))
    elif last.half > 1.0:  # and here, its start to the last one
        made.insert(0, _Stop(last.prompt, last.number, math.nan, last.half - 1.0))
    return made


def _place(walk: Walk, time: float) -> float:
    return math.nan if math.isnan(time) else share_of(walk.pacing, time) * walk.intervals


def _half(pace: Pace) -> float:
    """The share of a segment's time at which γ reaches one half."""
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2.0
        low, high = (middle, high) if pace.at(middle) < 0.5 else (low, middle)
    return high
