"""How files for people are written: beside its place under another name, then renamed into it.

Whoever looks sees the old file or the new one, whole, also after a crash. Any thread.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from itertools import chain, count
from pathlib import Path

from engine.errors import InputError

#: How long a rename is tried again when the system refuses it, as virus scanners make it do.
RENAME_PATIENCE_S = 2.5
#: A file that is being written, between its stem and its suffix.
PART = "part"
_PART_NAME = re.compile(rf".*\.{PART}-[0-9a-f]{{8}}(\.[^.]*)?", re.DOTALL)
#: Nobody has written to a part for so long: the program that made it is gone.
PART_AGE_S = 24 * 3600


class Existing(Enum):
    """What happens where there is a file of that name already."""

    REFUSE = "refuse"
    REPLACE = "replace"
    NUMBER = "number"


class WriteError(OSError):
    """A file could not be written; one sentence for the person."""


def choose_path(path: Path, existing: Existing = Existing.REFUSE) -> Path:
    """Where to write: `path`, or (NUMBER) "name-2", "name-3" … when it is taken.

    Raises InputError for a taken path under REFUSE, and for a folder that is in the way.
    """
    if existing is Existing.NUMBER:
        numbered = (path.with_name(f"{path.stem}-{n}{path.suffix}") for n in count(2))
        path = next(p for p in chain([path], numbered) if not os.path.lexists(p))
    if path.is_dir():
        raise InputError(f"{path} is a folder; choose another name for the file.")
    if existing is Existing.REFUSE and os.path.lexists(path):
        raise InputError(f"{path} exists already; choose another name or allow it to be replaced.")
    return path


@contextmanager
def atomic_path(
    path: Path, existing: Existing = Existing.REFUSE, label: str = PART
) -> Iterator[Path]:
    """A path beside `path`, with its suffix, to write to; it becomes `path` when the block ends.

    `label` is in that path's name. Files labelled PART are worthless when the program is killed,
    and `sweep_parts` removes them; those with another label stay.

    When the block raises, what was written is removed and `path` stays as it was. Raises
    InputError as `choose_path` does, and WriteError where the system refuses to write. NUMBER is
    settled beforehand, with `choose_path`.
    """
    if existing is Existing.NUMBER:
        existing = Existing.REFUSE
    choose_path(path, existing)
    part = path.with_name(f"{path.stem[:40]}.{label}-{secrets.token_hex(4)}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        _sync(part)
        choose_path(path, existing)
    except BaseException as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, OSError) and not isinstance(error, WriteError):
            raise WriteError(explain(path, error)) from error
        raise
    _rename(part, path)


def write_bytes(path: Path, data: bytes, existing: Existing = Existing.REFUSE) -> Path:
    """Write one whole file, and say where. Raises InputError and WriteError."""
    path = choose_path(path, existing)
    with atomic_path(path, existing) as part:
        part.write_bytes(data)
    return path


def is_part(path: Path) -> bool:
    """Whether `path` is a file that is still being written, or was when its program died."""
    return _PART_NAME.fullmatch(path.name) is not None


def sweep_parts(folder: Path) -> None:
    """Remove what killed programs left half-written in `folder`; never raises.

    A program that still runs writes to its parts: those that changed within PART_AGE_S stay.
    """
    before = time.time() - PART_AGE_S
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                is_old = is_part(Path(entry.name)) and entry.stat().st_mtime < before
                if is_old and entry.is_file(follow_symlinks=False):
                    os.unlink(entry.path)


def explain(path: Path, error: OSError) -> str:
    """One sentence for the person who wanted `path` written."""
    reason = error.strerror or str(error) or type(error).__name__
    return f"{path} could not be written ({reason.lower()}); check the folder and the free space."


def _sync(part: Path) -> None:
    with part.open("r+b") as file:
        os.fsync(file.fileno())


def _rename(part: Path, path: Path) -> None:
    """Rename, again and again while it is refused; the data stays beside if it never works, under
    a name that is not swept."""
    deadline = time.monotonic() + RENAME_PATIENCE_S
    pause = 0.01
    while True:
        try:
            os.replace(part, path)
            return
        except OSError as error:
            if time.monotonic() + pause > deadline:
                kept = _keep_beside(part, path)
                raise WriteError(
                    f"{path} could not be replaced ({error.strerror}); what was to be in it is in "
                    f"{kept.name} beside it: close what uses the file, then rename that."
                ) from error
        time.sleep(pause)
        pause = min(2 * pause, 0.25)


def _keep_beside(part: Path, path: Path) -> Path:
    """Rename the written file to "name kept"; where that fails, too, it keeps its own name."""
    free = choose_path(path.with_name(f"{path.stem} kept{path.suffix}"), Existing.NUMBER)
    with suppress(OSError):
        return part.rename(free)
    return part
