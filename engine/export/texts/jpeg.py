"""The EXIF block of a JPEG file, found without decoding a picture."""

from __future__ import annotations

import struct
from typing import BinaryIO

SIGNATURE = b"\xff\xd8\xff"
_EXIF = b"Exif\0\0"
_APP1, _START_OF_SCAN, _END = 0xE1, 0xDA, 0xD9
_MOST_SEGMENTS = 1000


def read_exif_block(file: BinaryIO) -> bytes:
    """The EXIF block, at most 64 kB, of the file that stands at its start; b"" without one."""
    file.seek(2)
    for _ in range(_MOST_SEGMENTS):
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] in (_START_OF_SCAN, _END):
            break
        length = max(struct.unpack(">H", head[2:])[0] - 2, 0)
        if head[1] == _APP1:
            data = file.read(length)
            if data.startswith(_EXIF):
                return data
        else:
            file.seek(length, 1)
    return b""
