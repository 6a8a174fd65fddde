"""Many calls, few answers. superqt has such a class, but its import would delay the first paint."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal


class Throttle(QObject):
    """Owns a timer that calls of `throttle` start and that further ones leave alone.

    Signals: triggered, once for all calls of an interval, at its end.
    """

    triggered = Signal()

    def __init__(self, milliseconds: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, singleShot=True, interval=milliseconds)
        self._timer.timeout.connect(self.triggered)

    def throttle(self) -> None:
        """Something happened that has to be answered soon."""
        if not self._timer.isActive():
            self._timer.start()
