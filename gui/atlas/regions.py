"""Regions of an atlas: their colours, and where a path passes from one into another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.geometry.plane_points import frame_keyframe
from engine.messages import PathReady
from engine.walk import Walk
from gui.state.walk_edits import with_keyframes_at

#: Colours of Okabe and Ito (2008), which colour-blind people can tell apart.
COLOURS = (
    *("#E69F00", "#56B4E9", "#009E73", "#CC79A7"),
    *("#F0E442", "#0072B2", "#D55E00", "#999999"),
)


def region_colour(number: int) -> str:
    """Returns the colour of region `number`; the ninth is the first again."""
    return COLOURS[number % len(COLOURS)]


@dataclass(frozen=True, slots=True)
class Crossing:
    """A path passes from one region into another between frame `index` and the next one, at the
    time `gamma` of the whole walk."""

    index: int
    gamma: float
    before: int
    after: int


def with_crossings(walk: Walk, path: PathReady, crossings: Iterable[Crossing]) -> Walk:
    """Returns the walk with a keyframe at the frame after each crossing.

    Frames that are keyframes already, or no sum of the ends of their segment, get none. The number
    of frames stays the same.
    """
    indices = {crossing.index + 1 for crossing in crossings} - set(walk.keyframe_indices())
    found = {index: frame_keyframe(walk, path, index) for index in indices}
    return with_keyframes_at(walk, {k: key for k, key in found.items() if key is not None})


def crossings_of(labels: Sequence[int | None], times: Sequence[float]) -> tuple[Crossing, ...]:
    """Returns the crossings of a path with the region of each frame, None for an unknown one, and
    the time of each frame."""
    found = []
    known = [(index, label) for index, label in enumerate(labels) if label is not None]
    for (first, before), (second, after) in pairwise(known):
        if before != after:
            found.append(Crossing(first, (times[first] + times[second]) / 2, before, after))
    return tuple(found)
