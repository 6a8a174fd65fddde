"""The session file. The metadata of exports has the same document, which is versioned JSON.

A document is data that is checked before use. It contains nothing to execute.
"""

from __future__ import annotations

import codecs
import hashlib
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from engine.atomic import Existing, open_file, sweep_parts, write_bytes
from engine.documents.file_kinds import foreign_text
from engine.documents.validation import check_exploration
from engine.errors import InputError
from engine.walk import ARTICLE_PROMPT, ARTICLE_SCORING_TEXT, Exploration

SUFFIX = ".trail"
FORMAT = "latent-trails"
#: Version 1 is the format of Latent Trails 0.1, without ids, locks, measures and the view. In
#: version 2, an empty scoring text means no scoring text. Since version 3, it means the prompt. In
#: version 4, walks have a timing; walks without one are written as version 3. All versions can be
#: read.
VERSION = 4
_WITHOUT_TIMING = 3
MAX_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Origin:
    """The frame of an exploration in a picture, and the conditions of its rendering.

    The conditions are the model's identity, the versions of the libraries, the device, its
    precision, and notes. `certificates` are numbers of each lane that were measured when the file
    was written: how far the std is from 1, the turns, the variation of the steps, and so on.
    """

    lane: int = 0
    index: int = 0
    time: float = 0.0
    model: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    machine: str = ""
    notes: tuple[str, ...] = ()
    certificates: tuple[dict[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class _Head:
    format: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class _Document:
    format: str
    version: int
    exploration: Exploration
    origin: Origin | None = None


def encode(exploration: Exploration, origin: Origin | None = None) -> bytes:
    """Encodes a document in UTF-8.

    Raises InputError for an exploration that `decode` would refuse.
    """
    check_exploration(exploration)
    version = VERSION if _has_timing(exploration) else _WITHOUT_TIMING
    data = msgspec.json.encode(_Document(FORMAT, version, exploration, origin))
    if len(data) > MAX_BYTES:
        raise InputError(f"The session takes more than {MAX_BYTES:,} bytes; shorten its prompts.")
    return data


def _has_timing(exploration: Exploration) -> bool:
    walks = (exploration.walk, *exploration.rows)
    return any(w.loop or w.times or w.paces or w.pacing or w.prompts for w in walks)


def decode(data: bytes, name: str = "This") -> tuple[Exploration, Origin | None]:
    """Decodes a document. `name` is its name in error messages. Raises InputError."""
    data = data.removeprefix(codecs.BOM_UTF8)  # which some editors write
    if len(data) > MAX_BYTES:
        raise InputError(f"{name} is no session: it has more than {MAX_BYTES:,} bytes.")
    version = _version(data, name)
    if version > VERSION:
        raise InputError(
            f"{name} was made by a newer Latent Trails (format {version}, this one reads up to "
            f"{VERSION}); update the program to open it."
        )
    try:
        document = msgspec.json.decode(data, type=_Document)
        check_exploration(document.exploration)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is no valid session: {_reason(error)}") from error
    exploration = document.exploration
    return _without_old_default(exploration) if version < 3 else exploration, document.origin


def _without_old_default(exploration: Exploration) -> Exploration:
    """Converts the scoring text of documents before version 3.

    These documents contain the article's scoring text unless the user entered another one. The
    article's text is kept if all keyframes have the article's prompt. Otherwise it becomes empty,
    so that each frame is scored with its own prompt.
    """
    walks = (exploration.walk, *exploration.rows)
    prompts = {keyframe.prompt for walk in walks for keyframe in walk.keyframes}
    if exploration.scoring_text != ARTICLE_SCORING_TEXT or prompts == {ARTICLE_PROMPT}:
        return exploration
    return replace(exploration, scoring_text="")


def load_session(path: Path) -> Exploration:
    """Reads the exploration of a session file. Raises InputError for any other file."""
    return decode(_read(path), path.name)[0]


def save_session(
    path: Path,
    exploration: Exploration,
    existing: Existing = Existing.REPLACE,
    origin: Origin | None = None,
) -> Path:
    """Writes a session atomically, with its `origin` if it stands beside an export. A file that
    this program cannot read, such as a session of a newer version, is never replaced.

    Raises InputError, and WriteError if the system refuses to write.
    """
    data = contents(exploration, origin)
    if existing is Existing.REPLACE and os.path.isfile(path):
        _refuse_unreadable(path)
    sweep_parts(path.parent)
    return write_bytes(path, data, existing)


def contents(exploration: Exploration, origin: Origin | None = None) -> bytes:
    """Returns the bytes of the exploration's session file. Raises InputError as `encode` does."""
    return msgspec.json.format(encode(exploration, origin), indent=1)


def digest_of(data: bytes) -> str:
    """Returns the SHA-256 of a session file's bytes, which shows changes by other programs."""
    return hashlib.sha256(data[: MAX_BYTES + 1]).hexdigest()


def file_digest(path: Path) -> str:
    """Returns `digest_of` the file at `path`, or "" if there is none. Raises InputError."""
    return digest_of(_read(path)) if os.path.isfile(path) else ""


def _refuse_unreadable(path: Path) -> None:
    """Raises InputError for a file that cannot be decoded: it may be a session of a newer
    version."""
    data = _read(path)
    try:
        if data:
            decode(data, path.name)
    except InputError as error:
        raise InputError(f"{path.name} is kept; choose another name. {error}") from error


def _read(path: Path) -> bytes:
    try:
        with open_file(path) as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from error


def _version(data: bytes, name: str) -> int:
    """Returns the format version of a document. Raises InputError for any other file."""
    try:
        head = msgspec.json.decode(data, type=_Head)
    except (ValueError, RecursionError) as error:
        if data.lstrip()[:1] != b"{":
            raise InputError(foreign_text(data[:16], name)) from error
        raise InputError(f"{name} is damaged, or no session: {_reason(error)}") from error
    if head.format != FORMAT or head.version < 1:
        raise InputError(f"{name} is no session of Latent Trails.")
    return head.version


def _reason(error: Exception) -> str:
    """Returns the start of an error's text, because a hostile file could make it very long."""
    text = str(error)
    return text if len(text) <= 200 else text[:199] + "…"
