"""A second copy of the walk, so that a crash costs half a minute at most."""

from __future__ import annotations

import logging
import uuid
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, QThreadPool, QTimer

from engine.atomic import is_part
from engine.documents.session_file import SUFFIX, load_session, save_session
from engine.errors import InputError
from engine.walk import Exploration
from gui.files.file_locks import is_held, lock_beside
from gui.state.explorer_state import ExplorerState

INTERVAL_MS = 30_000


class Recovery(QObject):
    """Owns this window's recovery file, which lies in `folder` under a name of its own, locked, so
    that two windows never share one. It is written while there are unsaved changes, and stays if
    the window goes with them; a saved walk leaves none."""

    def __init__(self, state: ExplorerState, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._folder = state, folder
        with suppress(OSError):  # without a place to write to, nothing is recovered
            folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / f"{uuid.uuid4().hex}{SUFFIX}"
        self._lock = lock_beside(self._file)
        self._lock.tryLock(0)
        self._written: Exploration | None = None
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self.keep)
        self._timer.start()
        state.history.changed.connect(self._history_changed)

    def keep(self) -> None:
        """Write the walk beside, if it has changes that no file has; never on this thread."""
        if self._state.history.is_saved:
            self._pool.start(self._remove)
        else:
            exploration = self._state.exploration
            self._pool.start(lambda: self._write(exploration))

    def succeed(self, leftover: Path) -> None:
        """The walk in `leftover` goes on here: that copy goes once there is another one."""
        self.keep()
        self._pool.start(lambda: self._outlive(leftover))

    def close(self) -> None:
        """Leave a copy if there are unsaved changes, and nothing otherwise."""
        self._timer.stop()
        self.keep()
        self._pool.waitForDone()
        self._lock.unlock()

    def leftover(self) -> tuple[Path, Exploration] | None:
        """The newest walk that an earlier window left unsaved, if there is one that can be read."""
        files = [p for p in self._folder.glob(f"*{SUFFIX}") if p != self._file and not is_part(p)]
        for file in sorted(files, key=_age, reverse=True):
            if is_held(file):
                continue  # another window is at work on it
            try:
                return file, load_session(file)
            except InputError:
                with suppress(OSError):
                    file.replace(file.with_suffix(".broken"))
        return None

    def _history_changed(self) -> None:
        if self._state.history.is_saved:
            self.keep()

    # ── the pool's thread, where each waits for the one before ───────────────────────────────

    def _write(self, exploration: Exploration) -> None:
        if exploration == self._written:
            return
        try:
            save_session(self._file, exploration)
            self._written = exploration
        except (InputError, OSError) as error:
            logging.getLogger("latent_trails").warning("no recovery file: %s", error)

    def _remove(self) -> None:
        self._written = None
        with suppress(OSError):
            self._file.unlink(missing_ok=True)

    def _outlive(self, leftover: Path) -> None:
        if self._written is not None:
            with suppress(OSError):
                leftover.unlink(missing_ok=True)


def _age(file: Path) -> float:
    """When it was written; 0 for one that another window has just removed."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
