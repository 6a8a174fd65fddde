"""Local change: the speed of the picture's change along the walk."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.metrics.contract import StepMeasure, measures


@measures.register("local_change")
@dataclass(frozen=True)
class LocalChange(StepMeasure):
    """D(x(t), x(t+h))/h: step length per unit of time, independent of the number of frames.

    Peaks mark points at which one picture changes quickly into another (arXiv 2506.10632).
    """

    label = "Local change"
    tip = "Step length per unit of the walk's time; peaks are fast changes"

    def of(self, distance: float, span: float) -> float:
        return distance / span if span > 0.0 else math.nan
