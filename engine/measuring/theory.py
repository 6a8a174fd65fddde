"""The values that theory predicts for a measure along a walk. Light to import."""

from __future__ import annotations

import numpy as np

from engine.methods.contract import make_method
from engine.metrics.contract import Measure, Values
from engine.walk import Walk


def theory_of(measure: Measure, walk: Walk, times: Values, dimension: int) -> Values | None:
    """What a measure is expected to be at `times` [n] of a walk, in 0…1; None where nothing is."""
    methods = [make_method(walk.method_of(segment)) for segment in range(walk.segments)]
    places = [walk.locate(float(time)) for time in times]
    std = np.array([methods[segment].expected_std(gamma) for segment, gamma in places])
    return measure.theory(std, dimension)
