"""The few texts of an EXIF block that say how a picture was made. Reads no other tag.

Source: TIFF 6.0 and CIPA DC-008 (EXIF 2.32).
"""

from __future__ import annotations

import struct

DESCRIPTION, MAKE, CAMERA, USER_COMMENT = 0x010E, 0x010F, 0x0110, 0x9286
_FOLDER = 0x8769
_BYTE, _TEXT, _LONG, _UNDEFINED = 1, 2, 4, 7
_MOST_ENTRIES = 500
_ENTRY = 12
#: Types of one byte an element; writers use any of them for texts.
_BYTES = (_BYTE, _TEXT, _UNDEFINED)
_TAGS = (DESCRIPTION, MAKE, CAMERA, USER_COMMENT)


def read_exif(data: bytes) -> dict[int, bytes]:
    """DESCRIPTION, MAKE, CAMERA and USER_COMMENT of a block, as far as it has them.

    Each is at most as large as the block. What lies beyond its end is left out.
    """
    data = data.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 8:
        return {}
    found = _directory(data, order, struct.unpack_from(f"{order}I", data, 4)[0])
    if _FOLDER in found:
        (place,) = struct.unpack(f"{order}I", found.pop(_FOLDER))
        found = {**_directory(data, order, place), **found}
        found.pop(_FOLDER, None)
    return found


def comment_text(comment: bytes) -> str:
    """A user's comment without the eight bytes that name its encoding."""
    code, body = comment[:8], comment[8:]
    if code == b"UNICODE\0":
        little = body[:2] == b"\xff\xfe" or body[1:2] == b"\0"
        return body.decode("utf-16-le" if little else "utf-16-be", "replace").strip("\ufeff\0")
    known = code in (b"ASCII\0\0\0", b"JIS\0\0\0\0\0", b"\0" * 8)
    return (body if known else comment).decode("utf-8", "replace").strip("\0")


def _directory(data: bytes, order: str, place: int) -> dict[int, bytes]:
    """The wanted entries of the directory at `place`."""
    found: dict[int, bytes] = {}
    if place + 2 > len(data):
        return found
    (count,) = struct.unpack_from(f"{order}H", data, place)
    for number in range(min(count, _MOST_ENTRIES)):
        start = place + 2 + _ENTRY * number
        if start + _ENTRY > len(data):
            break
        tag, kind, size, offset = struct.unpack_from(f"{order}HHII", data, start)
        if tag == _FOLDER and kind == _LONG:
            found[tag] = data[start + 8 : start + _ENTRY]
        elif tag in _TAGS and kind in _BYTES:
            begin = start + 8 if size <= 4 else offset
            found[tag] = data[begin : begin + size]
    return found
