"""Step length: the change of the picture from one frame to the next."""

from __future__ import annotations

from dataclasses import dataclass

from engine.metrics.contract import StepMeasure, Summary, mean, measures, smoothness


@measures.register("step_length")
@dataclass(frozen=True)
class StepLength(StepMeasure):
    """d_i = D(x_i, x_{i+1}), with the distance D of normalized Laplacian pyramids in CIELAB.

    The walk's smoothness is 1 − Gini(d): equal steps look smooth (AID, NeurIPS 2024).
    """

    label = "Step length"
    tip = "Visible change of the picture from frame to frame"
    summaries = (Summary("Step length", mean, is_mean=True), Summary("Smoothness", smoothness))

    def of(self, distance: float, span: float) -> float:
        return distance
