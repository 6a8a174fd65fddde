"""The timing inside the segments of a walk: easing and holds. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.errors import InputError

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
EASINGS: Mapping[str, Easing] = MappingProxyType(
    {
        "linear": Easing(),
        "ease-in": Easing(0.42, 0.0, 1.0, 1.0),
        "ease-out": Easing(0.0, 0.0, 0.58, 1.0),
        "ease-in-out": Easing(0.42, 0.0, 0.58, 1.0),
    }
)


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
