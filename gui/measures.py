"""The measures the window can draw: their names, and where their values are found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.messages import LatentStats
from engine.walk import Walk
from gui.results import LaneResults
from gui.state import ExplorerState

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure as it is offered: `stat` names the field of LatentStats that holds it, which is
    known of every finished frame; else the engine computes it when it is asked to. The values
    from `low` to `high` are always in sight, so that small differences look small."""

    name: str
    label: str
    tip: str
    stat: str = ""
    low: float = np.inf
    high: float = -np.inf


MEASURES: tuple[Measure, ...] = (
    Measure(
        "latent_std", "Latent std", "1 on the typical shell; linear dips to 0.707", "std", 0.7, 1.05
    ),
    Measure("norm_z", "Distance from shell", "How many σ the norm is off √d", "norm_z", -3.0, 3.0),
    Measure("latent_mean", "Latent mean", "0 for a typical latent", "mean", -0.05, 0.05),
    Measure("clip_score", "CLIP score", "100 × cosine of the picture and the scoring text"),
    Measure("step_length", "Step length", "How much the picture changes from frame to frame"),
    Measure("sharpness", "Sharpness", "The share of fine detail; CLIP does not see blur"),
)


def values_of(state: ExplorerState, measure: Measure, lane: int) -> Values:
    """The measure at each frame of a lane [n], NaN where it is not known yet."""
    results = state.results.lanes[lane]
    if measure.stat:
        return _stats(results, measure.stat)
    if measure.name in state.results.measures:
        return state.results.measures[measure.name][lane]
    return np.full(len(results.tiers), np.nan)


def _stats(results: LaneResults, field: str) -> Values:
    values = np.full(len(results.tiers), np.nan)
    for index, frame in results.frames.items():
        if isinstance(frame.stats, LatentStats):
            values[index] = getattr(frame.stats, field)
    return values


def times_of(walk: Walk) -> Values:
    """The time in [0, 1] of each frame [n]."""
    return np.array([walk.time_of(index) for index in range(walk.frames)])


def theory_of(measure: Measure, walk: Walk) -> Values | None:
    """What the article derives for the measure at each frame [n], if it derives anything.

    For independent ends the std of linear is √(γ(2γ−2)+1), and of the others that keep N(0, I), 1.
    """
    if measure.name != "latent_std":
        return None
    gammas = np.array([walk.locate(walk.time_of(k)) for k in range(walk.frames)])
    linear = np.array([walk.method_of(int(s)).name == "linear" for s in gammas[:, 0]])
    dip = np.sqrt(gammas[:, 1] * (2.0 * gammas[:, 1] - 2.0) + 1.0)
    return np.where(linear, dip, 1.0)
