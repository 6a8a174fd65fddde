"""How far the initial latent lies off the typical shell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.metrics.contract import FrameMeasure, Observed, Values, measures


@measures.register("latent_norm_z")
@dataclass(frozen=True)
class LatentNormZ(FrameMeasure):
    """The z-score of |z_T|: for z ~ N(0, I_d) the norm has mean √(d − ½) and variance ½.

    Linear's midpoint lies 53 σ inside for Stable Diffusion's 16,384 elements.
    """

    label = "Distance from shell"
    tip = "How many σ the latent's norm is off that of a typical draw; negative is inside"
    unit = "σ"
    stat = "norm_z"

    def of(self, frame: Observed) -> float:
        return frame.stats.norm_z

    def theory(self, std: Values, dimension: int) -> Values:
        typical = np.sqrt(dimension - 0.5)
        return (std * typical - typical) / np.sqrt(0.5)
