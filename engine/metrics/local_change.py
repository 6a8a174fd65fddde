"""Local change: the speed at which the picture changes along the walk."""

from __future__ import annotations

from dataclasses import dataclass

from engine.metrics.contract import StepMeasure, measures


@measures.register("local_change")
@dataclass(frozen=True)
class LocalChange(StepMeasure):
    """D(x(t), x(t+h))/h: step length per unit of time, comparable between numbers of frames.

    Its peaks mark the tipping points at which one picture becomes another (arXiv 2506.10632).
    """

    label = "Local change"
    tip = "Step length per unit of the walk; peaks are where one picture becomes another"

    def of(self, distance: float, span: float) -> float:
        return distance / span
