"""Stores numbers that were measured on this machine in one small file: slots and steady rows.

Imports no large library.
"""

from __future__ import annotations

import json
from pathlib import Path

from engine.atomic import Existing, WriteError, write_bytes
from engine.errors import InputError


class BatchMemory:
    """Integers by key in a JSON file. A file that is missing or unreadable counts as empty.

    If the file cannot be written, the next run measures again.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def get(self, key: str) -> int | None:
        """Return the number of `key`, or None."""
        number = self._read().get(key)
        return number if isinstance(number, int) and number >= 0 else None

    def put(self, key: str, number: int) -> None:
        """Store a number."""
        known = json.dumps({**self._read(), key: number}, indent=1)
        try:
            write_bytes(self._file, known.encode(), Existing.REPLACE)
        except (WriteError, InputError):
            return

    def _read(self) -> dict[str, object]:
        try:
            known = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}
