"""Tipping points: times at which one picture quickly becomes another. Pure functions."""

from __future__ import annotations

import numpy as np

from engine.pacing.curve import Values

#: Local change at a tipping point, as a multiple of its median along the walk.
_LEAST = 1.5


def tipping_points(times: Values, steps: Values, most: int = 8) -> Values:
    """Returns the times of the peaks of local change, in order; at most `most`, the highest ones.

    Local change is D(x(t), x(t+h))/h (arXiv 2506.10632): `steps` [n−1] over the time between the
    frames at `times` [n]. A peak is higher than the changes beside it and than 1.5 times the
    median. Of peaks nearer than 1/50 of the walk, the highest is taken. Unknown steps are no peaks.
    """
    spans = np.diff(times)
    change = np.where(spans > 0.0, steps / np.maximum(spans, 1e-300), np.nan)
    known = change[np.isfinite(change)]
    if not known.size:
        return np.empty(0)
    filled = np.where(np.isfinite(change), change, -np.inf)
    beside = np.concatenate(([-np.inf], filled, [-np.inf]))
    peak = (filled > beside[:-2]) & (filled >= beside[2:]) & (filled > _LEAST * np.median(known))
    middles = (times[1:] + times[:-1]) / 2.0
    taken: list[float] = []
    for k in sorted(np.flatnonzero(peak).tolist(), key=lambda k: -filled[k]):
        if len(taken) < most and all(abs(middles[k] - time) >= 0.02 for time in taken):
            taken.append(float(middles[k]))
    return np.array(sorted(taken))
