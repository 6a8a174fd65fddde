"""Runs slow work on a background thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThreadPool, Signal

from engine.errors import InputError, ModelError

#: Time that `close` waits for running work, in milliseconds.
CLOSE_MS = 2000


class Background(QObject):
    """Owns one thread. `run` calls a function there, and calls `done` with its result, or with the
    exception it raised, on the thread of this object. After `close`, `idle` is True if the thread
    has ended.
    """

    _finished = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._open = self.idle = True
        self._finished.connect(self._deliver)

    def run(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Call `work` on the background thread and `done` with its result on this object's."""
        self._pool.start(lambda: self._finished.emit(done, outcome_of(work)))

    def close(self) -> None:
        """Wait up to CLOSE_MS for running work, and ignore its result."""
        self._open = False
        self._pool.clear()
        self.idle = self._pool.waitForDone(CLOSE_MS)

    def _deliver(self, done: Callable[[Any], None], result: Any) -> None:
        if self._open:
            done(result)


def outcome_of(work: Callable[[], Any]) -> Any:
    """Returns the result of `work` or the exception it raises. An unexpected one is logged."""
    try:
        return work()
    except (InputError, ModelError, OSError) as error:
        return error
    except Exception as error:
        logging.getLogger("latent_trails").exception("background work failed")
        return error
