"""The EXIF block of a WebP file, found without decoding a picture."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from engine.export.texts.limits import MAX_CHUNKS, MAX_TEXT

SIGNATURE = b"RIFF"


def read_exif_block(file: BinaryIO) -> bytes:
    """The first EXIF block of a file; b"" where there is none or it is larger than MAX_TEXT."""
    for kind, length in _chunks(file):
        if kind == b"EXIF" and length <= MAX_TEXT:
            return file.read(length)
    return b""


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Kind and length of each chunk of a RIFF file, which then stands at the chunk's data."""
    place = 12
    for _ in range(MAX_CHUNKS):
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            return
        kind, length = struct.unpack("<4sI", head)
        yield kind, length
        place += 8 + length + length % 2
