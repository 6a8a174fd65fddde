"""A walk's certificate: numbers that say how even and how typical the walk is. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.metrics.contract import largest_step, variation
from engine.pacing.curve import Values

#: Distances in time from a keyframe at which its turn is measured: the first at which the path has
#: moved by more than rounding, as a share of the latent's norm.
_NEAR, _STILL = (1e-5, 1e-4, 1e-3), 1e-12
#: Largest |std − 1| of a walk that stays typical.
STD_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class Certificate:
    """The numbers of one walk.

    `std_error` is the largest |std − 1| of the initial latents; `turns` are the angles in degrees
    by which the path turns at each inner keyframe (a loop: at all of them); `variation` is the
    coefficient of variation of the steps; `largest` the largest step as a multiple of the median;
    `seam` the largest difference between both ends of a loop, NaN for a walk that is no loop.
    Numbers that were not measured are NaN.
    """

    std_error: float
    turns: tuple[float, ...]
    variation: float
    largest: float
    seam: float = math.nan

    @property
    def typical(self) -> bool:
        """True if the std stays within ±1 %."""
        return self.std_error <= STD_TOLERANCE

    def numbers(self) -> dict[str, float]:
        """Returns the known numbers by name, for files."""
        named = {
            "std_error": self.std_error,
            "largest_turn": max(self.turns, default=math.nan),
            "step_variation": self.variation,
            "largest_step": self.largest,
            "seam": self.seam,
        }
        return {name: value for name, value in named.items() if not math.isnan(value)}

    def sentence(self, walk: str, distance: str) -> str:
        """Returns the certificate in words. `distance` names the distance of the steps. Numbers
        that were not measured are left out; "" if there are none."""
        within = "within" if self.typical else "beyond"
        most = f"{max(self.turns):.0f}" if self.turns else ""
        parts = {
            f"the std is at most {100 * self.std_error:.1f} % from 1, {within} 1 %": self.std_error,
            f"the path turns by at most {most}° at keyframes": 0.0 if self.turns else math.nan,
            f"the steps ({distance}) vary by {100 * self.variation:.0f} %": self.variation,
            f"the largest is {self.largest:.1f} times the median": self.largest,
            f"the ends of the loop differ by {self.seam:.0e}": self.seam,
        }
        known = [part for part, value in parts.items() if not math.isnan(value)]
        return f"{walk}: {', '.join(known)}." if known else ""


def certify(
    stds: Values,
    steps: Values,
    turns: tuple[float, ...] = (),
    seam: float = math.nan,
) -> Certificate:
    """Makes the certificate from the std of each frame [n], and the steps between frames."""
    known = stds[np.isfinite(stds)]
    error = float(np.abs(known - 1.0).max()) if known.size else math.nan
    return Certificate(error, turns, variation(steps), largest_step(steps), seam)


def turn_at(latent: Callable[[float], Values], time: float, loop: bool = False) -> float:
    """Returns the angle in degrees between the directions before and after `time` of a path.

    `latent` returns the latent at a time in 0…1. In a loop, the time before 0 is that before 1.
    0 where the path stands still on one side.
    """
    into, out = (_direction(latent, time, side, loop) for side in (-1.0, 1.0))
    if into is None or out is None:
        return 0.0
    # From the chord of the unit vectors: the arc cosine is inexact for small angles.
    return math.degrees(2.0 * math.asin(min(float(np.linalg.norm(into - out)) / 2.0, 1.0)))


def _direction(
    latent: Callable[[float], Values], time: float, side: float, loop: bool
) -> Values | None:
    """Returns the unit vector in which a path goes, before (`side` −1) or after (1) a time. An
    eased path hardly moves there, and is looked at further away. None if it stands still."""
    here = latent(time)
    least = _STILL * max(float(np.linalg.norm(here)), 1.0)
    for near in _NEAR:
        there = time + side * near
        way = side * (latent(there % 1.0 if loop else there) - here).ravel()
        length = float(np.linalg.norm(way))
        if length > least:
            return way / length
    return None
