"""Work that would keep the window waiting, done on a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThreadPool, Signal

from engine.errors import InputError, ModelError

#: How long the window's end waits for work that nobody wants any more.
CLOSE_MS = 2000


class Background(QObject):
    """Owns one thread. Each function given to `run` is called there, and what it returns (or the
    exception it raises) is handed to `done` on the thread of this object. `idle` says after
    `close` whether the thread has ended.
    """

    _finished = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._open = self.idle = True
        self._finished.connect(self._deliver)

    def run(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Call `work` there and `done` with its result here."""
        self._pool.start(lambda: self._finished.emit(done, _outcome(work)))

    def close(self) -> None:
        """Wait a while for what is running; its result is wanted no more."""
        self._open = False
        self._pool.clear()
        self.idle = self._pool.waitForDone(CLOSE_MS)

    def _deliver(self, done: Callable[[Any], None], result: Any) -> None:
        if self._open:
            done(result)


def _outcome(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except (InputError, ModelError, OSError) as error:
        return error
    except Exception as error:
        logging.getLogger("latent_trails").exception("background work failed")
        return error
