"""The base class of methods through many keyframes, and the run of keyframes that they take.

Neighbouring segments with the same method and parameters form a run. The path of a run depends on
all its keyframes, which makes it smooth at the inner ones.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from engine.methods.contract import Array, NoiseMethod
from engine.walk import Walk


@dataclass(frozen=True, slots=True)
class Run:
    """The keyframes of a run: their numbers in the walk, and their increasing times [n].

    `segment` is the segment of the run that is asked for; it leads from knot `segment` to the next
    one. In a `periodic` run, which is a whole loop, the last segment leads back to knot 0 at its
    time plus 1. Times of a run across the seam of a loop continue above 1.
    """

    keyframes: tuple[int, ...]
    times: tuple[float, ...]
    segment: int
    periodic: bool = False

    def time_at(self, gamma: float) -> float:
        """The time at γ of the segment."""
        start = self.times[self.segment]
        last = self.segment + 1 == len(self.times)
        end = self.times[0] + 1.0 if last else self.times[self.segment + 1]
        return start + gamma * (end - start)


@dataclass(frozen=True)
class ThroughMethod(NoiseMethod):
    """The base class of these methods. Between two keyframes, `latent` is the path of a run of one
    segment."""

    @abstractmethod
    def latent_through(self, knots: Sequence[Array], run: Run, gamma: float) -> Array:
        """Returns the latent [C, h, w] at γ of the run's segment. `knots` are the latents of its
        keyframes."""

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        return self.latent_through((start, end), Run((0, 1), (0.0, 1.0), 0), gamma)


def run_of(walk: Walk, segment: int) -> Run:
    """Returns the run of a segment of the walk."""
    choice, count, stops = walk.method_of(segment), walk.segments, walk.stops()
    same = [walk.method_of(number) == choice for number in range(count)]
    if walk.loop and all(same):
        return Run(tuple(range(count)), stops[:-1], segment, periodic=True)
    lowest, highest = (segment - count + 1, segment + count) if walk.loop else (0, count)
    first, last = segment, segment + 1
    while first > lowest and same[(first - 1) % count]:
        first -= 1
    while last < min(highest, first + count) and same[last % count]:
        last += 1
    numbers = range(first, last + 1)
    if not walk.loop:
        return Run(tuple(numbers), tuple(stops[number] for number in numbers), segment - first)
    times = tuple(number // count + stops[number % count] for number in numbers)
    return Run(tuple(number % count for number in numbers), times, segment - first)
