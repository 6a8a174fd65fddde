"""Edits of the walk that follow its visible speed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.geometry.plane_points import frame_keyframe
from engine.messages import PathReady
from engine.methods.contract import methods
from engine.pacing.tipping_points import tipping_points
from engine.walk import Keyframe, Walk
from gui.state.explorer_state import ExplorerState
from gui.state.results import Values
from gui.state.walk_edits import with_keyframes_at

STEPS = "step_length"
#: A keyframe at most this far from a tipping point, in frames, is enough.
_NEAR = 1


def put_tipping_points(state: ExplorerState) -> None:
    """Put a keyframe at each tipping point of the walk, as one undo step; or say why not.

    The path stays, apart from small differences of the norms. Each part of it gets as many frames
    as the others, so that the tipping points get more. Without step lengths, it requests them
    first.
    """
    lanes = state.results.lanes
    if not lanes or not state.results.are_of(state.exploration):
        state.post("Render the walk first; its tipping points are found in the pictures.")
        return
    if STEPS not in state.exploration.measures:
        state.show_measures((*state.exploration.measures[-2:], STEPS))
        state.generate()  # now; a job that begins later would remove the sentence
        state.post("The step lengths are measured now; choose Tipping points again after that.")
        return
    number = state.own_lane
    if number is None:
        state.post("The walk's own method is not among those compared; compare it, too.")
        return
    steps = state.results.measured(number, STEPS)[1:]
    if not np.isfinite(steps).all():
        state.post("Not all steps are measured yet; choose Tipping points again after that.")
        return
    walk, count = with_tipping_points(state.exploration.walk, lanes[number].path, steps)
    if not count:
        state.post(
            "This walk has no new tipping point between keyframes of one prompt and a method that "
            "keeps its path there (linear, slerp)."
        )
        return
    label = "Tipping point" if count == 1 else f"{count} tipping points"
    state.edit(replace(state.exploration, walk=walk), label)


def with_tipping_points(walk: Walk, path: PathReady | None, steps: Values) -> tuple[Walk, int]:
    """Returns the walk with a keyframe at each tipping point, and the number of new keyframes.

    `path` is its geometry, `steps` [n−1] are those between the frames. Tipping points between
    different prompts are left out: a keyframe there would have one of the two prompts. So are
    segments whose method would take another path through the new keyframe, and points at a
    keyframe.
    """
    times = np.array(walk.times_of_frames())
    taken = set(walk.keyframe_indices())
    found: dict[int, Keyframe] = {}
    for time in tipping_points(times, steps).tolist():
        index = int(np.searchsorted(times, time))
        segment, _ = walk.locate(float(times[index]))
        start, end = walk.keyframes[segment], walk.keyframes[walk.end_of(segment)]
        keyframe = frame_keyframe(walk, path, index)
        splits = methods.get(walk.method_of(segment).name).splits
        near = any(abs(index - other) <= _NEAR for other in taken)
        if keyframe is not None and splits and start.prompt == end.prompt and not near:
            found[index] = keyframe
            taken.add(index)
    return with_keyframes_at(walk, found), len(found)
