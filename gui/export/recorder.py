"""Records what the viewer shows, as a video and as a walk."""

from __future__ import annotations

import logging
import os
import queue
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, count
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal

from engine.atomic import Existing
from engine.errors import InputError
from engine.export.contract import Plan
from engine.export.mosaic import Mosaic, Tile
from engine.export.open_export import check_export, open_export
from engine.export.session_beside import save_beside, session_path
from engine.geometry.plane_points import Point, frame_keyframe, keyframe_at, walk_through
from engine.walk import Exploration, Keyframe, Walk
from gui.state.explorer_state import ExplorerState
from gui.state.results import LaneResults
from gui.viewer.panes import Shown

#: Most pictures in the queue of the encoder. When it is full, the last picture is shown for longer.
_MOST_QUEUED = 64
#: A longer gap between two samples is left out of the video: the machine slept, or the viewer was
#: empty.
_PAUSE_S = 1.0
NO_WALK = (
    "The video is saved, but no session: some of the recorded latents are not sums of keyframes, "
    "so that no walk can pass through them."
)
OTHER_METHODS = "The video is saved, but no session: the methods changed; record each set alone."
TOO_SHORT = (
    "The video is saved, but no session: it has a single picture, and a walk needs two; record for "
    "longer."
)


class Recorder(QObject):
    """Owns the recording in progress. It samples the viewer at the frame rate of the walk and
    writes the pictures to a video. It also saves a session with one walk for each lane that was
    shown, through the recorded points of the plane, which can be rendered again.

    `folder` returns the folder of videos, or None to record nothing, `shown` the visible panes, and
    `scale` how many times larger than rendered the pictures are in the video.

    Signals: recording_changed(bool); time_changed(whole seconds of the video so far);
    saved(path of the video).
    """

    recording_changed = Signal(bool)
    time_changed = Signal(int)
    saved = Signal(Path)

    def __init__(
        self,
        state: ExplorerState,
        folder: Callable[[], Path | None],
        shown: Callable[[], Shown],
        scale: Callable[[], int] = lambda: 1,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._folder, self._shown, self._scale = state, folder, shown, scale
        self._film: _Film | None = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.sample)

    @property
    def recording(self) -> bool:
        """True while a recording is in progress."""
        return self._film is not None

    def set_recording(self, recording: bool) -> None:
        """Start a new recording, or end the one in progress."""
        if recording != self.recording:
            self._start() if recording else self.stop()

    def stop(self) -> None:
        """End the recording. The video is saved when its last pictures are encoded."""
        if self._film is not None:
            self._timer.stop()
            self._film.finish()
            self._film = None
            self.recording_changed.emit(False)

    def close(self) -> None:
        """End the recording and wait until the video is saved, before the window closes."""
        self.stop()
        for film in self.findChildren(_Film):  # includes recordings that are still being encoded
            film.wait()

    def sample(self) -> None:
        """Add the visible panes, repeated for the time since the last sample."""
        film, shown = self._film, self._shown()
        if film is None or all(pane.image is None for pane in shown.panes):
            return
        visited, before = visited_keyframes(self._state, bool(shown.lanes)), film.seconds
        if any(lane.path is None for lane in self._state.results.lanes):
            visited = film.here  # a new job has no geometry yet; the picture before it is shown
        if visited:
            film.show(shown, visited, time.monotonic())
            if film.seconds != before:
                self.time_changed.emit(film.seconds)

    def _start(self) -> None:
        folder = self._folder()
        if folder is None:
            self.recording_changed.emit(False)
            return
        exploration = self._state.exploration
        sampling = exploration.sampling
        plan = Plan(fps=exploration.fps, existing=Existing.NUMBER, live=True)
        try:
            path = self._free_path(folder)
            size = self._scale() * sampling.width, self._scale() * sampling.height
            check_export(path, plan, *size)
        except (InputError, OSError) as error:
            self._state.post(str(error))
            self.recording_changed.emit(False)
            return
        self._film = _Film(path, plan, exploration, size, self)
        self._film.ended.connect(self._ended)
        self._film.start()
        self._timer.start(round(1000 / exploration.fps))
        self.recording_changed.emit(True)
        self.time_changed.emit(0)

    def _free_path(self, folder: Path) -> Path:
        """Returns a path that no video, session, or unfinished video has."""
        encoded = {film.path for film in self.findChildren(_Film)}
        names = chain(["recording.mp4"], (f"recording-{n}.mp4" for n in count(2)))

        def is_taken(path: Path) -> bool:
            files = path, session_path(path, path.suffix)
            return path in encoded or any(os.path.lexists(file) for file in files)

        paths = (folder / name for name in names)
        return next(path for path in paths if not is_taken(path))

    def _ended(self, film: _Film, error: str) -> None:
        if film is self._film:  # it ended because of an error
            self.stop()
        film.wait()
        film.deleteLater()
        if error:
            self._state.post(error)
            return
        self._save_walk(film)
        self.saved.emit(film.path)

    def _save_walk(self, film: _Film) -> None:
        session = film.walk()
        if session is None:
            self._state.post(film.problem)
            return
        try:
            save_beside(film.path, film.path.suffix, session)
        except (InputError, OSError) as refusal:
            self._state.post(str(refusal))


