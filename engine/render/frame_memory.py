"""Finds frames of a job in the store: pictures, or latents that are decoded again."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from engine.conditioning import Array32
from engine.models.loaded import DiffusionModel
from engine.render.shared_steps import Ingredients
from engine.store.frame_store import FrameStore
from engine.store.stored_frame import StoredFrame


class FrameMemory:
    """Reads finished frames from the store, and adds new ones. Used on one thread."""

    def __init__(self, store: FrameStore, model: DiffusionModel) -> None:
        self._store, self._model = store, model
        self._decoded = 0

    def turn(self, most: int) -> Iterator[int]:
        """Count look-ups up to `most`, or until one had to decode, which is slow."""
        before = self._decoded
        for number in range(most):
            yield number
            if self._decoded > before:
                return

    def find(self, ingredients: Ingredients) -> StoredFrame | None:
        """Return a known frame, or None. If only its latent is stored, it is decoded again.

        Raises the device's error if its memory is too small for decoding.
        """
        frame, latent = self._store.get(ingredients.key), self._store.latent(ingredients.key)
        if frame is not None or latent is None:
            return frame
        self._decoded += 1
        (picture,) = self._model.decode(torch.tensor(latent.final)[None])
        if picture is None:
            return None
        return self.keep(ingredients, latent.final, picture, latent.sampling_notes)

    def keep(
        self,
        ingredients: Ingredients,
        latent: Array32,
        picture: torch.Tensor,
        sampling_notes: tuple[str, ...],
    ) -> StoredFrame:
        """Store z_0 [C, h, w] and its picture [H, W, 3], uint8 on the CPU."""
        frame = StoredFrame(
            picture.numpy(), latent, ingredients.initial, sampling_notes, self._model.decode_note
        )
        self._store.put(ingredients.key, frame)
        return frame
