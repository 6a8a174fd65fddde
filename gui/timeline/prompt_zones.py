"""The parts of a walk in which each prompt is the nearer one. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass

from engine.timing import Pace, share_of
from engine.walk import Walk


@dataclass(frozen=True, slots=True)
class PromptZone:
    """The frames around neighbouring keyframes that have one prompt.

    `keyframes` are their numbers in the walk and `places` their frames, in order; in a loop, the
    last part belongs to the first keyframe again. `first` and `last` are the ends of the part, as
    places between frames: half of the prompt's share is left there.
    """

    prompt: str
    keyframes: tuple[int, ...]
    places: tuple[float, ...]
    first: float
    last: float

    def nearest(self, place: float) -> int:
        """The keyframe of this part that is nearest to a place between frames."""
        pairs = zip(self.places, self.keyframes, strict=True)
        return min((abs(at - place), keyframe) for at, keyframe in pairs)[1]


def prompt_zones(walk: Walk) -> tuple[PromptZone, ...]:
    """Returns the parts in the order of time; none if all prompts are equal."""
    if len({keyframe.prompt for keyframe in walk.keyframes}) == 1:
        return ()
    places = tuple(_place(walk, time) for time in walk.stops())
    numbers = [walk.end_of(k - 1) if k else 0 for k in range(len(places))]
    zones: list[PromptZone] = []
    start = 0
    for k in range(1, len(numbers) + 1):
        prompt = walk.keyframes[numbers[start]].prompt
        if k < len(numbers) and walk.keyframes[numbers[k]].prompt == prompt:
            continue
        first = zones[-1].last if zones else places[0]
        last = _middle(walk, k - 1) if k < len(numbers) else places[-1]
        zones.append(PromptZone(prompt, tuple(numbers[start:k]), places[start:k], first, last))
        start = k
    return tuple(zones)


def _place(walk: Walk, time: float) -> float:
    return share_of(walk.pacing, time) * walk.intervals


def _middle(walk: Walk, segment: int) -> float:
    """The place in a segment at which γ is one half."""
    start, end = walk.stops()[segment : segment + 2]
    return _place(walk, start + _half(walk.pace_of(segment)) * (end - start))


def _half(pace: Pace) -> float:
    """The share of a segment's time at which γ reaches one half."""
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2.0
        low, high = (middle, high) if pace.at(middle) < 0.5 else (low, middle)
    return high
