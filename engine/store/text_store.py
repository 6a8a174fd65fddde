"""Stores encoded texts on the disk by content, so that large text encoders are opened once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from pathlib import Path

from safetensors import SafetensorError
from safetensors.numpy import load, save

from engine.conditioning import Conditioning, Role

#: The largest text has 15 MB. Larger files are none.
_LARGEST = 64 << 20
_WHOLE = "whole tokens"


class TextStore:
    """Owns a folder with one safetensors file for each text. The least recently used go first.

    With `folder` None, nothing is stored. Programs may share a folder. Errors of the disk are
    ignored: a text that cannot be read is encoded again.
    """

    def __init__(self, folder: Path | None, budget: int = 512 << 20) -> None:
        self._folder, self._budget = folder, budget

    def get(self, key: str) -> Conditioning | None:
        """The text, or None."""
        if self._folder is None:
            return None
        path = self._path(self._folder, key)
        try:
            if path.stat().st_size > _LARGEST:
                return None
            text = _read(path.read_bytes())
            os.utime(path)
        except (OSError, SafetensorError, ValueError, KeyError):
            return None
        return text

    def put(self, key: str, text: Conditioning) -> None:
        """Write a text. Blends of two texts are not written: they follow from both."""
        if self._folder is None or text.other is not None:
            return
        path = self._path(self._folder, key)
        temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
        kind = {_WHOLE: str(int(text.whole_tokens))}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            data = save({str(role): array for role, array in text.arrays.items()}, kind)
            temporary.write_bytes(data)
            os.replace(temporary, path)
            self._evict(self._folder)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _path(self, folder: Path, key: str) -> Path:
        return folder / f"{key}.safetensors"

    def _evict(self, folder: Path) -> None:
        """Remove the least recently used texts beyond the budget."""
        found = []
        for path in folder.glob("*.safetensors"):
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime_ns, status.st_size, path))
        used = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if used <= self._budget:
                return
            used -= size
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def text_key(model: str, precision: str, prompt: str, negative: bool) -> str:
    """Returns the key of a text: 40 hex digits. `model` is the identity of the model."""
    return hashlib.sha256(repr((model, precision, prompt, negative)).encode()).hexdigest()[:40]


def _read(data: bytes) -> Conditioning:
    """Reads a text. Raises SafetensorError, ValueError or KeyError for other contents."""
    arrays = {Role(name): array for name, array in load(data).items()}
    if any(array.dtype.name != "float32" for array in arrays.values()) or not arrays:
        raise ValueError("no text")
    length = int.from_bytes(data[:8], "little")
    whole = f'"{_WHOLE}":"1"'.encode() in data[8 : 8 + length]
    return Conditioning(arrays, whole_tokens=whole)
