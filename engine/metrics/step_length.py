"""Step length: the change of the picture from one frame to the next."""

from __future__ import annotations

from dataclasses import dataclass

from engine.metrics.contract import (
    StepMeasure,
    Summary,
    largest_step,
    mean,
    measures,
    smoothness,
    variation,
)


@measures.register("step_length")
@dataclass(frozen=True)
class StepLength(StepMeasure):
    """d_i = D(x_i, x_{i+1}), with the distance D of normalized Laplacian pyramids in CIELAB.

    The walk's smoothness is 1 − Gini(d): equal steps look smooth (AID, NeurIPS 2024).
    Its summaries also give the std of the steps over their mean, and the largest over the median.
    """

    label = "Step length"
    tip = "Visible change of the picture from frame to frame"
    summaries = (
        Summary("Step length", mean, is_mean=True),
        Summary("Smoothness", smoothness),
        Summary("Step variation", variation),
        Summary("Largest step / median", largest_step),
    )

    def of(self, distance: float, span: float) -> float:
        return distance
