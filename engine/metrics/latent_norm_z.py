"""The distance of the initial latent from the typical shell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.metrics.contract import FrameMeasure, Observed, Values, measures


@measures.register("latent_norm_z")
@dataclass(frozen=True)
class LatentNormZ(FrameMeasure):
    """The z-score of |z_T|: for z ~ N(0, I_d), the norm has mean √(d − ½) and variance ½.

    With the 16,384 elements of Stable Diffusion, the midpoint of a linear walk is 53 σ inside.
    """

    label = "Distance from shell"
    tip = "Distance of the latent's norm from that of a typical draw, in σ; negative is inside"
    unit = "σ"
    stat = "norm_z"

    def of(self, frame: Observed) -> float:
        return frame.stats.norm_z

    def theory(self, std: Values, dimension: int) -> Values:
        typical = np.sqrt(dimension - 0.5)
        return (std * typical - typical) / np.sqrt(0.5)
