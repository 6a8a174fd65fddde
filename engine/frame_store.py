"""Finished frames, by content: bounded memory, and a bounded disk tier behind it.

A key says everything that made the pixels and nothing else: not the method's name, so that
keyframes and unchanged frames survive a change of method, of frame count or of end points.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from engine.messages import Array32, Image

MEBIBYTE = 1 << 20
#: A file that has been in the making for so long is nobody's any more.
_ABANDONED_S = 3600.0
#: Of the budget, so much may be written before the folder is looked at again: other programs may
#: have written there, too.
_RECOUNTED_SHARE = 1 / 16


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """The picture [H, W, 3], the latent z_0 [C, h, w] it was decoded from, and the z_T before.

    `note` says how it was decoded, where that was not the plain way.
    """

    image: Image
    final: Array32
    initial: Array32
    note: str = ""

    @property
    def size(self) -> int:
        return self.image.nbytes + self.final.nbytes + self.initial.nbytes

    def freeze(self) -> None:
        """Make the arrays read-only."""
        for array in (self.image, self.final, self.initial):
            array.flags.writeable = False


def frame_key(settings: Mapping[str, Any], *arrays: npt.NDArray[Any]) -> str:
    """The key of what `settings` and `arrays` (initial latent, embeddings) make: 40 hex digits.

    Shapes count too: the latents of a wide and of a tall picture may hold the same numbers.
    """
    digest = hashlib.sha256(json.dumps(dict(settings), sort_keys=True).encode())
    for array in arrays:
        digest.update(repr(array.shape).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:40]


class FrameStore:
    """Least recently used frames go first, from memory and from disk. Safe in every thread.

    `folder` None keeps nothing on disk. Two programs may share a folder: files are written under a
    temporary name and renamed, and one that vanished or does not read counts as missing.
    """

    def __init__(
        self,
        memory_bytes: int = 512 * MEBIBYTE,
        folder: Path | None = None,
        disk_bytes: int = 2048 * MEBIBYTE,
    ) -> None:
        self._lock = threading.Lock()
        self._frames: OrderedDict[str, StoredFrame] = OrderedDict()
        self._memory_budget, self._memory_used = memory_bytes, 0
        self._disk = _DiskTier(folder, disk_bytes) if folder is not None else None

    def put(self, key: str, frame: StoredFrame) -> None:
        """Remember a frame; its arrays become read-only."""
        frame.freeze()
        self._remember(key, frame)
        if self._disk is not None:
            self._disk.put(key, frame)

    def get(self, key: str) -> StoredFrame | None:
        """The frame, from memory or else from disk; None when it is in neither."""
        with self._lock:
            frame = self._frames.get(key)
            if frame is not None:
                self._frames.move_to_end(key)
                return frame
        if self._disk is None:
            return None
        frame = self._disk.get(key)
        if frame is not None:
            self._remember(key, frame)
        return frame

    def has(self, key: str) -> bool:
        """Whether there is such a frame, without reading it."""
        with self._lock:
            known = key in self._frames
        return known or (self._disk is not None and self._disk.has(key))

    def image(self, key: str) -> Image | None:
        """The picture alone."""
        frame = self.get(key)
        return None if frame is None else frame.image

    def set_budgets(self, memory_bytes: int, disk_bytes: int) -> None:
        """Change how much is kept; what is over goes at once."""
        with self._lock:
            self._memory_budget = memory_bytes
            self._evict()
        if self._disk is not None:
            self._disk.set_budget(disk_bytes)

    def clear(self) -> None:
        """Forget everything, on disk too."""
        with self._lock:
            self._frames.clear()
            self._memory_used = 0
        if self._disk is not None:
            self._disk.clear()

    def usage(self) -> tuple[int, int]:
        """Bytes used in memory and on disk."""
        return self._memory_used, self._disk.used if self._disk is not None else 0

    def _remember(self, key: str, frame: StoredFrame) -> None:
        with self._lock:
            old = self._frames.pop(key, None)
            self._memory_used += frame.size - (old.size if old is not None else 0)
            self._frames[key] = frame
            self._evict()

    def _evict(self) -> None:
        while self._memory_used > self._memory_budget and len(self._frames) > 1:
            _, oldest = self._frames.popitem(last=False)
            self._memory_used -= oldest.size


class _DiskTier:
    """One safetensors file a frame, in 256 folders; the modification time says when last used."""

    def __init__(self, folder: Path, budget: int) -> None:
        self._folder, self._budget = folder, budget
        self._lock = threading.Lock()
        self._sizes: OrderedDict[str, int] | None = None
        self.used = self._written = 0

    def put(self, key: str, frame: StoredFrame) -> None:
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
            save_file(tensors, temporary, {"note": frame.note})
            os.replace(temporary, path)
            self._enter(key, path.stat().st_size)
        except OSError:
            # A full or vanished disk costs the cache, not the frame.
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    def get(self, key: str) -> StoredFrame | None:
        path = self._path(key)
        try:
            with safe_open(path, "numpy") as file:
                image, final, initial = (file.get_tensor(k) for k in ("image", "final", "initial"))
                frame = StoredFrame(image, final, initial, (file.metadata() or {}).get("note", ""))
            os.utime(path)
        except OSError:
            return None
        except SafetensorError:
            # Cut short, as when the power fails: it is made again, which needs its place.
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            return None
        frame.freeze()
        with self._lock:
            if self._sizes is not None and key in self._sizes:
                self._sizes.move_to_end(key)
        return frame

    def has(self, key: str) -> bool:
        return self._path(key).exists()

    def set_budget(self, budget: int) -> None:
        with self._lock:
            self._budget = budget
            self._evict(self._index())

    def clear(self) -> None:
        with self._lock:
            for key in self._index():
                with contextlib.suppress(OSError):
                    self._path(key).unlink(missing_ok=True)
            self._sizes, self.used = OrderedDict(), 0

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.safetensors"

    def _enter(self, key: str, size: int) -> None:
        self._written += size
        # Read before the lock is taken: the window would have to wait for it.
        read = self._read() if self._written > self._budget * _RECOUNTED_SHARE else None
        with self._lock:
            sizes = self._index(read)
            self.used += size - sizes.pop(key, 0)
            sizes[key] = size
            self._evict(sizes)

    def _index(self, read: OrderedDict[str, int] | None = None) -> OrderedDict[str, int]:
        """Keys, oldest first: as just `read`, or as known; read when first needed. The lock is
        held."""
        if read is not None or self._sizes is None:
            self._sizes = self._read() if read is None else read
            self.used, self._written = sum(self._sizes.values()), 0
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
        while self.used > self._budget and sizes:
            key, size = sizes.popitem(last=False)
            self.used -= size
            with contextlib.suppress(OSError):
                self._path(key).unlink(missing_ok=True)
