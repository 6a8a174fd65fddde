"""Opens files, and writes them atomically: to a temporary file beside, which is then renamed.

A reader sees either the complete old file or the complete new one, also after a crash. The
functions may run on any thread."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from itertools import count
from pathlib import Path
from typing import BinaryIO

from engine.errors import InputError

#: Time for which a refused rename is tried again, in seconds. Virus scanners cause such refusals.
RENAME_TIMEOUT_S = 2.5
#: Label of a file that is being written, between its stem and its suffix.
PART = "part"
_PART_NAME = re.compile(rf".*\.{PART}-[0-9a-f]{{8}}(\.[^.]*)?", re.DOTALL)
#: A part that was not changed for this time, in seconds, belongs to a program that has ended.
PART_AGE_S = 24 * 3600
#: How much of a path a sentence shows.
_SHOWN = 200


class Existing(Enum):
    """The behaviour if a file with the name already exists."""

    REFUSE = "refuse"
    REPLACE = "replace"
    NUMBER = "number"


class WriteError(OSError):
    """A file could not be written. The message is one sentence for the person."""


def numbered_paths(path: Path, suffix: str | None = None) -> Iterator[Path]:
    """Yields `path`, then "name-2", "name-3" … with its suffix, or with `suffix` if given."""
    suffix = path.suffix if suffix is None else suffix
    stem = path.name.removesuffix(suffix)
    yield path
    yield from (path.with_name(f"{stem}-{number}{suffix}") for number in count(2))


def choose_path(path: Path, existing: Existing = Existing.REFUSE) -> Path:
    """Returns the path to write to: `path`, or with NUMBER "name-2", "name-3" … if it is taken.

    Raises InputError if the path is a folder, or if it is taken and `existing` is REFUSE.
    """
    if existing is Existing.NUMBER:
        path = next(p for p in numbered_paths(path) if not os.path.lexists(p))
    # Unlike Path's methods, os.path's answer False where the system refuses to look.
    if os.path.isdir(path):
        raise InputError(f"{path} is a folder; choose another name for the file.")
    if existing is Existing.REFUSE and os.path.lexists(path):
        raise InputError(f"{path} exists already; choose another name or allow it to be replaced.")
    return path


def nearest_folder(path: Path) -> Path:
    """Returns the folder at `path` or the folder of a file, or their nearest existing parent."""
    above = path.absolute().parents
    candidates = [path, *above] if os.path.isdir(path) else above
    return next(folder for folder in candidates if os.path.exists(folder))


def check_writable(path: Path) -> None:
    """Raises InputError, before any work, if nothing can be written to `path`, a file or folder."""
    try:
        with tempfile.TemporaryFile(dir=nearest_folder(path)), suppress(FileNotFoundError):
            os.lstat(path)  # a name may be too long
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({(error.strerror or str(error)).lower()}); "
            "choose another place."
        ) from error


@contextmanager
def atomic_path(
    path: Path, existing: Existing = Existing.REFUSE, label: str = PART
) -> Iterator[Path]:
    """Yields a temporary path in the same folder and with the same suffix. After the block, it is
    renamed to `path`.

    `label` is part of the temporary name. `sweep_parts` removes files with the label PART that a
    killed program has left; files with another label stay. If the block raises an exception, the
    temporary file is removed and `path` is unchanged. Raises InputError as `choose_path` does, and
    WriteError if the system refuses to write. For NUMBER, call `choose_path` before.
    """
    if existing is Existing.NUMBER:
        existing = Existing.REFUSE
    choose_path(path, existing)
    part = path.with_name(f"{path.stem[:40]}.{label}-{secrets.token_hex(4)}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            os.lstat(path)  # raises now if the name is too long
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
    """Writes a whole file and returns its path. Raises InputError and WriteError."""
    path = choose_path(path, existing)
    with atomic_path(path, existing) as part:
        part.write_bytes(data)
    return path


def is_empty(folder: Path) -> bool:
    """True if there is nothing in a folder. Raises WriteError if the system refuses to look."""
    try:
        return not os.listdir(folder)
    except OSError as error:
        raise WriteError(explain(folder, error)) from error


def is_part(path: Path) -> bool:
    """True if `path` is an unfinished file, of a running program or of one that was killed."""
    return _PART_NAME.fullmatch(path.name) is not None


def sweep_parts(folder: Path) -> None:
    """Removes unfinished files of killed programs in `folder`. Never raises an exception.

    Files that were changed within PART_AGE_S stay, because a running program may write to them.
    """
    before = time.time() - PART_AGE_S
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                is_old = is_part(Path(entry.name)) and entry.stat().st_mtime < before
                if is_old and entry.is_file(follow_symlinks=False):
                    os.unlink(entry.path)


def explain(path: Path, error: OSError) -> str:
    """Returns a sentence that says why `path` could not be written."""
    reason = error.strerror or str(error) or type(error).__name__
    return f"{path} could not be written ({reason.lower()}); check the folder and the free space."


def _sync(part: Path) -> None:
    with part.open("r+b") as file:
        os.fsync(file.fileno())


def _rename(part: Path, path: Path) -> None:
    """Renames, and tries again while it is refused. If it never succeeds, the data is kept under a
    name that `sweep_parts` does not remove."""
    deadline = time.monotonic() + RENAME_TIMEOUT_S
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
    """Renames the written file to "name kept"; if that fails, too, it keeps its name."""
    free = choose_path(path.with_name(f"{path.stem} kept{path.suffix}"), Existing.NUMBER)
    with suppress(OSError):
        return part.rename(free)
    return part


def open_file(path: Path) -> BinaryIO:
    """Open a regular file for reading. Never waits for the other end of a pipe.

    Raises InputError: there is no such file, it is a folder, a pipe or a device, its name is too
    long, or the system refuses.
    """
    shown = path_text(path)
    # A pipe opened so returns at once; a regular file is read as usual.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except (OSError, ValueError) as error:
        raise InputError(_refusal(shown, error)) from error
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
    raise InputError(f"{shown} is {kind}, not a file; choose a file.")


def person_path(text: str) -> Path:
    """The path that a person wrote, with ~ as their home. It need not exist.

    Raises InputError for ~user without such a user, and for a path that no system call takes.
    """
    expanded = os.path.expanduser(text)
    if expanded.startswith("~"):
        user = text.replace("\\", "/").partition("/")[0]
        raise InputError(f"There is no user {user[1:]!r} on this machine; write the whole path.")
    try:
        os.lstat(expanded)
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) or error.errno in (errno.ENAMETOOLONG, errno.EINVAL):
            raise InputError(_refusal(path_text(Path(expanded)), error)) from error
    return Path(expanded)


def path_text(path: Path) -> str:
    """`path` as a sentence shows it: at most 200 characters."""
    text = str(path)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _refusal(shown: str, error: OSError | ValueError) -> str:
    if isinstance(error, ValueError):
        return f"{shown!r} is no name of a file; choose another."
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"There is no file {shown}; check the name."
    if isinstance(error, IsADirectoryError):
        return f"{shown} is a folder, not a file; choose a file."
    if error.errno == errno.ENAMETOOLONG:
        return f"{shown} is too long a name for this system; choose one of at most 255 bytes."
    reason = (error.strerror or type(error).__name__).lower()
    return f"{shown} cannot be read ({reason}); check who may read it."
