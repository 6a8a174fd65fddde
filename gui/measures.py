"""The measures the window can draw: their names, and where their values are found."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from engine.methods.contract import make_method
from engine.walk import Walk
from gui.results import LaneResults
from gui.state import ExplorerState

Values = npt.NDArray[np.float64]
#: Enough for a curve to look smooth.
THEORY_POINTS = 129


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
    path = results.path
    if measure.stat == "std" and path is not None and path.std is not None:
        return path.std.astype(np.float64)  # known of the whole walk before any picture is
    if measure.stat:
        return _stats(results, measure.stat)
    if measure.name in state.results.measures:
        return state.results.measures[measure.name][lane]
    return np.full(len(results.tiers), np.nan)


def _stats(results: LaneResults, field: str) -> Values:
    values = np.full(len(results.tiers), np.nan)
    known = {k: frame.stats for k, frame in results.frames.items() if frame.stats is not None}
    get = attrgetter(field)
    values[list(known)] = [get(stats) for stats in known.values()]
    return values


def times_of(walk: Walk) -> Values:
    """The time in [0, 1] of each frame [n]."""
    return np.linspace(0.0, 1.0, walk.frames)


def theory_of(measure: Measure, walk: Walk) -> tuple[Values, Values] | None:
    """Times [n] and what the walk's methods are expected to have there [n], if anything is known:
    for independent ends, linear's std is √(γ(2γ−2)+1), and that of what keeps N(0, I) is 1."""
    if measure.name != "latent_std":
        return None
    times = np.linspace(0.0, 1.0, THEORY_POINTS)
    makers = [make_method(walk.method_of(segment)) for segment in range(walk.segments)]
    places = (walk.locate(float(time)) for time in times)
    return times, np.array([makers[segment].expected_std(gamma) for segment, gamma in places])