def probed_keyframe(state: ExplorerState) -> Keyframe | None:
    """Returns the point of the plane that is shown as a keyframe, or None."""
    probe, lanes = state.probe, state.results.lanes
    if probe is not None and probe.point is not None:
        return probe.point
    return _keyframe(lanes[0], (probe.x, probe.y)) if probe is not None and lanes else None


def visited_keyframes(state: ExplorerState, lanes_shown: bool) -> tuple[Keyframe | None, ...]:
    """Returns the present point of each lane as a keyframe; None if it is no sum of keyframes."""
    lanes = state.results.lanes
    if state.probe is not None and not lanes_shown:
        # A probed point belongs to the plane of the first lane and is shown instead of all lanes.
        return (probed_keyframe(state),) * len(lanes)
    return tuple(frame_keyframe(lane.lane.walk, lane.path, state.playhead) for lane in lanes)


def _keyframe(lane: LaneResults, place: Point) -> Keyframe | None:
    path = lane.path
    if path is None or not path.exact:
        return None
    return keyframe_at(lane.lane.walk, path.keyframes, place)


class _Film(QThread):
    """Encodes pictures on its own thread, and stores their points of the plane.

    Signals: ended(film, error), with "" after success.
    """

    ended = Signal(object, str)

    def __init__(
        self,
        path: Path,
        plan: Plan,
        exploration: Exploration,
        size: tuple[int, int],
        parent: QObject,
    ) -> None:
        """`size` is the width and height of each picture."""
        super().__init__(parent)
        self.path, self._plan, self._exploration = path, plan, exploration
        self._size = size
        self._visited: list[tuple[Keyframe | None, ...]] = []
        self._lanes: set[int] = set()
        self._began = self._last = 0.0
        self._pictures: queue.Queue[tuple[int, Shown] | None] = queue.Queue()

    # ── the window's thread ──────────────────────────────────────────────────────────────────

    @property
    def here(self) -> tuple[Keyframe | None, ...]:
        """The points of the last picture; none before the first."""
        return self._visited[-1] if self._visited else ()

    @property
    def problem(self) -> str:
        """The reason why no walk can be made, in a sentence."""
        if len(self._visited) < 2:
            return TOO_SHORT
        return NO_WALK if len({len(places) for places in self._visited}) == 1 else OTHER_METHODS

    @property
    def seconds(self) -> int:
        """Duration of the video in whole seconds."""
        return int(len(self._visited) / self._plan.fps)

    def show(self, shown: Shown, places: tuple[Keyframe | None, ...], now: float) -> None:
        """Add the panes that are visible at `now` seconds, repeated for the time that passed."""
        if not self._visited:
            self._began = self._last = now
        fps = self._plan.fps
        missed, self._last = now - self._last - 1 / fps, now
        if missed > max(_PAUSE_S, 1 / fps):
            self._began += missed  # the video continues without a still picture
        due = int((now - self._began) * fps) + 1
        for _ in range(due - len(self._visited)):
            if self._pictures.qsize() >= _MOST_QUEUED:
                return  # the encoder is too slow
            self._pictures.put((len(self._visited), shown))
            self._visited.append(places)
            self._lanes.update(shown.lanes)

    def finish(self) -> None:
        """Mark the end of the pictures."""
        self._pictures.put(None)

    def walk(self) -> Exploration | None:
        """Returns walks through the recorded points, one row for each lane that was shown. None if
        a point is no sum of keyframes, or if there are less than two pictures."""
        rows = [self._row(lane) for lane in sorted(self._lanes) or [0]]
        walks = [row for row in rows if row is not None]
        if not walks or len(walks) < len(rows):
            return None
        base = self._exploration
        view = replace(base.view, mode=None)  # the default mode, which shows all rows
        return replace(base, walk=walks[0], rows=tuple(walks[1:]), compare=(), view=view)

    def _row(self, lane: int) -> Walk | None:
        visited = [places[lane] if lane < len(places) else None for places in self._visited]
        points = [place for place in visited if place is not None]
        if len(points) < 2 or len(points) < len(visited):
            return None
        return walk_through(points, self._exploration.walk.negative)

    # ── on this job's thread ─────────────────────────────────────────────────────────────────

    def run(self) -> None:
        try:
            error = self._write()
        except (InputError, OSError) as refusal:
            error = str(refusal)
        except Exception as failure:
            logging.getLogger("latent_trails").exception("recording failed")
            error = f"The recording failed ({type(failure).__name__}: {failure}); see the log."
        self.ended.emit(self, error)

    def _write(self) -> str:
        first = self._pictures.get()
        if first is None:
            return "No picture was shown while recording, so no video was saved."
        mosaic = Mosaic(*self._size)
        with open_export(self.path, self._plan) as add:
            for index, shown in chain([first], iter(self._pictures.get, None)):
                add(index, [mosaic.compose(_tiles(shown), shown.columns)])
        return ""


def _tiles(shown: Shown) -> list[Tile]:
    return [Tile(pane.image, pane.title, shown.crisp or pane.raw) for pane in shown.panes]
