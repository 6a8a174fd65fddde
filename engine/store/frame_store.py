"""Stores finished frames by content, in limited memory and on a limited part of the disk."""

from __future__ import annotations

import threading
from pathlib import Path

from engine.lru_cache import LruCache
from engine.messages import Image
from engine.store.disk_tier import DiskTier
from engine.store.stored_frame import StoredFrame, StoredLatent
from engine.store.text_store import TextStore

MEBIBYTE = 1 << 20
#: Bytes of latents that are kept without pictures: two thousand of Stable Diffusion at 512×512.
_LATENTS = 128 * MEBIBYTE


class FrameStore:
    """Removes the least recently used frames first, from memory and from disk. Thread-safe.

    With `folder` None, nothing is stored on disk. Programs may share a folder. The latents of the
    newest frames are kept longer than their pictures, because decoding is much faster than
    rendering.
    """

    def __init__(
        self,
        memory_bytes: int = 512 * MEBIBYTE,
        folder: Path | None = None,
        disk_bytes: int = 2048 * MEBIBYTE,
    ) -> None:
        self._lock = threading.Lock()
        self._frames: LruCache[str, StoredFrame] = LruCache(memory_bytes, lambda frame: frame.size)
        self._latents: LruCache[str, StoredLatent] = LruCache(
            _LATENTS, lambda latent: latent.final.nbytes
        )
        self._disk = DiskTier(folder, disk_bytes) if folder is not None else None
        #: Encoded texts of models with large text encoders.
        self.texts = TextStore(folder / "texts" if folder is not None else None)

    def put(self, key: str, frame: StoredFrame) -> None:
        """Store a frame. Its arrays become read-only."""
        frame.freeze()
        self._remember(key, frame)
        if self._disk is not None:
            self._disk.put(key, frame)

    def get(self, key: str) -> StoredFrame | None:
        """Return the frame from memory or from disk, or None."""
        with self._lock:
            frame = self._frames.get(key)
        if frame is not None or self._disk is None:
            return frame
        frame = self._disk.get(key)
        if frame is not None:
            self._remember(key, frame)
        return frame

    def latent(self, key: str) -> StoredLatent | None:
        """Return the z_0 of a frame, also if its picture is no longer stored, or None."""
        with self._lock:
            return self._latents.get(key)

    def has(self, key: str) -> bool:
        """True if the frame is stored. Does not read it."""
        with self._lock:
            known = key in self._frames
        return known or (self._disk is not None and self._disk.has(key))

    def image(self, key: str) -> Image | None:
        """Return the picture of a frame, or None."""
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
