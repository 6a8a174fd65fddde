"""Recording of the live exploration: what the viewer shows, as a film and as a walk."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, count
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
        self.stop()
        for film in self.findChildren(_Film):  # also those that were ended just before
            film.wait()

    def sample(self) -> None:
        """Add what is shown now, as often as the time that went by asks for."""
        film, image = self._film, self._shown()
        if film is not None and image is not None:
            film.show(image, shown_keyframe(self._state), time.monotonic())

    def _start(self) -> None:
        exploration = self._state.exploration
        sampling = exploration.sampling
        plan = Plan(fps=exploration.fps, existing=Existing.NUMBER, live=True)
        try:
            path = self._free_path()
            check_export(path, plan, sampling.width, sampling.height)
        except (InputError, OSError) as error:
            self._state.post(str(error))
            self.recording_changed.emit(False)
            return
        self._film = _Film(path, plan, exploration, self)
        self._film.ended.connect(self._ended)
        self._film.start()
        self._timer.start(round(1000 / exploration.fps))
        self.recording_changed.emit(True)

    def _free_path(self) -> Path:
        """A name that no file has, and no film that is still being encoded. Raises InputError."""
        taken = {film.path for film in self.findChildren(_Film)}
        names = chain(["recording.mp4"], (f"recording-{n}.mp4" for n in count(2)))
        paths = (settle_path(self._folder() / name, Existing.NUMBER) for name in names)
        return next(path for path in paths if path not in taken)

    def _shown(self) -> Image | None:
        probe = self._state.probe
        if probe is not None:
            return probe.image
        found = self._state.nearest_image(0, self._state.playhead)
        return found[1] if found is not None else None

    def _ended(self, film: _Film, error: str) -> None:
        if film is self._film:  # it ended by itself, because it could not go on
            self.stop()
        film.wait()
        film.deleteLater()
        if error:
            self._state.post(error)
            return
        session = film.walk()
        try:
            if session is not None:
                save_beside(film.path, session, Existing.NUMBER)
        except (InputError, OSError) as refusal:
            self._state.post(str(refusal))
        self.saved.emit(film.path)


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
    """Encodes pictures on its own thread, as they come, and remembers where they lie.

    Signals: ended(film, error), "" when all went well.
    """

    ended = Signal(object, str)

    def __init__(self, path: Path, plan: Plan, exploration: Exploration, parent: QObject) -> None:
        super().__init__(parent)
        self.path, self._plan, self._exploration = path, plan, exploration
        self._visited: list[Keyframe | None] = []
        self._began = 0.0
        self._pictures: queue.Queue[tuple[int, Image] | None] = queue.Queue()

    # ── the window's thread ──────────────────────────────────────────────────────────────────

    def show(self, image: Image, place: Keyframe | None, now: float) -> None:
        """The picture seen at `now` seconds, as often as the time that went by asks for."""
        if not self._visited:
            self._began = now
        sampling, fps = self._exploration.sampling, self._plan.fps
        due = int((now - self._began) * fps) + 1
        picture = _fitted(image, sampling.width, sampling.height)
        # After a pause of the whole machine the film goes on instead of standing still for it.
        for _ in range(min(due - len(self._visited), max(round(fps), 1))):
            if self._pictures.qsize() >= _WAITING:
                return  # the encoder is too far behind
            self._pictures.put((len(self._visited), picture))
            self._visited.append(place)

    def finish(self) -> None:
        """No more pictures will come."""
        self._pictures.put(None)

    def walk(self) -> Exploration | None:
        """The walk along all that was visited; None where some of it lies in no plane."""
        visited = [place for place in self._visited if place is not None]
        if len(visited) < 2 or len(visited) < len(self._visited):
            return None
        base = self._exploration
        return replace(base, walk=walk_through(visited, base.walk.negative), compare=(), rows=())

    # ── its own thread ───────────────────────────────────────────────────────────────────────

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
            return "Nothing was shown while recording; no film was saved."
        with open_export(self.path, self._plan) as add:
            add(first[0], [first[1]])
            while (entry := self._pictures.get()) is not None:
                add(entry[0], [entry[1]])
        return ""


def _fitted(image: Image, width: int, height: int) -> Image:
    """The picture at the film's size, nearest pixel; previews are smaller than final pictures."""
    if image.shape[:2] == (height, width):
        return image
    rows = np.arange(height) * image.shape[0] // height
    columns = np.arange(width) * image.shape[1] // width
    return np.ascontiguousarray(image[rows][:, columns])
