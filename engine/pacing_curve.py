"""A pacing: the time of the walk as a piecewise linear function of the share of its frames.

Imports no large library. Pure functions.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.errors import InputError

Values = npt.NDArray[np.float64]
#: Inner knots (share of the frames, time of the walk), both in 0…1 and not decreasing. The ends
#: (0, 0) and (1, 1) are not among them. No knots: even times.
Pacing = tuple[tuple[float, float], ...]


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
