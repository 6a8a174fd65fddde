"""Metadata of GIF and WebP files, which their encoders do not write.

A GIF gets two comments: the text that many programs read, and our own document. A WebP gets EXIF:
the text as the user comment, which AUTOMATIC1111's web UI reads, and the document as the
description. Files are read without decoding pictures.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from PIL import Image as Pillow

from engine.atomic import open_file
from engine.errors import InputError
from engine.export.texts import exif, riff
from engine.export.texts.limits import MAX_TEXT

GIF, WEBP = (b"GIF87a", b"GIF89a"), b"RIFF"
_COMMENT = b"!\xfe"
_PIECE = 1 << 20
_EXIF_FOLDER = 0x8769
_HAS_EXIF = 0x08


def add_texts(path: Path, texts: Mapping[str, str]) -> None:
    """Writes `description` and `comment` of `texts` into the finished GIF or WebP at `path`."""
    description, document = texts.get("description", ""), texts.get("comment", "")
    if not document:
        return
    with path.open("r+b") as file:
        if file.read(6) in GIF:
            _add_comments(file, (description, document))
        else:
            _add_exif(file, _exif(description, document))


def read_document(path: Path) -> str | None:
    """Returns our own document in a GIF or WebP, or None.

    Raises InputError for a damaged file.
    """
    try:
        with open_file(path) as file:
            return _last_comment(file) if file.read(6) in GIF else _described(file)
    except OSError as error:
        raise InputError(f"{path.name} is damaged ({error}).") from error


def _add_comments(file: BinaryIO, texts: tuple[str, ...]) -> None:
    """Inserts comments before the first picture. The rest is moved in pieces, from its end."""
    start = _after_palette(file)
    comments = b"".join(_comment(text.encode("utf-8", "replace")) for text in texts)
    place = file.seek(0, 2)
    while place > start:
        piece = min(_PIECE, place - start)
        place -= piece
        file.seek(place)
        data = file.read(piece)
        file.seek(place + len(comments))
        file.write(data)
    file.seek(start)
    file.write(comments)


def _comment(data: bytes) -> bytes:
    """Encodes a comment in blocks, each after its length. An empty block ends it."""
    blocks = (data[k : k + 255] for k in range(0, len(data), 255))
    return _COMMENT + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def _last_comment(file: BinaryIO) -> str | None:
    """Returns the last of the comments at the start; None for a comment longer than ours."""
    file.seek(_after_palette(file))
    found, left = None, MAX_TEXT
    while file.read(2) == _COMMENT:
        blocks = list[bytes]()
        while (length := file.read(1)) not in (b"", b"\0"):
            blocks.append(file.read(length[0]))
            left -= length[0] + 1
            if left < 0:
                return None
        left -= 3
        if left < 0:
            return None
        found = b"".join(blocks)
    return None if found is None else found.decode("utf-8", "replace")


def _after_palette(file: BinaryIO) -> int:
    """Returns the end of a GIF's header and global palette."""
    file.seek(10)
    flags = (file.read(1) or b"\0")[0]
    return 13 + (3 << (flags % 8 + 1) if flags & 0x80 else 0)


def _exif(description: str, document: str) -> bytes:
    made = Pillow.Exif()
    made[exif.DESCRIPTION] = document.encode("utf-8", "replace")
    made.get_ifd(_EXIF_FOLDER)[exif.USER_COMMENT] = b"UNICODE\0" + description.encode("utf-16-be")
    return made.tobytes().removeprefix(b"Exif\0\0")  # which is JPEG's


def _add_exif(file: BinaryIO, exif: bytes) -> None:
    """Adds EXIF as a chunk at the end, and sets its flag in the extended header."""
    file.seek(12)
    if file.read(4) != b"VP8X":
        _extend(file)
    file.seek(20)
    flags = file.read(1)[0]
    file.seek(20)
    file.write(bytes([flags | _HAS_EXIF]))
    file.seek(0, 2)
    file.write(b"EXIF" + struct.pack("<I", len(exif)) + exif + b"\0" * (len(exif) % 2))
    size = file.tell() - 8
    file.seek(4)
    file.write(struct.pack("<I", size))


def _extend(file: BinaryIO) -> None:
    """Gives a file the extended header. The encoder leaves it out where all frames are equal, and
    writes a still picture."""
    file.seek(0)
    with Pillow.open(file, formats=["WEBP"]) as picture:
        sides = (side - 1 for side in picture.size)
    file.seek(12)
    picture_chunk = file.read()
    file.seek(12)
    header = b"VP8X" + struct.pack("<II", 10, 0) + b"".join(s.to_bytes(3, "little") for s in sides)
    file.write(header + picture_chunk)


def _described(file: BinaryIO) -> str | None:
    description = exif.read_exif(riff.read_exif_block(file)).get(exif.DESCRIPTION)
    if description is None:
        return None
    return description.rstrip(b"\0").decode("utf-8", "replace")
