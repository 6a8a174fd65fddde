"""Evens out the visible speed of a walk: new times for its frames, in rounds of measuring.

Imports no large library. Pure functions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.errors import InputError
from engine.metrics.contract import variation
from engine.pacing.curve import Values

MOST_ROUNDS = 3
#: Steps that vary by less than this are even. Frames and pixels are discrete.
_EVEN = 0.02
#: Longer walks are measured on every second frame, every fourth, and so on: their pacing does not
#: depend on the number of frames.
_ENOUGH = 120


def frames_to_measure(frames: int) -> list[int]:
    """Returns the frames of a walk that a round needs, the first and the last among them: at least
    120 in regular distances, which a renderer that goes from coarse to fine draws first."""
    stride = 1
    while frames > 2 * stride * _ENOUGH:
        stride *= 2
    return [*range(0, frames - 1, stride), frames - 1]


def steps_between(frames: list[int], distances: Values) -> Values:
    """Returns the steps [n−1] between all of n frames from the `distances` [k−1] between k of
    them. A distance is shared equally by the steps below it."""
    spans = np.diff(frames)
    return np.repeat(distances / spans, spans)


def retimed(times: Values, steps: Values, speed: Values | None = None) -> Values:
    """Returns new times [n] at which the steps are equal, or in proportion to a wanted `speed`.

    `times` [n] are those of the n frames and `steps` [n−1] the distances between them. With
    S(t) the sum of the steps up to t over their total, the new times are S⁻¹(k/(n−1)), piecewise
    linear (DiffMorpher, arXiv 2312.07409). With `speed` [m], at equal shares of the frames, they
    are S⁻¹(V(k/(n−1))), with the integral V of the speed over its total. Intervals with a leap get
    more frames. The ends stay. Raises InputError for steps that are unknown, or all 0.
    """
    check_steps(times, steps)
    path = np.concatenate(([0.0], np.cumsum(steps)))
    wanted = _travelled(np.linspace(0.0, 1.0, times.size), speed)
    # Where the path has no length, its inverse is any time; interp takes the last one.
    new: Values = np.interp(wanted, path / path[-1], times)
    new[[0, -1]] = times[[0, -1]]
    return new


def check_steps(times: Values, steps: Values) -> None:
    """Raises InputError for steps from which no times can be made."""
    if steps.shape != (times.size - 1,) or not np.isfinite(steps).all():
        raise InputError("Not all steps of the walk are measured yet; wait until it is rendered.")
    if not (steps >= 0.0).all() or not steps.sum() > 0.0:
        raise InputError("All frames of this walk look the same; there is no speed to even out.")


def _travelled(shares: Values, speed: Values | None) -> Values:
    """Returns the shares [n] of the path at these shares of the frames."""
    if speed is None:
        return shares
    if speed.size < 2 or not np.isfinite(speed).all() or (speed < 0.0).any() or not speed.any():
        raise InputError("A wanted speed has at least two values, none negative, and not all 0.")
    places = np.linspace(0.0, 1.0, speed.size)
    areas = (speed[1:] + speed[:-1]) / 2.0 * np.diff(places)
    # The speed is linear between its places, so the path there is quadratic: exact at `shares`.
    whole = np.concatenate(([0.0], np.cumsum(areas)))
    left = np.clip(np.searchsorted(places, shares, side="right") - 1, 0, speed.size - 2)
    part = shares - places[left]
    slope = (speed[left + 1] - speed[left]) / (places[left + 1] - places[left])
    path: Values = whole[left] + part * (speed[left] + slope * part / 2.0)
    return path / whole[-1]


@dataclass(frozen=True, slots=True)
class EvenOut:
    """The rounds in which a walk is evened out: times to render and measure, and the best so far.

    `times` [n] are those to measure next; `done` is True if there are none. `before` and `after`
    are the variations of the steps (see `variation`) at the first times and at the best ones, NaN
    before they are measured. With `speed`, they are those of the steps over the wanted ones.
    """

    times: Values
    best: Values
    speed: Values | None = None
    before: float = math.nan
    after: float = math.nan
    rounds: int = 0
    done: bool = False

    @classmethod
    def of(cls, times: Values, speed: Values | None = None) -> EvenOut:
        """Begins with the present times of the frames."""
        return cls(times, times, speed)

    def measured(self, steps: Values) -> EvenOut:
        """Returns the next round, after the steps [n−1] at `times` were measured.

        At most MOST_ROUNDS times are replaced; the times with the least variation are the result,
        so that a round never makes a walk worse. Raises InputError as `retimed`.
        """
        check_steps(self.times, steps)
        spread = variation(steps / _wanted(steps.size, self.speed))
        first = math.isnan(self.before)
        better = first or spread < self.after
        best, after = (self.times, spread) if better else (self.best, self.after)
        done = self.rounds == MOST_ROUNDS or after < _EVEN
        times = best if done else retimed(self.times, steps, self.speed)
        return EvenOut(
            times=times,
            best=best,
            speed=self.speed,
            before=spread if first else self.before,
            after=after,
            rounds=self.rounds + (not done),
            done=done,
        )


def _wanted(count: int, speed: Values | None) -> Values:
    """Returns the wanted steps [count], with a mean of 1; never 0, to divide by."""
    path = _travelled(np.linspace(0.0, 1.0, count + 1), speed)
    return np.maximum(np.diff(path) * count, 1e-3)
