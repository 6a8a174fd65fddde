"""Counts failed starts. After two in a row, the program starts in safe mode."""

from __future__ import annotations

import uuid
from contextlib import suppress
from pathlib import Path

from gui.files.file_locks import is_held, lock_beside

SUFFIX = ".start"
#: Number of failed starts in a row after which the next one is in safe mode.
MOST = 2


class StartGuard:
    """Owns a marker file of this start in `folder`. It is removed when the first walk is rendered,
    so it stays after a crash before that. Locks distinguish it from markers of open windows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._failed = [file for file in folder.glob(f"*{SUFFIX}") if not is_held(file)]
        self._marker = folder / f"{uuid.uuid4().hex}{SUFFIX}"
        self._lock = lock_beside(self._marker)
        with suppress(OSError):  # without a writable folder, starts are not counted
            folder.mkdir(parents=True, exist_ok=True)
            self._lock.tryLock(0)
            self._marker.touch()

    @property
    def alarmed(self) -> bool:
        """True if at least MOST starts before this one failed."""
        return len(self._failed) >= MOST

    def passed(self) -> None:
        """Record that this start succeeded: remove its marker and those of failed starts."""
        for marker in (self._marker, *self._failed):
            with suppress(OSError):
                marker.unlink(missing_ok=True)
        self._lock.unlock()
