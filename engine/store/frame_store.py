"""Finished frames, by content: bounded memory, and a bounded disk tier behind it."""

from __future__ import annotations

import threading
from pathlib import Path

from engine.lru_cache import LruCache
from engine.messages import Image
from engine.store.disk_tier import DiskTier
from engine.store.stored_frame import StoredFrame, StoredLatent

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
        self._frames: LruCache[str, StoredFrame] = LruCache(memory_bytes, lambda frame: frame.size)
        self._latents: LruCache[str, StoredLatent] = LruCache(_LATENTS)
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
        if frame is not None or self._disk is None:
            return frame
        frame = self._disk.get(key)
        if frame is not None:
            self._remember(key, frame)
        return frame

    def latent(self, key: str) -> StoredLatent | None:
        """The z_0 of a frame, also when its picture is in neither."""
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
        """Change the limit, and remove values that exceed it."""
        with self._lock:
            self._frames.set_limit(memory_bytes)
        if self._disk is not None:
            self._disk.set_budget(disk_bytes)

    def _remember(self, key: str, frame: StoredFrame) -> None:
        with self._lock:
            self._frames.put(key, frame)
            self._latents.put(key, StoredLatent(frame.final, frame.sampling_notes))
