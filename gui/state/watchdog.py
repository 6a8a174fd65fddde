"""Says so when a job gives no sign of life for unusually long."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from statistics import median

from PySide6.QtCore import QObject, QTimer

from gui.state.explorer_state import ExplorerState

#: A step may take so long, and so many times as long as the median of the last ones.
LEAST_S, STEPS = 30.0, 10.0
CHECK_MS = 5000
_REMEMBERED = 64


class Watchdog(QObject):
    """Watches the events of the job in progress, and posts one message for each long silence.

    `clock` gives seconds. The engine cannot be asked: while a step hangs, it answers nothing.
    """

    def __init__(
        self,
        state: ExplorerState,
        clock: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._clock = state, clock
        self._heard_at = 0.0
        self._steps: deque[float] = deque(maxlen=_REMEMBERED)
        self._said = False
        self._timer = QTimer(self, interval=CHECK_MS)
        self._timer.timeout.connect(self.check)
        state.busy_changed.connect(self._busy_changed)
        state.progress_changed.connect(self._hear_step)
        state.model_changed.connect(self._hear)
        state.path_changed.connect(self._hear)

    def check(self) -> None:
        """Post a message if nothing was heard for too long, once for each silence."""
        silence = self._clock() - self._heard_at
        usual = median(self._steps) if self._steps else 0.0
        if self._said or not self._state.busy or silence < max(LEAST_S, STEPS * usual):
            return
        self._said = True
        doing = f"“{self._state.loading.stage}”" if self._state.loading else "one step"
        before = f"; steps before took {usual:.1f} s" if self._steps else ""
        self._state.post(
            f"The engine has been at {doing} for {silence:.0f} s{before}. It may be waiting for "
            "the device or the disk: wait, or save the session and start the program again."
        )

    def _busy_changed(self, busy: bool) -> None:
        self._steps.clear()
        self._hear()
        if busy:
            self._timer.start()
        else:
            self._timer.stop()

    def _hear_step(self) -> None:
        if self._state.progress is not None and self._state.loading is None:
            self._steps.append(self._clock() - self._heard_at)
        self._hear()

    def _hear(self, *_: object) -> None:
        self._heard_at, self._said = self._clock(), False
