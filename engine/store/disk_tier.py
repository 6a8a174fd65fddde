"""Stores finished frames on the disk within a budget. The least recently used are removed first."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import uuid
from collections import OrderedDict
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from engine.store.stored_frame import StoredFrame
from engine.walk import MAX_SIDE

#: An unfinished file older than this, in seconds, belongs to a program that has ended.
_ABANDONED_S = 3600.0
#: The share of the budget that is written before the folder is read again, because other programs
#: may have written there, too.
_RECOUNTED_SHARE = 1 / 16
#: Largest file in bytes. A frame of the largest picture needs 48 MiB, and a few more for latents.
_LARGEST = 128 << 20


class DiskTier:
    """Owns a folder with one safetensors file for each frame, in 256 folders. The modification time
    of a file is the time of its last use. Thread-safe.

    Programs may share a folder: files are written under a temporary name and renamed, and a file
    that was removed or cannot be read counts as missing.
    """

    def __init__(self, folder: Path, budget: int) -> None:
        self._folder, self._budget = folder, budget
        self._lock = threading.Lock()
        self._sizes: OrderedDict[str, int] | None = None
        self._used = self._written = 0

    def put(self, key: str, frame: StoredFrame) -> None:
        """Write a frame. Errors of the disk are ignored."""
        path = self._path(key)
        temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
        try:
            if path.exists():
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            tensors: dict[str, npt.NDArray[Any]] = {
                "image": frame.image,
                "final": frame.final,
                "initial": frame.initial,
            }
            notes = msgspec.json.encode(frame.sampling_notes).decode()
            said = {"sampling_notes": notes, "decode_note": frame.decode_note}
            temporary.write_bytes(save(tensors, said))
            os.replace(temporary, path)
            self._enter(key, path.stat().st_size)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    def get(self, key: str) -> StoredFrame | None:
        """The frame, its arrays read-only, or None."""
        path = self._path(key)
        try:
            frame = _read_frame(path)
            os.utime(path)
        except OSError:
            return None
        except (SafetensorError, ValueError, KeyError):
            # Cut short, as when the power fails, or no frame: it is made again and needs its place.
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            return None
        frame.freeze()
        with self._lock:
            if self._sizes is not None and key in self._sizes:
                self._sizes.move_to_end(key)
        return frame

    def has(self, key: str) -> bool:
        """True if there is a file for `key`. Does not read it."""
        return os.path.exists(self._path(key))

    def set_budget(self, budget: int) -> None:
        """Change the limit, and remove values that exceed it."""
        with self._lock:
            self._budget = budget
            self._evict(self._index())

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.safetensors"

    def _enter(self, key: str, size: int) -> None:
        self._written += size
        # Read before the lock is acquired; otherwise the window would wait for it.
        read = self._read() if self._written > self._budget * _RECOUNTED_SHARE else None
        with self._lock:
            sizes = self._index(read)
            self._used += size - sizes.pop(key, 0)
            sizes[key] = size
            self._evict(sizes)

    def _index(self, read: OrderedDict[str, int] | None = None) -> OrderedDict[str, int]:
        """Return keys and sizes, oldest first: those just `read`, or the known ones. The caller
        holds the lock."""
        if read is not None or self._sizes is None:
            self._sizes = self._read() if read is None else read
            self._used, self._written = sum(self._sizes.values()), 0
        return self._sizes

    def _read(self) -> OrderedDict[str, int]:
        """Read keys and sizes of the folder's files, oldest first."""
        self._sweep()
        found = []
        for path in self._folder.glob("??/*.safetensors"):
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime_ns, path.stem, status.st_size))
        return OrderedDict((key, size) for _, key, size in sorted(found))

    def _sweep(self) -> None:
        """Remove unfinished files of programs that were killed."""
        for path in self._folder.glob("??/.*.tmp"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _ABANDONED_S:
                    path.unlink(missing_ok=True)

    def _evict(self, sizes: OrderedDict[str, int]) -> None:
        while self._used > self._budget and sizes:
            key, size = sizes.popitem(last=False)
            self._used -= size
            with contextlib.suppress(OSError):
                self._path(key).unlink(missing_ok=True)


def _read_frame(path: Path) -> StoredFrame:
    """Reads a frame from a file. The file is not mapped, because truncating a mapped file crashes.

    Raises OSError, and SafetensorError, ValueError or KeyError for an invalid file.
    """
    if path.stat().st_size > _LARGEST:
        raise ValueError("too large for a frame")
    data = path.read_bytes()
    tensors, said = load(data), _metadata_in(data)
    image, final, initial = (tensors[name] for name in ("image", "final", "initial"))
    is_picture = image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
    are_latents = all(z.dtype == np.float32 and z.ndim == 3 for z in (final, initial))
    fits = is_picture and are_latents and final.shape == initial.shape
    if not fits or max(image.shape) > MAX_SIDE or 0 in image.shape + final.shape:
        raise ValueError(f"{image.dtype} {image.shape} is no picture of a frame")
    notes = msgspec.json.decode(said.get("sampling_notes", "[]"), type=tuple[str, ...])
    return StoredFrame(image, final, initial, notes, said.get("decode_note", ""))


def _metadata_in(data: bytes) -> dict[str, str]:
    """Returns the metadata of the header, with the notes of the frame."""
    length = int.from_bytes(data[:8], "little")
    return msgspec.json.decode(data[8 : 8 + length], type=_Header).metadata


class _Header(msgspec.Struct, frozen=True):
    metadata: dict[str, str] = msgspec.field(name="__metadata__", default_factory=dict)
