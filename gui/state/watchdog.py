"""Posts a message when a job sends no event for unusually long."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from statistics import median

from PySide6.QtCore import QObject, QTimer

from gui.state.explorer_state import ExplorerState

#: A step counts as late after this time in seconds, and after this multiple of the median step.
LEAST_S, STEPS = 30.0, 10.0
CHECK_MS = 5000
_RECENT_STEPS = 64


class Watchdog(QObject):
    """Watches the events of the running job, and posts one message for each long gap.

    `clock` returns seconds. The engine itself cannot report a step that hangs.
    """

    def __init__(
        self,
        state: ExplorerState,
        clock: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._clock = state, clock
        self._last_event_at = 0.0
        self._steps: deque[float] = deque(maxlen=_RECENT_STEPS)
        self._posted = False
        self._timer = QTimer(self, interval=CHECK_MS)
        self._timer.timeout.connect(self.check)
        state.busy_changed.connect(self._busy_changed)
        state.progress_changed.connect(self._on_step)
        state.model_changed.connect(self._on_event)
        state.path_changed.connect(self._on_event)

    def check(self) -> None:
        """Post a message if the last event is too long ago, once for each gap."""
        silence = self._clock() - self._last_event_at
        usual = median(self._steps) if self._steps else 0.0
        if self._posted or not self._state.busy or silence < max(LEAST_S, STEPS * usual):
            return
        self._posted = True
        doing = f"“{self._state.loading.stage}”" if self._state.loading else "one step"
        before = f"; steps before took {usual:.1f} s" if self._steps else ""
        self._state.post(
            f"The engine has been at {doing} for {silence:.0f} s{before}. It may be waiting for "
            "the device or the disk: wait, or save the session and start the program again."
        )

    def _busy_changed(self, busy: bool) -> None:
        self._steps.clear()
        self._on_event()
        if busy:
            self._timer.start()
        else:
            self._timer.stop()

    def _on_step(self) -> None:
        if self._state.progress is not None and self._state.loading is None:
            self._steps.append(self._clock() - self._last_event_at)
        self._on_event()

    def _on_event(self, *_: object) -> None:
        self._last_event_at, self._posted = self._clock(), False
