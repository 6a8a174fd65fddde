"""The log file: what the program, Python and Qt say, and every exception that nobody caught."""

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
#: Seconds in which the same kind of trouble is shown to the person once.
QUIET = 10.0

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class Log:
    """Owns the log file from `start` on. `report` is told of an uncaught exception, with its
    traceback, at most once in QUIET seconds."""

    def __init__(self, path: Path, report: Callable[[str, str], None] | None = None) -> None:
        self.path = path
        self.report = report
        self._last = -QUIET

    def start(self) -> None:
        """Take note from now on, native crashes included; where no file can be, only tell."""
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
        # It would write down every piece of a download, with addresses that open it.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        # The handler's file changes when it is full; a crash is written to one of its own.
        self._crashes = self.path.with_suffix(".crash").open("a", encoding="utf-8")
        faulthandler.enable(self._crashes)
        qInstallMessageHandler(self._qt_said)

    def uncaught(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """An exception reached the top: write it down and, not too often, say so."""
        details = _note("uncaught exception", kind, error, trace)
        now = time.monotonic()
        if self.report is not None and now - self._last >= QUIET:
            self._last = now
            self.report(
                f"Something went wrong in the program ({kind.__name__}: {error}); it goes on, and "
                "the log has the details.",
                details,
            )

    def uncaught_in_thread(self, found: threading.ExceptHookArgs) -> None:
        """An exception ended a thread: write it down. What is shown is the window's thread's."""
        if not issubclass(found.exc_type, SystemExit):
            name = found.thread.name if found.thread else "a thread"
            _note(f"{name} ended", found.exc_type, found.exc_value, found.exc_traceback)

    def _qt_said(self, kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        logging.getLogger(f"qt.{context.category}").log(_LEVELS[kind], message)


def _note(
    what: str, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> str:
    """Write down what happened, and return the traceback."""
    details = "".join(traceback.format_exception(kind, error, trace))
    logging.getLogger("latent_trails").error("%s\n%s", what, details)
    return details
