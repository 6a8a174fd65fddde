"""The standard deviation of the initial latent."""

from __future__ import annotations

from dataclasses import dataclass

from engine.metrics.contract import FrameMeasure, Observed, Summary, Values, mean, measures


@measures.register("latent_std")
@dataclass(frozen=True)
class LatentStd(FrameMeasure):
    """The std of z_T's elements: 1 for a draw from N(0, I), √(γ(2γ−2)+1) along a linear walk."""

    label = "Latent std"
    tip = (
        "The std of the initial latent: 1 on the typical shell; linear falls to 0.707 between "
        "independent noises, and normalized linear rises to 1.41 between equal ones"
    )
    stat = "std"
    summaries = (
        Summary("Latent std", mean),
        Summary("Least std", lambda v: float(v.min())),
        Summary("Largest std", lambda v: float(v.max())),
    )

    def of(self, frame: Observed) -> float:
        return frame.stats.std

    def theory(self, std: Values, dimension: int) -> Values:
        return std
