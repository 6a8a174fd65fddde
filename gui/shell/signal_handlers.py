"""A request to end from outside (kill, Ctrl+C in the terminal), told to the window's own loop."""

from __future__ import annotations

import signal
import socket

from PySide6.QtCore import QObject, QSocketNotifier, Signal


class SignalHandlers(QObject):
    """Takes SIGINT and SIGTERM for as long as the process lives.

    Python hears of signals only between two of its own instructions, and Qt's loop may run none for
    long. The number is therefore written to a socket at once, which wakes the loop.

    Signals: asked, somebody wants the program to end.
    """

    asked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._here, self._there = socket.socketpair()
        for end in (self._here, self._there):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._here.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._heard)
        signal.set_wakeup_fd(self._there.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)  # what is written to the socket is the answer

    def _heard(self) -> None:
        self._here.recv(64)
        self.asked.emit()
