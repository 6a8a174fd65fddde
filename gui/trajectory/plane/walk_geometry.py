"""The geometry of the walk in its plane, for the trajectory plot."""

from __future__ import annotations

from math import sqrt

import numpy as np

from engine.messages import PathReady, Points
from engine.methods.contract import methods
from engine.walk import Walk
from gui.state.explorer_state import ExplorerState
from gui.trajectory.plane.plane_path import NOTHING

#: Positions closer than this, in std, count as equal.
SAME_PLACE = 0.01


class WalkGeometry:
    """Reads the geometry from the state's results. Uses the path of the first lane. Coordinates are
    in std."""

    def __init__(self, state: ExplorerState) -> None:
        self._state = state

    @property
    def path(self) -> PathReady | None:
        """The path; None until the new job has computed it."""
        lanes = self._state.results.lanes
        return lanes[0].path if lanes else None

    @property
    def method(self) -> str:
        """The method of the first segment."""
        return self._state.results.lanes[0].lane.walk.method_of(0).name

    @property
    def note(self) -> str:
        """A line that says how much of the path the plane shows."""
        path = self.path
        if path is None:
            return "Render a walk to see its plane"
        if len(path.frames) == 1:
            return "One frame: the start of the walk"
        if np.ptp(path.frames, axis=0).max(initial=0.0) < 1e-6:
            return "The noise is constant: only the prompt changes along this walk"
        if path.exact:
            return "The whole walk lies in this plane"
        return f"The plane shows {path.kept * 100:.0f} % of the walk"

    @property
    def sigma(self) -> float:
        """The std of |z|/√d of a draw z; 0 until d is known."""
        path = self.path
        return 1.0 / sqrt(2 * path.dimension) if path is not None and path.dimension else 0.0

    @property
    def reach(self) -> float:
        """The greatest distance of the walk and the shell from the origin."""
        path = self.path
        radii = np.hypot(*path.frames.T) if path is not None else np.ones(1)
        return max(float(radii.max(initial=1.0)), 1.0)

    @property
    def keyframes(self) -> Points:
        """The positions of the keyframes [n, 2]."""
        path = self.path
        return path.keyframes if path is not None else NOTHING

    def pictured(self) -> tuple[int | None, ...]:
        """The frame at each keyframe; None for a keyframe that the walk does not pass."""
        path = self.path
        return frames_at_keyframes(self._state.results.lanes[0].lane.walk, path) if path else ()

    def places(self) -> Points:
        """The positions of the playhead [n, 2] in the lanes whose geometry is known."""
        index = self._state.playhead
        paths = [results.path for results in self._state.results.lanes]
        places = [p.frames[index] for p in paths if p is not None and index < len(p.frames)]
        return np.array(places) if places else NOTHING

    def frame_at(self, x: float, y: float, reach: float, slack: float) -> int | None:
        """Returns the frame nearest to a point, within the distance `reach`. A path may cross
        itself: among frames whose distances differ by at most `slack`, it returns the one nearest
        to the playhead in time."""
        path = self.path
        if path is None or not len(path.frames):
            return None
        gaps = np.hypot(*(path.frames - (x, y)).T)
        least = float(gaps.min())
        if least > reach:
            return None
        close = np.flatnonzero(gaps <= least + slack)
        return int(close[np.argmin(gaps[close] + 1e-9 * np.abs(close - self._state.playhead))])


def frames_at_keyframes(walk: Walk, path: PathReady) -> tuple[int | None, ...]:
    """Returns the frame of each keyframe. If a method does not pass its ends (a sweep of the std),
    it is the frame whose position is the keyframe's, or None. A walk of a single frame has only
    its start."""
    if walk.frames == 1:
        return (0, *[None] * walk.segments)
    if all(methods.get(choice.name).passes_ends for choice in walk.methods):
        return walk.keyframe_indices()
    gaps = np.linalg.norm(path.frames[:, None] - path.keyframes[None], axis=2)
    nearest = gaps.argmin(axis=0)
    return tuple(int(k) if gaps[k, n] < SAME_PLACE else None for n, k in enumerate(nearest))
