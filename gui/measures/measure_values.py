"""The measures that the window can draw, and their values."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from engine.measuring.theory import theory_of as theory_at
from engine.metrics.contract import make_measure, measures
from engine.walk import Walk
from gui.state.explorer_state import ExplorerState
from gui.state.results import LaneResults

Values = npt.NDArray[np.float64]
#: Number of points of a curve from theory.
THEORY_POINTS = 129
#: Ranges that are always visible, so that small differences look small.
NATURAL = {"latent_std": (0.7, 1.05), "latent_norm_z": (-3.0, 3.0), "latent_mean": (-0.05, 0.05)}


@dataclass(frozen=True, slots=True)
class Offer:
    """A measure that the window can draw. `stat` names the field of LatentStats with its value,
    which every finished frame has; without `stat`, the engine computes the measure on request.
    `scored` marks a measure that uses CLIP, `compares` one that uses a text as well. Values from
    `low` to `high` are always visible."""

    name: str
    label: str
    tip: str
    unit: str = ""
    stat: str = ""
    scored: bool = False
    compares: bool = False
    low: float = np.inf
    high: float = -np.inf


def offered() -> tuple[Offer, ...]:
    """Returns all measures; those that need no computation come first."""
    offers = [_offer(name) for name in measures.names()]
    return tuple(sorted(offers, key=lambda offer: (not offer.stat, offer.name != "latent_std")))


def _offer(name: str) -> Offer:
    measure = make_measure(name)
    stat = getattr(measure, "stat", "")
    natural = NATURAL.get(name, ())
    clip = measure.needs_scorer, measure.needs_text
    return Offer(name, measure.label, measure.tip, measure.unit, stat, *clip, *natural)


def values_of(state: ExplorerState, offer: Offer, lane: int) -> Values:
    """Returns the measure at each frame of a lane [n]; NaN where it is not known yet."""
    results = state.results.lanes[lane]
    path = results.path
    if offer.stat == "std" and path is not None and path.std is not None:
        return path.std.astype(np.float64)  # known for the whole walk before the first picture
    if offer.stat:
        return _stats(results, offer.stat)
    return state.results.measured(lane, offer.name)


def _stats(results: LaneResults, field: str) -> Values:
    values = np.full(len(results.tiers), np.nan)
    known = {k: frame.stats for k, frame in results.frames.items() if frame.stats is not None}
    get = attrgetter(field)
    values[list(known)] = [get(stats) for stats in known.values()]
    return values


def theory_of(
    offer: Offer, walk: Walk, dimension: int, channels: int = 4
) -> tuple[Values, Values] | None:
    """Returns times [n] and the values [n] that theory expects for independent ends, or None.

    `dimension` is the number of the latent's elements, in so many `channels`.
    """
    times = np.linspace(0.0, 1.0, THEORY_POINTS)
    values = theory_at(make_measure(offer.name), walk, times, dimension, channels)
    return None if values is None else (times, values)
