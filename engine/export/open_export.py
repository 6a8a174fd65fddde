"""From a path to a writer: which format it means, whether it can be written, and whether it fits.

Light to import; the formats' libraries are loaded when a writer is opened.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import Enum
from itertools import chain, count
from pathlib import Path

from engine.atomic import Existing, choose_path
from engine.errors import InputError
from engine.export.contract import Add, Plan

MEBIBYTE = 1 << 20
#: What must stay free beside an export.
RESERVE = 64 * MEBIBYTE


class Format(Enum):
    """What an export may be; the value is the file's suffix, "" a folder of pictures."""

    PICTURES = ""
    MP4 = ".mp4"
    WEBM = ".webm"
    GIF = ".gif"
    WEBP = ".webp"
    SHEET = ".png"


#: Bytes a pixel of each frame, on the safe side; measured on walks of natural pictures.
_DENSITY = {
    Format.PICTURES: 2.0,
    Format.MP4: 0.25,
    Format.WEBM: 0.25,
    Format.GIF: 1.0,
    Format.WEBP: 0.4,
}


def format_for(path: Path) -> Format:
    """The format that a path's suffix means. Raises InputError for one there is none for."""
    suffix = path.suffix.lower()
    if path.is_dir():
        return Format.PICTURES
    try:
        return Format(suffix)
    except ValueError:
        known = ", ".join(f.value for f in Format if f.value)
        raise InputError(
            f"There is no export format {suffix!r}; use {known}, or a folder's name without a dot."
        ) from None


def settle_path(path: Path, existing: Existing) -> Path:
    """`path`, or under NUMBER the next free name, "walk-2", where there is something already.

    Raises InputError as `choose_path` does.
    """
    if format_for(path) is not Format.PICTURES:
        return choose_path(path, existing)
    if existing is not Existing.NUMBER:
        return path
    numbered = (path.with_name(f"{path.name}-{n}") for n in count(2))
    return next(p for p in chain([path], numbered) if not _is_taken(p))


def _is_taken(folder: Path) -> bool:
    return folder.exists() and (not folder.is_dir() or any(folder.iterdir()))


def estimate_bytes(path: Path, plan: Plan, width: int, height: int) -> int:
    """About how large the export will be, for frames of `width`×`height`."""
    format_ = format_for(path)
    frames = len(plan.indices)
    if format_ is Format.SHEET:
        return 2 * width * height * len(plan.titles) * min(frames, plan.columns)
    return round(_DENSITY[format_] * width * height * len(plan.titles) * frames)


def check_export(path: Path, plan: Plan, width: int, height: int) -> None:
    """Find out before any work whether the export can be written; leaves nothing behind.

    Raises InputError with the reason: a format that does not exist, a place that is taken or
    cannot be written to, or too little space, with both amounts.
    """
    if format_for(path) is Format.PICTURES:
        _check_pictures(path, plan)
    else:
        choose_path(path, plan.existing)
    folder = _nearest_folder(path)
    _check_writable(path, folder)
    needed, free = estimate_bytes(path, plan, width, height) + RESERVE, _free_bytes(folder)
    if needed > free:
        raise InputError(
            f"The export needs about {_amount(needed)} and {folder} has {_amount(free)} left; "
            "free some space or choose another place."
        )


@contextmanager
def open_export(path: Path, plan: Plan) -> Iterator[Add]:
    """The writer for `path`: a context manager that yields its `Add`. Any thread."""
    with _open(path, plan) as add:
        if not plan.against:
            yield add
            return
        from engine.export.differences import differing

        yield differing(add, plan.against)


def _open(path: Path, plan: Plan) -> AbstractContextManager[Add]:
    format_ = format_for(path)
    if format_ is Format.PICTURES:
        from engine.export.images import open_pictures

        return open_pictures(path, plan)
    if format_ is Format.SHEET:
        from engine.export.sheet import open_sheet

        return open_sheet(path, plan)
    from engine.export.video import open_video

    return open_video(path, plan)


def _check_pictures(folder: Path, plan: Plan) -> None:
    from engine.export.images import picture_path

    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; choose another name for the folder of pictures.")
    for lane in range(len(plan.titles)):
        for index in plan.indices:
            path = picture_path(folder, plan, lane, index)
            if plan.existing is Existing.REFUSE and path.exists():
                raise InputError(
                    f"{folder} holds pictures already; choose another folder or allow them to be "
                    "replaced."
                )


def _nearest_folder(path: Path) -> Path:
    """What exists already of a folder for pictures, or of the folders above a file."""
    above = path.absolute().parents
    candidates = [path, *above] if path.is_dir() else above
    return next(folder for folder in candidates if folder.exists())


def _check_writable(path: Path, folder: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({(error.strerror or str(error)).lower()}); "
            "choose another place."
        ) from error


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _amount(size: int) -> str:
    return f"{size / MEBIBYTE:,.0f} MB" if size < 1024 * MEBIBYTE else f"{size / 2**30:,.1f} GB"
