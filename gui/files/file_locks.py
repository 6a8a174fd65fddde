"""Lock files, which show that a file belongs to a running program."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLockFile


def lock_beside(file: Path) -> QLockFile:
    """Returns the lock of a file, not acquired yet. It becomes stale when its process ends."""
    lock = QLockFile(str(file.with_suffix(".lock")))
    lock.setStaleLockTime(0)
    return lock


def is_held(file: Path) -> bool:
    """True if a running program holds the file's lock."""
    lock = lock_beside(file)
    if not lock.tryLock(0):
        return True
    lock.unlock()
    return False
