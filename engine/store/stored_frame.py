"""A finished frame as it is kept, and the key under which.

A key says everything that made the pixels and nothing else: not the method's name, so that
keyframes and unchanged frames survive a change of method, of frame count or of end points.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from engine.conditioning import Conditioning
from engine.messages import Array32, Image


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """The picture [H, W, 3], the latent z_0 [C, h, w] it was decoded from, and the z_T before.

    `sampling_notes` and `decode_note` say how it was made where that was not the plain way.
    """

    image: Image
    final: Array32
    initial: Array32
    sampling_notes: tuple[str, ...] = ()
    decode_note: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """Everything about this frame that was not made the plain way, a sentence each."""
        return (*self.sampling_notes, *((self.decode_note,) if self.decode_note else ()))

    @property
    def size(self) -> int:
        return self.image.nbytes + self.final.nbytes + self.initial.nbytes

    def freeze(self) -> None:
        """Make the arrays read-only."""
        for array in (self.image, self.final, self.initial):
            array.flags.writeable = False


@dataclass(frozen=True, slots=True)
class StoredLatent:
    """The z_0 [C, h, w] of a frame whose picture may be gone, and how it was sampled."""

    final: Array32
    sampling_notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FrameSettings:
    """What makes a frame's pixels apart from its latent and its texts.

    `generation` counts up when the engine would give other pixels; `model` is the model's identity.
    """

    generation: int
    model: str
    device: str
    precision: str
    solver: str
    steps: int
    guidance: float
    guidance_from: float
    guidance_to: float


def frame_key(settings: FrameSettings, initial: Array32, *texts: Conditioning) -> str:
    """The key of the frame that z_T `initial` and `texts` (positive, negative) make: 40 hex digits.

    Roles and shapes count too: the latents of a wide and of a tall picture may hold the same
    numbers.
    """
    digest = hashlib.sha256(repr(settings).encode())
    _add(digest, "initial", initial)
    for number, text in enumerate(texts):
        for role, array in text.arrays.items():
            _add(digest, f"text {number} {role}", array)
    return digest.hexdigest()[:40]


def _add(digest: hashlib._Hash, name: str, array: Array32) -> None:
    digest.update(f"{name} {array.shape}".encode())
    digest.update(np.ascontiguousarray(array).data)
