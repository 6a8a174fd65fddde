"""Numbers that were measured on this machine, remembered in one small file: slots, steady rows.

Light to import.
"""

from __future__ import annotations

import json
from pathlib import Path

from engine.atomic import Existing, WriteError, write_bytes
from engine.errors import InputError


class BatchMemory:
    """Whole numbers by key, in a JSON file. One that is missing or unreadable counts as empty.

    What cannot be written is forgotten: the next run measures again.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def get(self, key: str) -> int | None:
        """The number remembered under `key`."""
        number = self._read().get(key)
        return number if isinstance(number, int) and number >= 0 else None

    def put(self, key: str, number: int) -> None:
        """Remember a number."""
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
