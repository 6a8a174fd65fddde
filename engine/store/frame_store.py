"""Finished frames, by content: bounded memory, and a bounded disk tier behind it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from engine.lru_cache import LruCache
from engine.messages import Array32, Image
from engine.store.disk_tier import DiskTier
from engine.store.stored_frame import StoredFrame

MEBIBYTE = 1 << 20
#: Latents that are kept for themselves: of Stable Diffusion at 512×512, 128 MiB at the most.
_LATENTS = 2048


class FrameStore:
    """Least recently used frames go first, from memory and from disk. Safe in every thread.

    `folder` None keeps nothing on disk; two programs may share one. The latents of the newest
    frames outlive their pictures: to decode one again is a small part of drawing it again.
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
        self._latents = LruCache[Array32](_LATENTS)
        self._disk = DiskTier(folder, disk_bytes) if folder is not None else None

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

    def latent(self, key: str) -> Array32 | None:
        """The z_0 [C, h, w] of a frame, also when its picture is in neither."""
        with self._lock:
            return self._latents.get(key)

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

    def _remember(self, key: str, frame: StoredFrame) -> None:
        with self._lock:
            old = self._frames.pop(key, None)
            self._memory_used += frame.size - (old.size if old is not None else 0)
            self._frames[key] = frame
            self._latents.put(key, frame.final)
            self._evict()

    def _evict(self) -> None:
        while self._memory_used > self._memory_budget and len(self._frames) > 1:
            _, oldest = self._frames.popitem(last=False)
            self._memory_used -= oldest.size
