"""Asks for pictures and scores of points, one request after another, and collects the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from engine import messages as m
from gui.state.explorer_state import ExplorerState
from gui.state.state_signals import CellRequest

STOPPED = "Stopped"


@dataclass(frozen=True, slots=True)
class Answer:
    """The keys of the pictures and the values of the measure, by frame of the request's walk."""

    keys: dict[int, str] = field(default_factory=dict)
    values: dict[int, float] = field(default_factory=dict)


class CellQuery(QObject):
    """Owns a list of requests for cells. Only one owner of such requests may ask at a time.

    Signals: answered(a list with one Answer for each request); failed(reason).
    """

    answered = Signal(list)
    failed = Signal(str)

    def __init__(self, state: ExplorerState, parent: QObject) -> None:
        super().__init__(parent)
        self._state = state
        self._requests: list[CellRequest] = []
        self._answers: list[Answer] = []
        state.cells_event.connect(self._apply)

    def ask(self, requests: Sequence[CellRequest]) -> None:
        """Start these requests, at least one."""
        self._requests, self._answers = list(requests), [Answer()]
        self._state.cells_requested.emit(self._requests[0])

    def stop(self) -> None:
        """Forget the requests."""
        if self._requests:
            self._requests = []
            self._state.cells_dropped.emit()

    def _apply(self, event: m.JobEvent) -> None:
        if not self._requests:
            return
        match event:
            case m.FrameReady():
                self._answers[-1].keys[event.index] = event.key
            case m.MeasureReady():
                self._answers[-1].values[event.index] = event.value
            case m.MeasureFailed() | m.JobFailed():
                self.stop()
                self.failed.emit(event.message)
            case m.JobCancelled():
                self._requests = []
                self.failed.emit(STOPPED)
            case m.JobFinished():
                self._next()

    def _next(self) -> None:
        self._requests.pop(0)
        if self._requests:
            self._answers.append(Answer())
            self._state.cells_requested.emit(self._requests[0])
        else:
            self.answered.emit(self._answers)
