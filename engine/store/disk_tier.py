"""Finished frames on the disk, within a budget: the least recently used go first."""

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
from safetensors.numpy import load, save_file

from engine.store.stored_frame import StoredFrame
from engine.walk import MAX_SIDE

#: A file that has been in the making for so long is nobody's any more.
_ABANDONED_S = 3600.0
#: Of the budget, so much may be written before the folder is looked at again: other programs may
#: have written there, too.
_RECOUNTED_SHARE = 1 / 16
#: A frame of the largest picture takes 48 MiB, and its latents a few more.
_LARGEST = 128 << 20


class DiskTier:
    """Owns a folder with one safetensors file a frame, in 256 folders; a file's modification time
    says when it was last used. Safe in every thread.

    Two programs may share a folder: files are written under a temporary name and renamed, and one
    that vanished or does not read counts as missing.
    """

    def __init__(self, folder: Path, budget: int) -> None:
        self._folder, self._budget = folder, budget
        self._lock = threading.Lock()
        self._sizes: OrderedDict[str, int] | None = None
        self._used = self._written = 0

    def put(self, key: str, frame: StoredFrame) -> None:
        """Keep a frame; a disk that is full or gone costs the file, not the frame."""
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
            save_file(tensors, temporary, said)
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
        """Whether there is such a file, without reading it."""
        return self._path(key).exists()

    def set_budget(self, budget: int) -> None:
        """Change the limit, and remove values that exceed it."""
        with self._lock:
            self._budget = budget
            self._evict(self._index())

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.safetensors"

    def _enter(self, key: str, size: int) -> None:
        self._written += size
        # Read before the lock is taken: the window would have to wait for it.
        read = self._read() if self._written > self._budget * _RECOUNTED_SHARE else None
        with self._lock:
            sizes = self._index(read)
            self._used += size - sizes.pop(key, 0)
            sizes[key] = size
            self._evict(sizes)

    def _index(self, read: OrderedDict[str, int] | None = None) -> OrderedDict[str, int]:
        """Keys, oldest first: as just `read`, or as known; read when first needed. The lock is
        held."""
        if read is not None or self._sizes is None:
            self._sizes = self._read() if read is None else read
            self._used, self._written = sum(self._sizes.values()), 0
        return self._sizes

    def _read(self) -> OrderedDict[str, int]:
        """Keys and sizes of what lies in the folder, oldest first."""
        self._sweep()
        found = []
        for path in self._folder.glob("??/*.safetensors"):
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime_ns, path.stem, status.st_size))
        return OrderedDict((key, size) for _, key, size in sorted(found))

    def _sweep(self) -> None:
        """Take away what programs that were killed in the middle of writing left behind."""
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
    """The frame in a file, read whole: a mapped file that is cut short would end the process.

    Raises OSError, and SafetensorError, ValueError or KeyError for what is no frame.
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
    """The texts in the header: how the frame was made."""
    length = int.from_bytes(data[:8], "little")
    return msgspec.json.decode(data[8 : 8 + length], type=_Header).metadata


class _Header(msgspec.Struct, frozen=True):
    metadata: dict[str, str] = msgspec.field(name="__metadata__", default_factory=dict)
