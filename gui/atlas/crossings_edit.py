"""Keyframes where a walk passes from one region into another. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from engine.geometry.plane_points import keyframe_between
from engine.messages import PathReady
from engine.walk import Walk
from gui.atlas.regions import Crossing
from gui.state.walk_edits import inserted


def with_crossings(walk: Walk, path: PathReady, crossings: Iterable[Crossing]) -> Walk:
    """Returns the walk with a keyframe at the frame after each crossing.

    Frames that are keyframes already, or no sum of the ends of their segment, get none. The number
    of frames stays the same.
    """
    result, present = walk, set(walk.keyframe_indices())
    for index in sorted({crossing.index + 1 for crossing in crossings}, reverse=True):
        if index in present or path.weights is None or np.isnan(path.weights[index]).any():
            continue
        segment, _ = walk.locate(walk.time_of(index))
        first, last = (float(weight) for weight in path.weights[index])
        keyframe = keyframe_between(walk, segment, (first, last))
        result = inserted(result, segment + 1, keyframe)
    return result
