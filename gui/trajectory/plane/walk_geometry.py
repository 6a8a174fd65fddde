"""The geometry of the walk in its plane, for the trajectory plot."""

from __future__ import annotations

from math import sqrt

import numpy as np

from engine.geometry.keyframe_planes import KeyframePlane, best_plane, plane_through
from engine.geometry.plane_points import keyframe_at
from engine.messages import PathReady, Points
from engine.methods.contract import methods
from engine.view import ALL_KEYFRAMES
from engine.walk import Keyframe, Walk
from gui.state.explorer_state import ExplorerState
from gui.state.results import Values
from gui.trajectory.plane.plane_path import NOTHING
from gui.widgets.text_format import keyframe_letter

#: Positions closer than this, in std, count as equal.
SAME_PLACE = 0.01
#: The measure that colours the path.
STEPS = "step_length"


class WalkGeometry:
    """Reads the geometry from the state's results. Uses the path of the first lane. Coordinates are
    in std. The plane is that of the path, or one through keyframes that the view names."""

    def __init__(self, state: ExplorerState) -> None:
        self._state = state
        self._known: tuple[PathReady, tuple[int, ...], KeyframePlane | None] | None = None

    @property
    def path(self) -> PathReady | None:
        """The path; None until the new job has computed it."""
        lanes = self._state.results.lanes
        return lanes[0].path if lanes else None

    @property
    def plane(self) -> KeyframePlane | None:
        """The plane through keyframes that was chosen; None for the plane of the path."""
        path, through = self.path, self._state.view.through
        if path is None or not through:
            return None
        if self._known is None or self._known[0] is not path or self._known[1] != through:
            self._known = path, through, _chosen_plane(path, self._state.exploration.walk, through)
        return self._known[2]

    @property
    def walk(self) -> Walk:
        """The walk of the path."""
        return self._state.results.lanes[0].lane.walk

    @property
    def method(self) -> str:
        """The method of the first segment."""
        return self.walk.method_of(0).name

    @property
    def note(self) -> str:
        """A line that says how much of the path the plane shows."""
        path, plane = self.path, self.plane
        if path is None:
            return "Render a walk to see its plane"
        if len(path.frames) == 1:
            return "One frame: the start of the walk"
        if np.ptp(path.frames, axis=0).max(initial=0.0) < 1e-6:
            return "The noise is constant: only the prompt changes along this walk"
        kept = plane.kept(path.span) if plane is not None and path.span else path.kept
        if path.exact if plane is None else kept > 1.0 - 1e-9:
            return "The whole walk lies in this plane"
        through = f" through {self.letters}" if self.letters else ""
        return f"The plane{through} shows {kept * 100:.0f} % of the walk"

    @property
    def letters(self) -> str:
        """The letters of the keyframes that the plane was chosen to go through."""
        numbers = _numbers(self._state.exploration.walk, self._state.view.through)
        return ", ".join(keyframe_letter(number) for number in numbers)

    @property
    def sigma(self) -> float:
        """The std of |z|/√d of a draw z; 0 until d is known."""
        path = self.path
        return 1.0 / sqrt(2 * path.dimension) if path is not None and path.dimension else 0.0

    @property
    def height(self) -> float:
        """The distance of the plane from the origin of latent space, in std."""
        return self.plane.height if self.plane is not None else 0.0

    @property
    def reach(self) -> float:
        """The greatest distance of the walk, its keyframes and the shell from the middle."""
        radii = np.hypot(*np.concatenate([self.frames, self.keyframes]).T)
        return max(float(radii.max(initial=0.0)), sqrt(max(1.0 - self.height**2, 0.1)))

    def steps(self) -> tuple[Points, Values]:
        """Returns the places of the frames [n, 2] and the step lengths [n−1] of the first lane;
        empty if that measure is not shown."""
        if self.path is None or STEPS not in self._state.exploration.measures:
            return NOTHING, np.empty(0)
        return self.frames, self._state.results.measured(0, STEPS)[1:]

    @property
    def frames(self) -> Points:
        """The positions of the frames [n, 2]."""
        path, plane = self.path, self.plane
        if path is None:
            return NOTHING
        return path.frames if plane is None or path.span is None else self._projected(plane, path)

    @property
    def keyframes(self) -> Points:
        """The positions of the keyframes [n, 2]."""
        path, plane = self.path, self.plane
        if plane is not None:
            return plane.keyframes
        return path.keyframes if path is not None else NOTHING

    @property
    def has_sums(self) -> bool:
        """True if every point of the plane is a sum of keyframes."""
        path = self.path
        return path is not None and (self.plane is not None or path.exact)

    @property
    def has_planes(self) -> bool:
        """True if planes through keyframes are known."""
        return self.path is not None and self.path.span is not None

    def keyframe_at(self, x: float, y: float) -> Keyframe | None:
        """Returns the point (x, y) as a keyframe; None if it is no sum of keyframes."""
        path, plane = self.path, self.plane
        if path is None:
            return None
        if plane is not None:
            return plane.keyframe(self.walk, x, y)
        return keyframe_at(self.walk, path.keyframes, (x, y)) if path.exact else None

    def std(self, x: float, y: float) -> float:
        """The std of the point (x, y)."""
        return float(np.hypot(np.hypot(x, y), self.height))

    def _projected(self, plane: KeyframePlane, path: PathReady) -> Points:
        assert path.span is not None
        return plane.project(path.span.products)

    def pictured(self) -> tuple[int | None, ...]:
        """The frame at each keyframe; None for a keyframe that the walk does not pass."""
        path = self.path
        return frames_at_keyframes(self.walk, path) if path else ()

    def passed(self) -> tuple[bool, ...]:
        """For each keyframe, whether the walk passes it."""
        return tuple(frame is not None for frame in self.pictured())

    def places(self) -> Points:
        """The positions of the playhead [n, 2] in the lanes whose geometry is known."""
        index, plane = self._state.playhead, self.plane
        places = []
        for results in self._state.results.lanes:
            path = results.path
            if path is None or index >= len(path.frames):
                continue
            if plane is None:
                places.append(path.frames[index])
            elif path.span is not None and results.lane.walk.keyframes == self.walk.keyframes:
                places.append(plane.project(path.span.products[index]))
        return np.array(places) if places else NOTHING

    def frame_at(self, x: float, y: float, reach: float, slack: float) -> int | None:
        """Returns the frame nearest to a point, within the distance `reach`. A path may cross
        itself: among frames whose distances differ by at most `slack`, it returns the one nearest
        to the playhead in time."""
        frames = self.frames
        if not len(frames):
            return None
        gaps = np.hypot(*(frames - (x, y)).T)
        least = float(gaps.min())
        if least > reach:
            return None
        close = np.flatnonzero(gaps <= least + slack)
        return int(close[np.argmin(gaps[close] + 1e-9 * np.abs(close - self._state.playhead))])


def _numbers(walk: Walk, through: tuple[int, ...]) -> list[int]:
    """Returns the numbers of the keyframes with these ids; none for ids that are not there."""
    ids = [keyframe.id for keyframe in walk.keyframes]
    return [ids.index(id_) for id_ in through] if set(through) <= set(ids) else []


def _chosen_plane(path: PathReady, walk: Walk, through: tuple[int, ...]) -> KeyframePlane | None:
    """Returns the plane that a view names. None if it is not known: the keyframes are gone, span no
    plane, or are too many."""
    if path.span is None:
        return None
    if through == ALL_KEYFRAMES:
        return best_plane(path.span)
    numbers = _numbers(walk, through)
    fits = 2 <= len(numbers) <= 3 and max(numbers) < len(path.span.gram)
    return plane_through(path.span, numbers) if fits else None


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
