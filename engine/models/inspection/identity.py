"""A digest of everything in a model that influences pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

#: Files up to this size are read whole; of larger ones, this many pieces of this size.
_WHOLE = 64 * 2**20
_PIECES, _PIECE = 512, 64 * 2**10


def identity_of(root: Path, files: Iterable[Path]) -> str:
    """Hex digest of these files' names below `root` and contents.

    Of weights too large to read in an instant, the size, the beginning, which names and shapes
    every tensor, and pieces spread evenly over the rest count: models that share none of their
    history differ in all of them, and fine-tuned ones in nearly all.
    """
    digest = hashlib.sha256()
    for file in sorted(files):
        size = file.stat().st_size
        digest.update(f"{file.relative_to(root).as_posix()} {size}\n".encode())
        with file.open("rb") as stream:
            if size <= _WHOLE:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
                continue
            digest.update(stream.read(2**20))
            for piece in range(_PIECES):
                stream.seek((size - _PIECE) * piece // (_PIECES - 1))
                digest.update(stream.read(_PIECE))
    return digest.hexdigest()
