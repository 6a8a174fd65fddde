"""Decodes latents to pictures. Uses less memory or a higher precision if necessary."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, Protocol

import torch

from engine.models.running.memory import release_memory, within_memory

#: So many pictures are decoded at once: more gain nothing, and in a large VAE they come near the
#: 2³¹ numbers that an operation can hold.
_MOST = 8


class PictureNetwork(Protocol):
    """A VAE's decoder: latents [n, C, h, w] to pixels [n, 3, H, W] in about −1…1."""

    downscale: int

    @property
    def dtype(self) -> torch.dtype: ...

    def to(self, dtype: torch.dtype) -> Any: ...

    def __call__(self, latents: torch.Tensor) -> torch.Tensor: ...


class Pictures:
    """A VAE with its family's function `pixels` for decoding.

    Latents are cut into tiles of whole patches only.
    """

    def __init__(
        self,
        vae: Any,
        pixels: Callable[[Any, torch.Tensor], torch.Tensor],
        downscale: int,
        patch: int = 1,
    ) -> None:
        self._vae, self._pixels = vae, pixels
        self.downscale, self.patch = downscale, patch

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of its weights."""
        return next(self._vae.parameters()).dtype

    def to(self, dtype: torch.dtype) -> None:
        """Convert its weights to another dtype."""
        self._vae.to(dtype)

    def __call__(self, latents: torch.Tensor) -> torch.Tensor:
        """Return pixels of final latents."""
        return self._pixels(self._vae, latents)


class Decoder:
    """Runs a VAE's decoder.

    `note` describes how pictures are decoded if it is not the usual way. It stays the same from
    then on, so that all frames of a walk are decoded alike. With `together`, all pictures of a
    call are decoded at once, which is faster on a GPU; on a CPU they exceed the caches.
    """

    def __init__(self, vae: PictureNetwork, device: torch.device, together: bool = True) -> None:
        self._vae, self._device, self._together = vae, device, together
        self._tile = 0
        self.note = ""

    @torch.inference_mode()
    def __call__(self, latents: torch.Tensor) -> list[torch.Tensor | None]:
        """Return a picture [H, W, 3], uint8 on the CPU, for each of the final latents [n, C, h, w];
        None if it has numbers that are not finite.

        If memory runs out, pictures are decoded one by one, then in tiles. Raises the device's
        error if memory does not suffice for a tile.
        """
        if not self._together:
            return self._one_by_one(latents)
        parts = torch.split(latents, _MOST)
        return [picture for some in parts for picture in self._at_once(some)]

    def _at_once(self, latents: torch.Tensor) -> list[torch.Tensor | None]:
        pictures = within_memory(lambda: self._decode(latents))
        if pictures is not None:
            return pictures
        release_memory(self._device)
        return self._one_by_one(latents)

    def _one_by_one(self, latents: torch.Tensor) -> list[torch.Tensor | None]:
        return [self._decode_alone(latent[None]) for latent in latents]

    def _decode_alone(self, latent: torch.Tensor) -> torch.Tensor | None:
        if self._tile:
            return self._decode(latent)[0]
        pictures = within_memory(lambda: self._decode(latent))
        if pictures is not None:
            return pictures[0]
        release_memory(self._device)
        self._tile = max(max(latent.shape[2:]) // 2, 1)
        self.note = "Decoded in tiles, because the memory did not suffice for a whole picture."
        return self._decode(latent)[0]

    def _decode(self, latents: torch.Tensor) -> list[torch.Tensor | None]:
        pixels = self._pixels(latents)
        sound = _sound(pixels)
        if self._vae.dtype == torch.float16 and sound != _sound(latents):
            # Some VAEs overflow half precision; a black picture would be the only sign.
            self._vae.to(torch.float32)
            self.note = "Decoded in float32, because the model's half precision overflowed."
            pixels = self._pixels(latents)
            sound = _sound(pixels)
        # The same operations in the same precision as diffusers' VaeImageProcessor.
        shares = (pixels * 0.5 + 0.5).clamp(0, 1).float()
        pictures = (shares * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu()
        return [picture if fine else None for picture, fine in zip(pictures, sound, strict=True)]

    def _pixels(self, latents: torch.Tensor) -> torch.Tensor:
        latents = latents.to(self._device, self._vae.dtype)
        if self._tile:
            return decode_in_tiles(self._vae, latents, self._tile)
        pixels: torch.Tensor = self._vae(latents)
        return pixels


def _sound(tensors: torch.Tensor) -> list[bool]:
    """Returns for each of the tensors [n, …] if all its numbers are finite."""
    return [bool(each) for each in torch.isfinite(tensors).flatten(1).all(1)]


def decode_in_tiles(vae: PictureNetwork, latents: torch.Tensor, side: int) -> torch.Tensor:
    """Decodes latents [n, C, h, w] in square tiles of `side` latent pixels to pixels [n, 3, H, W].

    Tiles overlap by a quarter and are blended there.
    """
    n, _, h, w = latents.shape
    scale, patch = vae.downscale, getattr(vae, "patch", 1)
    side = max(side // patch, 1) * patch
    total = torch.zeros((n, 3, h * scale, w * scale), dtype=vae.dtype, device=latents.device)
    weights = torch.zeros_like(total[:1, :1])
    for top, left in product(_starts(h, side, patch), _starts(w, side, patch)):
        tile = vae(latents[:, :, top : top + side, left : left + side])
        rows, columns = (_fading(length, side * scale // 4, tile) for length in tile.shape[2:])
        weight = rows[:, None] * columns
        y, x = top * scale, left * scale
        total[:, :, y : y + len(rows), x : x + len(columns)] += tile * weight
        weights[:, :, y : y + len(rows), x : x + len(columns)] += weight
    return total / weights


def _starts(length: int, side: int, patch: int) -> list[int]:
    """Returns the starts of tiles in whole patches, three quarters apart.

    The last one ends with the picture.
    """
    last, step = max(length - side, 0), max(side * 3 // 4 // patch, 1) * patch
    return [*range(0, last, step), last]


def _fading(length: int, overlap: int, like: torch.Tensor) -> torch.Tensor:
    """Returns weights [length] that rise over `overlap` pixels, stay at 1, and fall again."""
    steps = torch.arange(1, length + 1, dtype=like.dtype, device=like.device)
    rising = (steps / (overlap + 1)).clamp(max=1.0)
    return torch.minimum(rising, rising.flip(0))
