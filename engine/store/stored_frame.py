"""A finished frame in the store, and its key.

A key contains everything that determines the pixels and nothing else. It does not contain the
method's name, so that unchanged frames are still known after a change of the method, the number of
frames or the ends.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from engine.conditioning import Array32, Conditioning
from engine.messages import Image


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """The picture [H, W, 3], its latent z_0 [C, h, w], and its initial latent z_T [C, h, w].

    `sampling_notes` and `decode_note` describe how it was made if that was not the usual way.
    """

    image: Image
    final: Array32
    initial: Array32
    sampling_notes: tuple[str, ...] = ()
    decode_note: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """All notes of this frame, one sentence each."""
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
    """The z_0 [C, h, w] of a frame whose picture may be removed, and its sampling notes."""

    final: Array32
    sampling_notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FrameSettings:
    """Everything that determines a frame's pixels, except its latent and its texts.

    `generation` is increased when the engine gives other pixels. `model` is the model's identity.
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
    """Returns the key of the frame with z_T `initial` and `texts` (positive, negative): 40 hex
    digits.

    It includes roles and shapes, because latents of wide and tall pictures may have equal numbers.
    """
    digest = hashlib.sha256(repr(settings).encode())
    _add(digest, "initial", initial)
    for number, text in enumerate(texts):
        for name, array in text.named().items():
            _add(digest, f"text {number} {name}", array)
    return digest.hexdigest()[:40]


def _add(digest: hashlib._Hash, name: str, array: Array32) -> None:
    digest.update(f"{name} {array.shape}".encode())
    digest.update(np.ascontiguousarray(array).data)
