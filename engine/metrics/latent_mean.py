"""The mean of the initial latent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.metrics.contract import FrameMeasure, Observed, Values, measures


@measures.register("latent_mean")
@dataclass(frozen=True)
class LatentMean(FrameMeasure):
    """The mean of z_T's elements: 0 with std 1/√d for a draw from N(0, I_d); 0 is expected."""

    label = "Latent mean"
    tip = "The mean of the initial latent; 0 for a typical one"
    stat = "mean"

    def of(self, frame: Observed) -> float:
        return frame.stats.mean

    def theory(self, std: Values, dimension: int) -> Values:
        return np.zeros_like(std)
