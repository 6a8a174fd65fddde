"""Limits for reading texts from picture files of other programs."""

from __future__ import annotations

#: Bytes of all texts of a file together, decompressed.
MAX_TEXT = 4 << 20
MAX_CHUNKS = 10_000
