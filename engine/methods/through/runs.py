"""The keyframes that a method through many keyframes takes."""

from __future__ import annotations

from dataclasses import dataclass

from engine.walk import MethodChoice, Walk


@dataclass(frozen=True, slots=True)
class Run:
    """The keyframes of neighbouring segments with one method and equal parameters. How they blend
    prompts does not matter.

    `keyframes` are their numbers in the walk, and `times` their increasing times; () are equal
    intervals. `segment` is the number in the run of the segment that is asked for. In a `loop`, the
    last segment leads back to the first keyframe, and there is one time more. The times of a run
    across the seam of a walk that is a loop continue above 1.
    """

    keyframes: tuple[int, ...]
    times: tuple[float, ...]
    segment: int
    loop: bool = False


def run_of(walk: Walk, segment: int) -> Run:
    """Returns the run of a segment of the walk."""
    choice, count = _of_noise(walk.method_of(segment)), walk.segments
    stops = walk.stops() if walk.times else ()
    same = [_of_noise(walk.method_of(number)) == choice for number in range(count)]
    if walk.loop and all(same):
        return Run(tuple(range(count)), stops, segment, loop=True)
    lowest, highest = (segment - count + 1, segment + count) if walk.loop else (0, count)
    first, last = segment, segment + 1
    while first > lowest and same[(first - 1) % count]:
        first -= 1
    while last < min(highest, first + count) and same[last % count]:
        last += 1
    numbers = range(first, last + 1)
    size = len(walk.keyframes)
    times = tuple(number // size + stops[number % size] for number in numbers) if stops else ()
    return Run(tuple(number % size for number in numbers), times, segment - first)


def _of_noise(choice: MethodChoice) -> MethodChoice:
    """Returns the method without the parameter that influences prompts only."""
    return MethodChoice(choice.name, tuple(pair for pair in choice.params if pair[0] != "prompts"))
