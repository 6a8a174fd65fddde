"""Wanted speeds along a walk, by name. Imports no large library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from engine.errors import InputError
from engine.pacing.curve import Values

_POINTS = 33
#: The lowest speed of a profile, as a share of its highest one.
_LEAST = 0.25


@dataclass(frozen=True, slots=True)
class Profile:
    """A wanted speed: its label, and the speed at a share in 0…1 of the frames, from 0 to 1."""

    label: str
    shape: Callable[[Values], Values]

    @property
    def speed(self) -> Values:
        """The speed [33] at equal shares of the frames, from a quarter of the highest on, with the
        mean 1."""
        shares = np.linspace(0.0, 1.0, _POINTS)
        speed: Values = _LEAST + (1.0 - _LEAST) * self.shape(shares)
        return speed / speed.mean()


#: All profiles. Steady speed is the first one.
PROFILES: Mapping[str, Profile] = {
    "steady": Profile("Steady", np.ones_like),
    "slow-ends": Profile("Slow at both ends", lambda t: np.sin(np.pi * t)),
    "slow-middle": Profile("Slow in the middle", lambda t: 1.0 - np.sin(np.pi * t)),
    "faster": Profile("Faster and faster", lambda t: t),
    "slower": Profile("Slower and slower", lambda t: 1.0 - t),
}


def find_profile(name: str) -> Profile:
    """Returns a profile by name. Raises InputError with a list of all names."""
    if name not in PROFILES:
        raise InputError(f"There is no speed {name!r}; there are: {', '.join(PROFILES)}.")
    return PROFILES[name]
