"""A finished frame as it is kept, and the key under which.

A key says everything that made the pixels and nothing else: not the method's name, so that
keyframes and unchanged frames survive a change of method, of frame count or of end points.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.messages import Array32, Image


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
