"""Saves a copy of the walk every 30 seconds, to restore it after a crash."""

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
    """Owns this window's recovery file in `folder`. Its name is unique and it is locked, so that
    two windows never share one. It is written while there are unsaved changes, stays if the window
    closes with unsaved changes, and is removed when the walk is saved."""

    def __init__(self, state: ExplorerState, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._folder = state, folder
        with suppress(OSError):  # without a writable folder, there is no recovery
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
        """Write the recovery file if there are unsaved changes; otherwise remove it. Runs on a
        thread of its own."""
        if self._state.history.is_saved:
            self._pool.start(self._remove)
        else:
            exploration = self._state.exploration
            self._pool.start(lambda: self._write(exploration))

    def succeed(self, leftover: Path) -> None:
        """Replace the file `leftover`, whose walk was restored, by this window's own file."""
        self.keep()
        self._pool.start(lambda: self._remove_leftover(leftover))

    def close(self) -> None:
        """Write or remove the file a last time, and release its lock."""
        self._timer.stop()
        self.keep()
        self._pool.waitForDone()
        self._lock.unlock()

    def leftover(self) -> tuple[Path, Exploration] | None:
        """Returns the newest readable recovery file of a window that is closed, and its walk."""
        files = [p for p in self._folder.glob(f"*{SUFFIX}") if p != self._file and not is_part(p)]
        for file in sorted(files, key=_age, reverse=True):
            if is_held(file):
                continue  # it belongs to a window that is open
            try:
                return file, load_session(file)
            except InputError:
                with suppress(OSError):
                    file.replace(file.with_suffix(".broken"))
        return None

    def _history_changed(self) -> None:
        if self._state.history.is_saved:
            self.keep()

    # ── on the pool's single thread ──────────────────────────────────────────────────────────

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

    def _remove_leftover(self, leftover: Path) -> None:
        if self._written is not None:
            with suppress(OSError):
                leftover.unlink(missing_ok=True)


def _age(file: Path) -> float:
    """Returns the time of the last change; 0 for a file that was just removed."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
