"""Recording of the live exploration: what the viewer shows, as a film and as a walk."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal

from engine.errors import InputError
from engine.export.atomic import Existing
from engine.export.contract import Plan
from engine.export.metadata import save_beside
from engine.export.open_export import check_export, open_export, settle_path
from engine.messages import Image
from engine.plane_points import keyframe_at, walk_through
from engine.walk import Exploration, Keyframe
from gui.state import ExplorerState

#: Pictures that may wait for the encoder; what comes later is shown for longer instead.
_WAITING = 64


class Recorder(QObject):
    """Owns the recording in progress: the picture shown goes into a film, `fps` times a second,
    and the point of the plane where it lies into a walk that can be rendered again.

    `folder` says where films go. Signals: recording_changed(bool); saved(path of the film).
    """

    recording_changed = Signal(bool)
    saved = Signal(Path)

    def __init__(
        self, state: ExplorerState, folder: Callable[[], Path], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._folder = state, folder
        self._film: _Film | None = None
        self._visited: list[Keyframe | None] = []
        self._size = (0, 0)
        self._began = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.sample)

    @property
    def recording(self) -> bool:
        return self._film is not None

    def set_recording(self, wanted: bool) -> None:
        """Start a new film, or end the one in progress."""
        if wanted != self.recording:
            self._start() if wanted else self.stop()

    def stop(self) -> None:
        """End the film; it is saved when its last pictures are encoded."""
        if self._film is not None:
            self._timer.stop()
            self._film.finish()
            self._film = None
            self.recording_changed.emit(False)

    def close(self) -> None:
        """The window goes: end the film, and wait until it is on the disk."""
        film = self._film
        self.stop()
        if film is not None:
            film.wait()

    def sample(self) -> None:
        """Add what is shown now, as often as the time that went by asks for."""
        film, image = self._film, self._shown()
        if film is None or image is None:
            return
        if not self._visited:
            self._began = time.monotonic()
        fps = self._state.exploration.fps
        due = int((time.monotonic() - self._began) * fps) + 1
        picture, place = _fitted(image, *self._size), shown_keyframe(self._state)
        # After a pause of the whole machine the film goes on instead of standing still for it.
        for _ in range(min(due - len(self._visited), round(fps))):
            if film.offer(picture, len(self._visited)):
                self._visited.append(place)

    def _start(self) -> None:
        exploration = self._state.exploration
        self._size = exploration.sampling.width, exploration.sampling.height
        plan = Plan(fps=exploration.fps, existing=Existing.NUMBER, live=True)
        try:
            path = settle_path(self._folder() / "recording.mp4", Existing.NUMBER)
            check_export(path, plan, *self._size)
        except InputError as error:
            self._state.message_posted.emit(str(error), "")
            self.recording_changed.emit(False)
            return
        self._visited = []
        self._film = _Film(path, plan, self)
        self._film.ended.connect(self._ended)
        self._film.start()
        self._timer.start(round(1000 / exploration.fps))
        self.recording_changed.emit(True)

    def _shown(self) -> Image | None:
        probe = self._state.probe
        if probe is not None:
            return probe.image
        found = self._state.nearest_image(0, self._state.playhead)
        return found[1] if found is not None else None

    def _ended(self, path: Path, error: str) -> None:
        if error:
            self._state.message_posted.emit(error, "")
            return
        session = self._walk()
        if session is not None:
            save_beside(path, session, Existing.NUMBER)
        self.saved.emit(path)

    def _walk(self) -> Exploration | None:
        """The walk along all that was visited; None where some of it lies in no plane."""
        visited = [place for place in self._visited if place is not None]
        if len(visited) < 2 or len(visited) < len(self._visited):
            return None
        exploration = self._state.exploration
        walk = walk_through(visited, exploration.walk.negative)
        return Exploration(
            exploration.model,
            walk,
            sampling=exploration.sampling,
            scoring_text=exploration.scoring_text,
            fps=exploration.fps,
        )


def probed_keyframe(state: ExplorerState) -> Keyframe | None:
    """The point of the plane that is shown, as a keyframe; None when none is."""
    return shown_keyframe(state) if state.probe is not None else None


def shown_keyframe(state: ExplorerState) -> Keyframe | None:
    """Where the picture shown lies, as a keyframe, if the walk lies in a plane."""
    lanes = state.results.lanes
    path = lanes[0].path if lanes else None
    if path is None or not path.exact:
        return None
    probe = state.probe
    x, y = (probe.x, probe.y) if probe else path.frames[state.playhead]
    return keyframe_at(lanes[0].lane.walk, path.keyframes, (float(x), float(y)))


class _Film(QThread):
    """Encodes pictures on its own thread, as they come.

    Signals: ended(path, error), "" when all went well.
    """

    ended = Signal(Path, str)

    def __init__(self, path: Path, plan: Plan, parent: QObject) -> None:
        super().__init__(parent)
        self._path, self._plan = path, plan
        self._pictures: queue.Queue[tuple[int, Image] | None] = queue.Queue()

    def offer(self, picture: Image, index: int) -> bool:
        """Take a picture; False when the encoder is too far behind."""
        if self._pictures.qsize() >= _WAITING:
            return False
        self._pictures.put((index, picture))
        return True

    def finish(self) -> None:
        """No more pictures will come."""
        self._pictures.put(None)

    def run(self) -> None:
        try:
            first = self._pictures.get()
            if first is None:
                self.ended.emit(self._path, "Nothing was shown while recording; no film was saved.")
                return
            with open_export(self._path, self._plan) as add:
                add(first[0], [first[1]])
                while (entry := self._pictures.get()) is not None:
                    add(entry[0], [entry[1]])
        except (InputError, OSError) as error:
            self.ended.emit(self._path, str(error))
        else:
            self.ended.emit(self._path, "")


def _fitted(image: Image, width: int, height: int) -> Image:
    """The picture at the film's size, nearest pixel; previews are smaller than final pictures."""
    if image.shape[:2] == (height, width):
        return image
    rows = np.arange(height) * image.shape[0] // height
    columns = np.arange(width) * image.shape[1] // width
    return np.ascontiguousarray(image[rows][:, columns])
