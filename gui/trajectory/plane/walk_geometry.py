"""Where the walk runs in its plane, as far as it is known: what the trajectory plot asks for."""

from __future__ import annotations

from math import sqrt

import numpy as np

from engine.messages import PathReady, Points
from engine.methods.contract import methods
from engine.walk import Walk
from gui.state.explorer_state import ExplorerState
from gui.trajectory.plane.plane_path import NOTHING

#: Places as near as this, in std, are one.
MEETS = 0.01


class WalkGeometry:
    """Reads the state's results. The path is the first lane's; coordinates are in std."""

    def __init__(self, state: ExplorerState) -> None:
        self._state = state

    @property
    def path(self) -> PathReady | None:
        """The path, None as long as a new job has not told it."""
        lanes = self._state.results.lanes
        return lanes[0].path if lanes else None

    @property
    def method(self) -> str:
        """The method by which the path begins."""
        return self._state.results.lanes[0].lane.walk.method_of(0).name

    @property
    def note(self) -> str:
        """One line on how faithful the picture of the path is."""
        path = self.path
        if path is None:
            return "The plane appears with the first walk"
        if len(path.frames) == 1:
            return "One frame: the walk's beginning"
        if np.ptp(path.frames, axis=0).max(initial=0.0) < 1e-6:
            return "The noise stays: along this walk only the prompt changes"
        if path.exact:
            return "Exact: the walk lies in this plane"
        return f"The plane shows {path.kept * 100:.0f} % of the walk"

    @property
    def sigma(self) -> float:
        """The std of |z|/√d for a draw z; 0 as long as d is not known."""
        path = self.path
        return 1.0 / sqrt(2 * path.dimension) if path is not None and path.dimension else 0.0

    @property
    def reach(self) -> float:
        """How far from the origin the walk goes, at least to the shell."""
        path = self.path
        radii = np.hypot(*path.frames.T) if path is not None else np.ones(1)
        return max(float(radii.max(initial=1.0)), 1.0)

    @property
    def keyframes(self) -> Points:
        """Where the keyframes are [n, 2]."""
        path = self.path
        return path.keyframes if path is not None else NOTHING

    def pictured(self) -> tuple[int | None, ...]:
        """The frame that shows each keyframe, None for a keyframe that the walk does not pass."""
        path = self.path
        return frames_at_keyframes(self._state.results.lanes[0].lane.walk, path) if path else ()

    def places(self) -> Points:
        """Where the playhead is in each lane whose geometry is known [n, 2]."""
        index = self._state.playhead
        paths = [results.path for results in self._state.results.lanes]
        places = [p.frames[index] for p in paths if p is not None and index < len(p.frames)]
        return np.array(places) if places else NOTHING

    def frame_at(self, x: float, y: float, reach: float, slack: float) -> int | None:
        """The frame nearest to a point within `reach`. Of frames at one place, give or take
        `slack`, the one that is nearest to the playhead in time: a path may cross itself."""
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
    """The frame of each keyframe. Where a method does not pass its ends, as a sweep of the std, it
    is the frame that comes to the keyframe's place, None if there is none. A single frame is the
    walk's beginning."""
    if walk.frames == 1:
        return (0, *[None] * walk.segments)
    if all(methods.get(choice.name).passes_ends for choice in walk.methods):
        return walk.keyframe_indices()
    gaps = np.linalg.norm(path.frames[:, None] - path.keyframes[None], axis=2)
    nearest = gaps.argmin(axis=0)
    return tuple(int(k) if gaps[k, n] < MEETS else None for n, k in enumerate(nearest))
