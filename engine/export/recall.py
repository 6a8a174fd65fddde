"""Recalls the origin of a file: a session, our picture or film, or another program's picture.

Pictures are never decoded, and nothing that a file names is opened.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.atomic import is_part, open_file
from engine.documents.file_kinds import MODEL_SUFFIXES, foreign_text
from engine.documents.foreign.contract import read_foreign, taken_over
from engine.documents.session_file import SUFFIX, Origin, decode, load_session
from engine.errors import InputError
from engine.export.contract import formats
from engine.export.picture_texts import picture_texts
from engine.walk import Exploration

_HEAD = 16


@dataclass(frozen=True, slots=True)
class Recalled:
    """The exploration of a file. `remark` names settings of another program that are left out."""

    exploration: Exploration
    origin: Origin | None = None
    remark: str = ""


def recall(path: Path, current: Exploration | None = None) -> Recalled:
    """Return the exploration that a session, picture, film or folder of pictures was made from.

    Another program's settings become a walk of `current`'s model, or of the starter model. Raises
    InputError with one sentence for files that hold nothing of use here.
    """
    if os.path.isdir(path):
        return recall(_first_picture(path), current)
    with open_file(path) as file:
        head = file.read(_HEAD)
    if not head:
        raise InputError(foreign_text(head, path.name))
    if path.suffix.lower() == SUFFIX or head.lstrip()[:1] == b"{":
        return Recalled(load_session(path))
    own = _own_document(path, head)
    if own:
        return Recalled(*decode(own.encode("utf-8", "replace"), path.name))
    found = read_foreign(picture_texts(path))
    if found is None:
        raise InputError(foreign_text(head, path.name))
    exploration, remark = taken_over(found, current or Exploration())
    return Recalled(exploration, remark=remark)


def is_model(path: Path) -> bool:
    """True if `path` is a model, by its name or by the index in a folder."""
    return path.suffix.lower() in MODEL_SUFFIXES or (path / "model_index.json").is_file()


def _own_document(path: Path, head: bytes) -> str | None:
    """Our own document in a picture or film."""
    for format_ in (formats.get(name) for name in formats.names()):
        if format_.recognises(head[:8], path.suffix.lower()):
            return format_.read_document(path)
    return None


def _first_picture(folder: Path) -> Path:
    """Of the folder itself, or of the first lane where each has a folder of its own."""
    for pattern in ("*", "*/*"):
        found = (path for path in folder.glob(pattern) if path.suffix.lower() == ".png")
        first = min((path for path in found if not is_part(path)), default=None)
        if first is not None:
            return first
    raise InputError(f"The folder {folder} holds no exported pictures.")
