"""Step length: how much the picture changes from one frame to the next."""

from __future__ import annotations

from dataclasses import dataclass

from engine.metrics.contract import StepMeasure, Summary, mean, measures, smoothness


@measures.register("step_length")
@dataclass(frozen=True)
class StepLength(StepMeasure):
    """d_i = D(x_i, x_{i+1}), D the distance of normalized Laplacian pyramids in CIELAB.

    Even steps look smooth: 1 − Gini(d) is the walk's smoothness (AID, NeurIPS 2024).
    """

    label = "Step length"
    tip = "How much the picture changes from frame to frame, as the eye sees it"
    summaries = (Summary("Step length", mean, spread=True), Summary("Smoothness", smoothness))

    def of(self, distance: float, span: float) -> float:
        return distance
