"""From a path to its export: the format that it names, a free name, the checks, and the writer.

Light to import; the formats' libraries are loaded when a writer is opened.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.atomic import (
    Existing,
    check_writable,
    choose_path,
    nearest_folder,
    numbered_paths,
    sweep_parts,
)
from engine.errors import InputError
from engine.export.contract import Add, ExportFormat, Plan, formats
from engine.export.session_beside import is_session_free
from engine.messages import Image
from engine.parameters import build, parameters_of
from engine.walk import Exploration, ParameterValue

MEBIBYTE = 1 << 20
#: What must stay free beside an export.
RESERVE = 64 * MEBIBYTE


def format_class(path: Path) -> type[ExportFormat]:
    """The format that a path's suffix means. Raises InputError for one there is none for."""
    by_suffix = {formats.get(name).suffix: formats.get(name) for name in formats.names()}
    suffix = "" if os.path.isdir(path) else path.suffix.lower()
    if suffix in by_suffix:
        return by_suffix[suffix]
    known = ", ".join(sorted(key for key in by_suffix if key))
    raise InputError(
        f"There is no export format {suffix!r}; use {known}, or a folder's name without a dot."
    )


def format_for(path: Path, parameters: Mapping[str, ParameterValue]) -> ExportFormat:
    """The format of a path, with those of the `parameters` that it has. Raises InputError."""
    owner = format_class(path)
    own = {parameter.name for parameter in parameters_of(owner)}
    chosen = tuple((name, value) for name, value in parameters.items() if name in own)
    made: ExportFormat = build(owner, chosen)
    return made


def settle_path(path: Path, existing: Existing, session: Exploration | None = None) -> Path:
    """`path`, or under NUMBER the next free name, "walk-2", where there is something already.

    A `session` that will be written beside it needs a free name, too. Raises InputError as
    `choose_path` does.
    """
    format_ = format_for(path, {})
    if existing is not Existing.NUMBER:
        return choose_path(path, existing) if format_.suffix else path

    def is_free(candidate: Path) -> bool:
        beside = session is None or is_session_free(candidate, format_.suffix, session)
        return beside and not format_.is_taken(candidate)

    suffix = path.suffix if format_.suffix else ""
    return next(candidate for candidate in numbered_paths(path, suffix) if is_free(candidate))


def estimate_bytes(path: Path, plan: Plan, width: int, height: int) -> int:
    """About how large the export will be, for frames of `width`×`height`."""
    return format_for(path, plan.parameters).estimate(plan, width, height)


def check_export(path: Path, plan: Plan, width: int, height: int) -> None:
    """Find out before any work whether the export can be written; leaves nothing behind.

    Raises InputError with the reason: a format that does not exist, a place that is taken or
    cannot be written to, or too little space, with both amounts.
    """
    format_for(path, plan.parameters).check(path, plan, width, height)
    check_writable(path)
    folder = nearest_folder(path)
    needed, free = estimate_bytes(path, plan, width, height) + RESERVE, _free_bytes(folder)
    if needed > free:
        raise InputError(
            f"The export needs about {_amount(needed)} and {folder} has {_amount(free)} left; "
            "free some space or choose another place."
        )


@contextmanager
def open_export(path: Path, plan: Plan) -> Iterator[Add]:
    """The writer for `path`: a context manager that yields its `Add`. Any thread."""
    sweep_parts(path.parent)
    format_ = format_for(path, plan.parameters)
    with format_.open(path, plan) as add:
        if not plan.against:
            yield _resizing(add, format_)
            return
        from engine.export.differences import differing, with_colour_bars

        explained = with_colour_bars(add, plan.against) if format_.colour_bars else add
        yield differing(_resizing(explained, format_), plan.against)


def _resizing(add: Add, format_: ExportFormat) -> Add:
    """An `add` that hands pictures on in the size that the format asks for."""
    from engine.pictures.resize import resize_smooth

    def resized(index: int, images: Sequence[Image]) -> None:
        sizes = [format_.size_of(image.shape[1], image.shape[0]) for image in images]
        add(index, [resize_smooth(x, *size) for x, size in zip(images, sizes, strict=True)])

    return resized


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _amount(size: int) -> str:
    return f"{size / MEBIBYTE:,.0f} MB" if size < 1024 * MEBIBYTE else f"{size / 2**30:,.1f} GB"
