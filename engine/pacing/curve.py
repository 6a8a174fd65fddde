"""The pacing of a walk from the times of its frames. Imports no large library."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.timing import Pacing, check_pacing
from engine.walk import Walk

Values = npt.NDArray[np.float64]


def times_of(walk: Walk) -> Values:
    """Returns the times of the frames, in a loop with 1 at the end: from 0 to 1."""
    times = [walk.time_of(index) for index in range(walk.frames)]
    return np.array([*times, 1.0] if walk.loop else times)


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
