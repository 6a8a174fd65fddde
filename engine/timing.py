"""The timing of a walk: easing and holds inside its segments, and the pacing of its frames.

The pacing is the time of the walk as a piecewise linear function of the share of its frames. Pure
functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import InputError

Values = npt.NDArray[np.float64]
#: The pacing of a walk: inner knots (share of the frames, time of the walk), both in 0…1 and not
#: decreasing. The ends (0, 0) and (1, 1) are not among them. No knots: even times.
Pacing = tuple[tuple[float, float], ...]

#: The longest hold, as a share of a segment.
MAX_HOLD = 0.95


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
    follows `easing`."""

    easing: Easing = Easing()
    hold: float = 0.0

    def at(self, share: float) -> float:
        """Returns γ in [0, 1] at a share in [0, 1] of the segment's time."""
        if self.hold:
            share = max(share - self.hold, 0.0) / (1.0 - self.hold)
        return self.easing.at(share)


def _bezier(first: float, second: float, t: float) -> float:
    """The coordinate of a cubic Bézier curve from 0 to 1 with handles at `first` and `second`."""
    rest = 1.0 - t
    return 3.0 * rest * rest * t * first + 3.0 * rest * t * t * second + t**3


def check_pace(pace: Pace) -> None:
    """Raises InputError for handles outside 0…1 and for a hold outside 0…MAX_HOLD."""
    easing = pace.easing
    handles = (easing.x1, easing.y1, easing.x2, easing.y2)
    if not all(0.0 <= value <= 1.0 for value in handles):
        raise InputError("The handles of an easing are numbers from 0 to 1.")
    if not 0.0 <= pace.hold <= MAX_HOLD:
        raise InputError(f"A hold is a share of a segment, from 0 to {MAX_HOLD:g}.")


def easing_name(easing: Easing) -> str:
    """Returns the name of an easing, or "curve" for one with handles of its own."""
    return next((name for name, known in EASINGS.items() if known == easing), "curve")


def pace(pacing: Pacing, share: float) -> float:
    """Returns the time in 0…1 of the walk at a share in 0…1 of its frames."""
    if not pacing:
        return share
    shares, times = _ends(pacing)
    return float(np.interp(share, shares, times))


def share_of(pacing: Pacing, time: float) -> float:
    """Returns the share in 0…1 of the frames at a time of the walk: the inverse of `pace`.

    At a time that is held for several frames, the first of them.
    """
    if not pacing:
        return time
    shares, times = _ends(pacing)
    place = int(np.searchsorted(times, time))
    if place == 0 or place >= times.size:
        return float(shares[0 if place == 0 else -1])
    low, high = times[place - 1], times[place]
    part = (time - low) / (high - low)
    return float(shares[place - 1] + part * (shares[place] - shares[place - 1]))


def knots_of(times: Values) -> Pacing:
    """Returns the pacing whose n frames have these times [n], from 0 to 1.

    Knots on the line between their neighbours are left out. Raises InputError as `check_pacing`.
    """
    shares = np.linspace(0.0, 1.0, times.size)
    knots: list[tuple[float, float]] = [(0.0, 0.0)]
    for k in range(1, times.size - 1):
        (share, time), after = knots[-1], (shares[k + 1], times[k + 1])
        line = time + (shares[k] - share) * (after[1] - time) / (after[0] - share)
        if abs(times[k] - line) > 1e-12:
            knots.append((float(shares[k]), float(times[k])))
    pacing = tuple(knots[1:])
    check_pacing(pacing)
    return pacing


def check_pacing(pacing: Pacing) -> None:
    """Raises InputError for knots outside 0…1, for shares that do not increase, and for times that
    decrease."""
    shares, times = _ends(pacing)
    inside = np.isfinite(shares).all() and np.isfinite(times).all()
    inside = inside and times.min() >= 0.0 and times.max() <= 1.0
    if not inside or (np.diff(shares) <= 0.0).any() or (np.diff(times) < 0.0).any():
        raise InputError(
            "A pacing has pairs of a share of the frames and a time of the walk, from 0 to 1; the "
            "shares increase and the times do not decrease."
        )


def _ends(pacing: Pacing) -> tuple[Values, Values]:
    """Returns the shares and the times of all knots, with both ends."""
    knots = np.array(((0.0, 0.0), *pacing, (1.0, 1.0)), np.float64)
    return knots[:, 0], knots[:, 1]
