"""Delivers SIGINT and SIGTERM (Ctrl+C in the terminal, kill) to Qt's event loop as a signal."""

from __future__ import annotations

import signal
import socket

from PySide6.QtCore import QObject, QSocketNotifier, Signal


class SignalHandlers(QObject):
    """Handles SIGINT and SIGTERM until the process ends.

    Python runs signal handlers only between two bytecode instructions, and Qt's event loop may run
    none for a long time. Python therefore writes the signal's number to a socket at once, and the
    socket wakes the event loop.

    Signals: quit_requested.
    """

    quit_requested = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_readable)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)  # the socket delivers it

    def _on_readable(self) -> None:
        self._reader.recv(64)
        self.quit_requested.emit()
