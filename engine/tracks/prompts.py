"""The prompts of a walk: those of its keyframes, or a track with times of its own. Pure functions.

On a track, the prompt before the first key is that of the first key, and after the last key that of
the last key. In a loop, the last key leads back to the first one.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import groupby, pairwise

from engine.errors import InputError
from engine.timing import PromptKey, check_pace
from engine.walk import LEAST_GAP, Walk

#: The ways to blend two prompts.
BLENDS = ("linear", "slerp")
#: Shares that are this near to a key are the key.
_EXACT = 1e-9


@dataclass(frozen=True, slots=True)
class PromptPlace:
    """Two prompts and γ in [0, 1] between them. `blend` is None for the prompts of keyframes, which
    the method of their segment blends."""

    first: str
    last: str
    gamma: float
    blend: str | None = None

    @property
    def nearest(self) -> str:
        """The prompt with the larger share."""
        return self.last if round(self.gamma) else self.first


def prompt_place(walk: Walk, time: float) -> PromptPlace:
    """Returns the prompts at a time in 0…1 of the walk."""
    if walk.prompts:
        return _on_track(walk, time)
    segment, gamma = walk.locate(time)
    first, last = (walk.keyframes[k].prompt for k in (segment, walk.end_of(segment)))
    return PromptPlace(first, last, gamma)


def prompts_in(walk: Walk) -> tuple[str, ...]:
    """Returns the prompts in the order of time; equal neighbours once."""
    texts = [key.text for key in walk.prompts] or [k.prompt for k in walk.keyframes]
    return tuple(text for text, _ in groupby(texts))


def ends_of_key(walk: Walk, number: int) -> tuple[float, float] | None:
    """Returns the times of a key of the track and of the next one; None after the last one. In a
    loop, the end after the last key is above 1."""
    keys = walk.prompts
    if number + 1 < len(keys):
        return keys[number].time, keys[number + 1].time
    return (keys[number].time, keys[0].time + 1.0) if walk.loop and len(keys) > 1 else None


def way_at(walk: Walk, time: float) -> int | None:
    """Returns the number of the key of the track at whose way to the next key a time lies; None
    before the first key and after the last one, which only loops join."""
    number = bisect_right([key.time for key in walk.prompts], time + _EXACT) - 1
    if number < 0:
        return len(walk.prompts) - 1 if walk.loop and len(walk.prompts) > 1 else None
    return None if ends_of_key(walk, number) is None else number


def check_prompts(walk: Walk) -> None:
    """Raises InputError for times of prompts that are not increasing in 0…1, for unknown blends,
    and for wrong easings."""
    times = [key.time for key in walk.prompts]
    inside = all(0.0 <= time <= 1.0 for time in times)
    if not inside or not all(b - a >= LEAST_GAP for a, b in pairwise(times)):
        raise InputError("The times of the prompts increase, from 0 to 1.")
    if walk.loop and len(times) > 1 and times[-1] - times[0] >= 1.0:
        raise InputError("In a loop, the last prompt comes before the first one comes again.")
    for key in walk.prompts:
        check_pace(key.pace)
        if key.blend not in BLENDS:
            raise InputError(f"Prompts are blended by {' or '.join(BLENDS)}, not {key.blend!r}.")


def _on_track(walk: Walk, time: float) -> PromptPlace:
    keys, number = walk.prompts, way_at(walk, time)
    ends = None if number is None else ends_of_key(walk, number)
    if number is None or ends is None:
        key = keys[0] if time < keys[0].time else keys[-1]
        return PromptPlace(key.text, key.text, 0.0, key.blend)
    key = keys[number]
    time = time + 1.0 if time + _EXACT < ends[0] else time
    share = (time - ends[0]) / (ends[1] - ends[0])
    share = 0.0 if share < _EXACT else share
    last: PromptKey = keys[(number + 1) % len(keys)]
    return PromptPlace(key.text, last.text, key.pace.at(share), key.blend)
