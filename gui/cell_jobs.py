"""Renders pictures of points of the plane when nothing else is rendered."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from engine import messages as m
from gui.state.explorer_state import ExplorerState
from gui.state.missing_frames import MissingFrames
from gui.state.state_signals import CellRequest

#: Time after which a request that had to wait is tried again, in milliseconds.
RETRY = 250
#: Most tries for which a request waits for a point of the plane whose picture is awaited.
MOST_WAITS = 40


class CellJobs(QObject):
    """Owns one request for cells at a time. It has the lowest priority of all work.

    The engine runs only its newest request. Therefore cells wait for the jobs of the window, for
    exports and for points of the plane, and go on afterwards with those that are missing. A cancel
    or pause ends the request. Its owner gets every event by the state's signal `cells_event`; the
    last one is JobFinished, JobCancelled or JobFailed.

    Signals, for the session: submit_requested(request, indices, job number); cancel_requested.
    """

    submit_requested = Signal(object, object, int)
    cancel_requested = Signal()

    def __init__(
        self,
        state: ExplorerState,
        missing: MissingFrames,
        number: Callable[[], int],
        parent: QObject,
    ) -> None:
        """`number` returns an unused number of a job, below `NO_JOB`."""
        super().__init__(parent)
        self._state, self._missing, self._number = state, missing, number
        self._asked: CellRequest | None = None
        self._left: list[int] = []
        self._job = m.NO_JOB
        self._running, self._waits = False, 0
        self._retry = QTimer(self, singleShot=True, interval=RETRY)
        self._retry.timeout.connect(self._start)
        state.cells_requested.connect(self._ask)
        state.cells_dropped.connect(self._drop)
        state.busy_changed.connect(self._busy_changed)
        for signal in (state.cancel_requested, state.pause_requested):
            signal.connect(self._stop)

    def apply(self, event: m.JobEvent) -> None:
        """Handle an event of a job with a number below `NO_JOB`."""
        if self._asked is None or event.job != self._job:
            return
        match event:
            case m.FrameReady(tier=m.Tier.FINAL) | m.FrameFailed():
                self._left = [index for index in self._left if index != event.index]
                self._state.cells_event.emit(event)
            case m.JobCancelled():
                self._running = False
                self._retry.start()  # another job has replaced it
            case m.JobFinished() | m.JobFailed():
                self._end(event)
            case _:
                self._state.cells_event.emit(event)

    def _ask(self, request: CellRequest) -> None:
        self._asked, self._left = request, list(range(request.walk.frames))
        self._waits = 0
        self._state.set_cells_busy(True)
        self._start()

    def _drop(self) -> None:
        """Stop, and tell nobody."""
        self._asked = None
        self._state.set_cells_busy(False)
        self._retry.stop()
        if self._running:
            self._running = False
            self.cancel_requested.emit()

    def _stop(self) -> None:
        """Stop because a person cancelled or paused all work."""
        if self._asked is not None:
            self._running = False
            self._end(m.JobCancelled(self._job))

    def _end(self, event: m.JobEvent) -> None:
        self._asked, self._running = None, False
        self._state.set_cells_busy(False)
        self._retry.stop()
        self._state.cells_event.emit(event)

    def _busy_changed(self, busy: bool) -> None:
        if not busy and self._asked is not None:
            self._retry.start()

    def _start(self) -> None:
        if self._asked is None or self._state.busy:
            return
        self._waits += self._state.awaits_point
        waits = self._state.awaits_point and self._waits < MOST_WAITS
        if waits or self._missing.active:
            self._retry.start()
            return
        # Measures need all pictures; those in the store are read again.
        wanted = range(self._asked.walk.frames) if self._asked.measures else self._left
        self._job, self._running, self._waits = self._number(), True, 0
        self.submit_requested.emit(self._asked, tuple(wanted), self._job)
