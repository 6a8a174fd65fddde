"""Reads TOML that a person has written, and refuses what would take minutes to read."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from engine.errors import InputError

#: Most parts of a key such as a.b.c: the time to read one grows with the square of its parts.
MOST_PARTS = 16
#: Texts and comments, also those that do not end. Possessive, so that it takes one pass.
_TEXTS = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z)'
    r"|'''(?:[^']|'(?!''))*+(?:'''|\Z)"
    r'|"(?:[^"\\\n]|\\.)*+"?'
    r"|'[^'\n]*+'?"
    r"|#[^\n]*+",
    re.DOTALL,
)
_ENDS = re.compile(r"[=\n,\[\]{}]")


def parse_toml(data: bytes, name: str, noun: str) -> tuple[str, dict[str, Any]]:
    """Returns the text of a file and its table. `name` and `noun` are its name and kind in errors,
    such as "my.toml" and "plan". Raises InputError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is no {noun}: it is not UTF-8 text.") from error
    if longest_key(text) > MOST_PARTS:
        raise InputError(f"{name} is no {noun}: it has a key of more than {MOST_PARTS} parts.")
    try:
        return text, tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also for numbers of more than 4,300 digits
        raise InputError(f"{name} is no valid TOML: {error}.") from error


def longest_key(text: str) -> int:
    """The most parts that a key of a TOML text has, found without reading it."""
    return 1 + max(part.count(".") for part in _ENDS.split(_TEXTS.sub("", text)))
