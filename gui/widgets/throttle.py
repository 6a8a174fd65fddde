"""Limits how often something is done. Importing superqt's class would delay the first paint."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal


class Throttle(QObject):
    """Answers many calls of `throttle` with at most one signal an interval.

    All calls of an interval are answered at its end; with `leading`, the call that begins it is
    answered at once.

    Signals: triggered.
    """

    triggered = Signal()

    def __init__(self, milliseconds: int, parent: QObject, *, leading: bool = False) -> None:
        super().__init__(parent)
        self._leading, self._pending = leading, False
        self._timer = QTimer(self, singleShot=True, interval=milliseconds)
        self._timer.timeout.connect(self._end_interval)

    def throttle(self) -> None:
        """Ask for a signal."""
        self._pending = True
        if not self._timer.isActive():
            self._answer() if self._leading else self._timer.start()

    def cancel(self) -> None:
        """Drop the calls that are not answered yet."""
        self._pending = False

    def _answer(self) -> None:
        self._pending = False
        if self._leading:
            self._timer.start()
        self.triggered.emit()

    def _end_interval(self) -> None:
        if self._pending:
            self._answer()
