"""Which files belong to a program that is running: a lock beside each, that dies with it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLockFile


def lock_beside(file: Path) -> QLockFile:
    """The lock of a file, not yet taken. It holds for as long as its process lives."""
    lock = QLockFile(str(file.with_suffix(".lock")))
    lock.setStaleLockTime(0)
    return lock


def is_held(file: Path) -> bool:
    """Whether a program that is running has the file's lock."""
    lock = lock_beside(file)
    if not lock.tryLock(0):
        return True
    lock.unlock()
    return False
