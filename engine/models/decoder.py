"""Latents to pixels: in a batch, and within less memory or at more precision where it must be."""

from __future__ import annotations

from typing import Any

import torch

from engine.models.memory import is_out_of_memory, release_memory


class Decoder:
    """Runs a VAE's decoder.

    `note` says how the pictures come about where that is not the plain way; it stays so from then
    on, so that the frames of a walk are not decoded in changing ways.
    """

    def __init__(self, vae: Any, device: torch.device) -> None:
        self._vae, self._device = vae, device
        self.note = ""

    @torch.inference_mode()
    def __call__(self, latents: torch.Tensor) -> torch.Tensor:
        """Pictures [n, H, W, 3], uint8 on the CPU, of latents [n, C, h, w] as samplers leave them.

        Where memory runs out, one by one, then in tiles. Raises the device's error where that is
        too much, too.
        """
        try:
            return self._decode(latents)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        release_memory(self._device)
        return torch.cat([self._decode_alone(latent[None]) for latent in latents])

    def _decode_alone(self, latent: torch.Tensor) -> torch.Tensor:
        try:
            return self._decode(latent)
        except RuntimeError as error:
            if self._vae.use_tiling or not is_out_of_memory(error):
                raise
        release_memory(self._device)
        self._use_tiles(max(latent.shape[2:]))
        return self._decode(latent)

    def _use_tiles(self, side: int) -> None:
        """Pieces of half the picture's size, which diffusers blends where they overlap."""
        vae = self._vae
        vae.enable_tiling()
        vae.tile_latent_min_size = max(side // 2, 1)
        vae.tile_sample_min_size = vae.tile_latent_min_size * 2 ** (
            len(vae.config.block_out_channels) - 1
        )
        self.note = "Decoded in tiles, because the memory did not suffice for a whole picture."

    def _decode(self, latents: torch.Tensor) -> torch.Tensor:
        pixels = self._pixels(latents)
        if self._vae.dtype == torch.float16 and not bool(torch.isfinite(pixels).all()):
            # Some VAEs overflow half precision; a black picture would be the only sign.
            self._vae.to(torch.float32)
            self.note = "Decoded in float32, because the model's half precision overflowed."
            pixels = self._pixels(latents)
        # The same operations in the same precision as diffusers' VaeImageProcessor.
        shares = (pixels * 0.5 + 0.5).clamp(0, 1).float()
        return (shares * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu()

    def _pixels(self, latents: torch.Tensor) -> torch.Tensor:
        vae = self._vae
        scaled = latents.to(self._device, vae.dtype) / vae.config.scaling_factor
        if vae.config.shift_factor:
            scaled = scaled + vae.config.shift_factor
        pixels: torch.Tensor = vae.decode(scaled, return_dict=False)[0]
        return pixels
