"""Starts that never came to a good end: after two of them in a row, the next one is careful."""

from __future__ import annotations

import uuid
from contextlib import suppress
from pathlib import Path

from gui.files.file_locks import is_held, lock_beside

SUFFIX = ".start"
#: So many starts in a row that went wrong are no accident.
MOST = 2


class StartGuard:
    """Owns this start's marker in `folder`, a file that stays when the program dies before it has
    drawn its first walk. Locks tell the markers of the dead from those of windows that are open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._failed = [file for file in folder.glob(f"*{SUFFIX}") if not is_held(file)]
        self._marker = folder / f"{uuid.uuid4().hex}{SUFFIX}"
        self._lock = lock_beside(self._marker)
        with suppress(OSError):  # without a place to write to, nothing is counted
            folder.mkdir(parents=True, exist_ok=True)
            self._lock.tryLock(0)
            self._marker.touch()

    @property
    def alarmed(self) -> bool:
        """Whether the starts before this one ended badly, too often to be an accident."""
        return len(self._failed) >= MOST

    def passed(self) -> None:
        """This start went well: those before it are forgotten."""
        for marker in (self._marker, *self._failed):
            with suppress(OSError):
                marker.unlink(missing_ok=True)
        self._lock.unlock()
