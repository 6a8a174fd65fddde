"""The timing of a walk: easing and holds inside its segments, and the pacing of its frames.

The pacing is the time of the walk as a piecewise linear function of the share of its frames. Pure
functions.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from engine.errors import InputError

#: The pacing of a walk: inner knots (share of the frames, time of the walk), both in 0…1 and not
#: decreasing. The ends (0, 0) and (1, 1) are not among them. No knots: even times.
Pacing = tuple[tuple[float, float], ...]

#: The longest hold, as a share of a segment.
MAX_HOLD = 0.95
#: The largest drift of a hold, in degrees.
MAX_DRIFT = 45.0


@dataclass(frozen=True, slots=True)
class Easing:
    """A cubic Bézier curve from (0, 0) to (1, 1) with two handles, as in CSS.

    It maps the share of a segment's time to γ. All numbers are in [0, 1], so that γ never
    decreases and stays in [0, 1]. The default is the straight line.
    """

    x1: float = 0.0
    y1: float = 0.0
    x2: float = 1.0
    y2: float = 1.0

    @property
    def linear(self) -> bool:
        """True if the curve is the straight line."""
        return self.x1 == self.y1 and self.x2 == self.y2

    def at(self, share: float) -> float:
        """Returns γ at `share` in [0, 1]; exact for the straight line and at both ends."""
        if self.linear or share in (0.0, 1.0):
            return share
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            if _bezier(self.x1, self.x2, middle) < share:
                low = middle
            else:
                high = middle
        return min(max(_bezier(self.y1, self.y2, (low + high) / 2), 0.0), 1.0)


#: The easings with names. Any other one is a curve with handles of its own.
EASINGS: Mapping[str, Easing] = {
    "linear": Easing(),
    "ease-in": Easing(0.42, 0.0, 1.0, 1.0),
    "ease-out": Easing(0.0, 0.0, 0.58, 1.0),
    "ease-in-out": Easing(0.42, 0.0, 0.58, 1.0),
}


@dataclass(frozen=True, slots=True)
class Pace:
    """The timing inside one segment: its start is shown for the share `hold` of its time, then γ
    follows `easing`. During the hold, the noise drifts away by up to `drift` degrees and comes
    back."""

    easing: Easing = Easing()
    hold: float = 0.0
    drift: float = 0.0

    def at(self, share: float) -> float:
        """Returns γ in [0, 1] at a share in [0, 1] of the segment's time."""
        if self.hold:
            share = max(share - self.hold, 0.0) / (1.0 - self.hold)
        return self.easing.at(share)

    @property
    def mirrored(self) -> Pace:
        """The pace of the way back. A hold stays at the start."""
        easing = self.easing
        handles = (easing.x2, easing.y2, easing.x1, easing.y1)
        # Rounded, so that turning twice gives the easing that it was.
        mirrored = Easing(*(round(1.0 - value, 12) for value in handles))
        return Pace(mirrored, self.hold, self.drift)

    def drifts_at(self, share: float) -> float:
        """Returns the share in (0, 1) of a hold that drifts, at a share of the segment's time; 0
        outside of it."""
        return share / self.hold if self.drift and 0.0 < share < self.hold else 0.0


@dataclass(frozen=True, slots=True)
class PromptKey:
    """A prompt at a time in 0…1 of a walk whose prompts have times of their own.

    `blend` ("linear", or "slerp" of each token) and `pace` are those of the way to the next one.
    """

    time: float
    text: str
    blend: str = "linear"
    pace: Pace = Pace()


def _bezier(first: float, second: float, t: float) -> float:
    """The coordinate of a cubic Bézier curve from 0 to 1 with handles at `first` and `second`."""
    rest = 1.0 - t
    return 3.0 * rest * rest * t * first + 3.0 * rest * t * t * second + t**3


def check_pace(pace: Pace) -> None:
    """Raises InputError for handles outside 0…1, for a hold outside 0…MAX_HOLD, and for a drift
    outside 0…MAX_DRIFT."""
    easing = pace.easing
    handles = (easing.x1, easing.y1, easing.x2, easing.y2)
    if not all(0.0 <= value <= 1.0 for value in handles):
        raise InputError("The handles of an easing are numbers from 0 to 1.")
    if not 0.0 <= pace.hold <= MAX_HOLD:
        raise InputError(f"A hold is a share of a segment, from 0 to {MAX_HOLD:g}.")
    if not 0.0 <= pace.drift <= MAX_DRIFT:
        raise InputError(f"A drift is an angle from 0 to {MAX_DRIFT:g} degrees.")


def easing_name(easing: Easing) -> str:
    """Returns the name of an easing, or "curve" for one with handles of its own."""
    return next((name for name, known in EASINGS.items() if known == easing), "curve")


def pace(pacing: Pacing, share: float) -> float:
    """Returns the time in 0…1 of the walk at a share in 0…1 of its frames."""
    if not pacing:
        return share
    knots = _ends(pacing)
    after = min(max(bisect_right(knots, (share, math.inf)), 1), len(knots) - 1)
    (low, start), (high, end) = knots[after - 1 : after + 1]
    part = min(max((share - low) / (high - low), 0.0), 1.0)
    return end if part == 1.0 else start + part * (end - start)


def share_of(pacing: Pacing, time: float) -> float:
    """Returns the share in 0…1 of the frames at a time of the walk: the inverse of `pace`.

    At a time that is held for several frames, the first of them.
    """
    if not pacing:
        return time
    knots = _ends(pacing)
    place = bisect_left([knot_time for _, knot_time in knots], time)
    if place == 0 or place >= len(knots):
        return knots[0 if place == 0 else -1][0]
    (before, low), (after, high) = knots[place - 1 : place + 1]
    return before + (time - low) / (high - low) * (after - before)


def check_pacing(pacing: Pacing) -> None:
    """Raises InputError for knots outside 0…1, for shares that do not increase, and for times that
    decrease."""
    knots = _ends(pacing)
    inside = all(0.0 <= value <= 1.0 for knot in knots for value in knot)
    rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(knots))
    if not inside or not rising:
        raise InputError(
            "A pacing has pairs of a share of the frames and a time of the walk, from 0 to 1; the "
            "shares increase and the times do not decrease."
        )


def _ends(pacing: Pacing) -> Pacing:
    """Returns all knots, with both ends."""
    return ((0.0, 0.0), *pacing, (1.0, 1.0))
