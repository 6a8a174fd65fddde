"""Limits how often a signal is emitted. Importing superqt's class would delay the first paint."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal


class Throttle(QObject):
    """Emits at most one signal in each interval, for any number of calls of `throttle`.

    The signal is emitted at the end of the interval. With `leading`, the first call also emits it
    at once.

    Signals: triggered.
    """

    triggered = Signal()

    def __init__(self, milliseconds: int, parent: QObject, *, leading: bool = False) -> None:
        super().__init__(parent)
        self._leading, self._pending = leading, False
        self._timer = QTimer(self, singleShot=True, interval=milliseconds)
        self._timer.timeout.connect(self._end_interval)

    def throttle(self) -> None:
        """Request a signal."""
        self._pending = True
        if not self._timer.isActive():
            self._emit() if self._leading else self._timer.start()

    def cancel(self) -> None:
        """Cancel the pending signal."""
        self._pending = False

    def _emit(self) -> None:
        self._pending = False
        if self._leading:
            self._timer.start()
        self.triggered.emit()

    def _end_interval(self) -> None:
        if self._pending:
            self._emit()
