"""Reads and writes the settings file: sections of keys, each with a JSON value or a plain text.

QSettings is not used, because its values may be serialised objects, which can run code when they
are read.
"""

from __future__ import annotations

import configparser
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

from engine.atomic import Existing, write_bytes
from engine.errors import InputError

MAX_BYTES = 1 << 20


class SettingsStore:
    """Owns the values of one settings file by "section/key", and the changes that are not written.

    A file that cannot be read is renamed to *.broken.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values = self._read_or_set_aside()
        self._changes: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        """Returns the value of "section/key", or None."""
        return self._values.get(key)

    def set(self, key: str, value: Any) -> None:
        """Change a value; None removes it."""
        self._changes[key] = value
        self._values = _changed(self._values, {key: value})

    def save(self) -> None:
        """Write the changes. Values that another window has written meanwhile are kept."""
        if not self._changes:
            return
        try:
            values = _changed(self._read_or_set_aside(), self._changes)
            write_bytes(self._path, _encode(values), Existing.REPLACE)
            self._changes.clear()
        except (InputError, OSError) as error:
            logging.getLogger("latent_trails").warning("settings were not written: %s", error)

    def _read_or_set_aside(self) -> dict[str, Any]:
        try:
            return _read(self._path)
        except (OSError, ValueError, RecursionError, configparser.Error):
            with suppress(OSError):
                self._path.replace(self._path.with_suffix(".broken"))
            return {}


def _read(path: Path) -> dict[str, Any]:
    """Raises OSError, ValueError, RecursionError and configparser.Error for an unusable file."""
    if not path.exists():
        return {}
    if not path.is_file() or path.stat().st_size > MAX_BYTES:
        raise ValueError("no settings file")
    text = path.read_text(encoding="utf-8-sig")  # some editors write a byte order mark
    if "\0" in text:
        raise ValueError("no text")
    parser = _parser()
    parser.read_string(text)
    entries = {
        f"{section}/{key}": _decode(written)
        for section in parser.sections()
        for key, written in parser.items(section)
    }
    return {key: value for key, value in entries.items() if value is not None}


def _decode(written: str | None) -> Any:
    """Decodes a JSON value; returns a text that is no JSON, and None for an object of QSettings or
    for nothing."""
    if written is None or written.startswith("@"):
        return None
    try:
        return json.loads(written)
    except ValueError:
        return written
    except RecursionError:
        return None


def _encode(values: Mapping[str, Any]) -> bytes:
    parser = _parser()
    for key, value in sorted(values.items()):
        section, _, name = key.partition("/")
        if not parser.has_section(section):
            parser.add_section(section)
        parser.set(section, name, json.dumps(value))
    text = StringIO()
    parser.write(text, space_around_delimiters=False)
    return text.getvalue().encode()


def _parser() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(
        delimiters=("=",),
        comment_prefixes=(";", "#"),
        strict=False,
        default_section="",
        allow_no_value=True,
    )
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    return parser


def _changed(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**values, **changes}
    return {key: value for key, value in merged.items() if value is not None}
