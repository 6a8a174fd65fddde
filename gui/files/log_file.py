"""The log file: messages of the program, Python and Qt, and uncaught exceptions."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

FILE_BYTES = 1 << 20
#: Least time between two reports of uncaught exceptions in the window, in seconds.
QUIET = 10.0

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class Log:
    """Owns the log file from `start` on. An uncaught exception calls `report` with a sentence and
    the traceback, at most once in QUIET seconds."""

    def __init__(self, path: Path, report: Callable[[str, str], None] | None = None) -> None:
        self.path = path
        self.report = report
        self._last = -QUIET

    def start(self) -> None:
        """Start to log, native crashes included. If the file cannot be written, log a warning."""
        sys.excepthook = self.uncaught
        threading.excepthook = self.uncaught_in_thread
        try:
            self._open()
        except OSError as error:
            logging.getLogger("latent_trails").warning("there is no log file: %s", error)

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(self.path, "a", FILE_BYTES, 2, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root = logging.getLogger()
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        # httpx would log each part of a download, with URLs that give access to it.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        # The handler replaces its file when it is full, so crashes go to a file of their own.
        self._crashes = self.path.with_suffix(".crash").open("a", encoding="utf-8")
        faulthandler.enable(self._crashes)
        qInstallMessageHandler(self._log_qt_message)

    def uncaught(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """Log an uncaught exception, and report it unless one was reported shortly before."""
        details = _note("uncaught exception", kind, error, trace)
        now = time.monotonic()
        if self.report is not None and now - self._last >= QUIET:
            self._last = now
            self.report(
                f"The program has hit an error ({kind.__name__}: {error}) and continues; see the "
                "log.",
                details,
            )

    def uncaught_in_thread(self, found: threading.ExceptHookArgs) -> None:
        """Log an exception that ended a thread. It is not reported in the window."""
        if not issubclass(found.exc_type, SystemExit):
            name = found.thread.name if found.thread else "a thread"
            _note(f"{name} ended", found.exc_type, found.exc_value, found.exc_traceback)

    def _log_qt_message(self, kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        logging.getLogger(f"qt.{context.category}").log(_LEVELS[kind], message)


def _note(
    what: str, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> str:
    """Logs an exception and returns its traceback."""
    details = "".join(traceback.format_exception(kind, error, trace))
    logging.getLogger("latent_trails").error("%s\n%s", what, details)
    return details
