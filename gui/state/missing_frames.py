"""Renders frames that an export needs and that memory no longer holds."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from engine import messages as m
from engine.walk import Exploration
from gui.state.explorer_state import ExplorerState

STOPPED = "Rendering was stopped, so the export ended; export again to render what is missing."


class MissingFrames(QObject):
    """Owns one request for frames at a time.

    The engine runs only its newest request. Therefore this request waits while a job of the window
    is running, and is submitted again after a job of the window has replaced it.

    Signals: frame_ready(lane, index, picture [H, W, 3]); failed(reason), one sentence. For the
    session: submit_requested(exploration, indices, job number); cancel_requested.
    """

    frame_ready = Signal(int, int, object)
    failed = Signal(str)
    submit_requested = Signal(object, object, int)
    cancel_requested = Signal()

    def __init__(self, state: ExplorerState, number: Callable[[], int], parent: QObject) -> None:
        """`number` returns an unused number of a job, below `NO_JOB`."""
        super().__init__(parent)
        self._state, self._number = state, number
        self._asked: tuple[Exploration, tuple[int, ...]] | None = None
        self._job = m.NO_JOB
        state.busy_changed.connect(self._busy_changed)
        state.pause_requested.connect(self._stop)

    @property
    def active(self) -> bool:
        """True while frames are requested."""
        return self._asked is not None

    def ask(self, exploration: Exploration, indices: tuple[int, ...]) -> None:
        """Render these frames of every lane. Replaces an earlier request."""
        self._asked = exploration, indices
        if not self._state.busy:
            self._start()

    def drop(self) -> None:
        """Cancel the request."""
        if self._asked is not None and not self._state.busy:
            self.cancel_requested.emit()
        self._asked = None

    def apply(self, event: m.JobEvent) -> None:
        """Handle an event of a job with a number below `NO_JOB`."""
        if self._asked is None or event.job != self._job:
            return
        match event:
            case m.FrameReady(tier=m.Tier.FINAL):
                self.frame_ready.emit(event.lane, event.index, event.image)
            case m.FrameFailed() | m.JobFailed():
                self._end(event.message)
            case m.JobCancelled() if not self._state.busy:
                self._stop()
            case m.JobFinished():
                self._asked = None

    def _stop(self) -> None:
        if self._asked is not None:
            self._end(STOPPED)

    def _end(self, reason: str) -> None:
        self._asked = None
        self.failed.emit(reason)

    def _busy_changed(self, busy: bool) -> None:
        if not busy and self._asked is not None:
            self._start()

    def _start(self) -> None:
        assert self._asked is not None
        self._job = self._number()
        self.submit_requested.emit(*self._asked, self._job)
