"""File names that are valid on every system."""

from __future__ import annotations

import re

from engine.errors import InputError

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_FIELD = re.compile(r"\{index(?::0?(\d)d?)?\}")
MAX_LENGTH = 80
#: In UTF-8. Systems take 255, of which a suffix, a number and the like need some.
MAX_BYTES = 200


def clean_name(text: str) -> str:
    """Converts `text` to a name of a file or folder with at most 80 characters and 200 bytes."""
    name = _FORBIDDEN.sub("_", text).strip(" .")[:MAX_LENGTH]
    name = name.encode("utf-8", "ignore")[:MAX_BYTES].decode("utf-8", "ignore").strip(" .")
    name = name or "unnamed"
    return f"_{name}" if _RESERVED.fullmatch(name) else name


def frame_name(template: str, index: int) -> str:
    """Fills {index} or {index:05d} into `template`. Raises InputError if it has neither."""
    name, count = _FIELD.subn(lambda field: f"{index:0{field[1] or 1}d}", template)
    if not count or "{" in name or clean_name(name) != name:
        raise InputError(
            f"The name template {template!r} makes no usable file names; write it as "
            "'{index:05d}.png', with other letters where you like."
        )
    return name


def frame_number(template: str, name: str) -> int | None:
    """Returns the index for which `template` makes this name, or None."""
    parts = _FIELD.split(template)[::2]
    written = re.fullmatch(r"(\d+)".join(re.escape(part) for part in parts), name)
    if written is None or not written.groups():
        return None
    index = int(written[1])
    return index if frame_name(template, index) == name else None
