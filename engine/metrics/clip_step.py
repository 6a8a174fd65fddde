"""The step length in CLIP's space."""

from __future__ import annotations

from dataclasses import dataclass

from engine.metrics.contract import Space, StepMeasure, Summary, mean, measures, smoothness


@measures.register("clip_step")
@dataclass(frozen=True)
class ClipStep(StepMeasure):
    """The angle between CLIP's directions of two neighbouring frames."""

    label = "CLIP step"
    tip = "The angle between neighbouring frames in CLIP's space"
    unit = "°"
    needs_scorer = True
    space = Space.CLIP
    summaries = (
        Summary("CLIP step", mean, is_mean=True),
        Summary("Smoothness in CLIP", smoothness),
    )

    def of(self, distance: float, span: float) -> float:
        return distance
