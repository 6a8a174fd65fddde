"""Work that may never end, such as reading from a network disk; nothing waits for its thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QDeadlineTimer, QObject, QTimer

from engine.errors import InputError
from gui.widgets.background_work import outcome_of

#: How often the answer is looked for.
TURN_MS = 10


class TimedWork(QObject):
    """Does one thing at a time; a newer one takes its place, and its result is wanted no more.

    Work that does not end within `deadline_ms` is given up. Its thread goes on until the program
    ends, which does not wait for it.
    """

    def __init__(self, deadline_ms: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._deadline_ms = deadline_ms
        self._answer: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._done: Callable[[Any], None] | None = None
        self._late = ""
        self._deadline = QDeadlineTimer()
        self._timer = QTimer(self, interval=TURN_MS)
        self._timer.timeout.connect(self._poll)

    @property
    def busy(self) -> bool:
        """True until the work has ended or was cancelled."""
        return self._done is not None

    def run(self, work: Callable[[], Any], done: Callable[[Any], None], late: str) -> None:
        """Call `work` on a thread, and `done` here with what it returns or raises.

        Past the deadline, `done` is given an InputError that says `late`.
        """
        answer: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._answer, self._done, self._late = answer, done, late
        self._deadline = QDeadlineTimer(self._deadline_ms)
        threading.Thread(
            target=lambda: answer.put(outcome_of(work)), name="timed work", daemon=True
        ).start()
        self._timer.start()

    def cancel(self) -> None:
        """The answer is wanted no more."""
        self._done = None
        self._timer.stop()

    def _poll(self) -> None:
        with suppress(queue.Empty):
            self._finish(self._answer.get_nowait())
            return
        if self._deadline.hasExpired():
            self._finish(InputError(self._late))

    def _finish(self, result: Any) -> None:
        done = self._done
        self.cancel()
        if done is not None:
            done(result)
