"""Previews: a linear map from latents to colours, fitted to the model's own decoder."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import interpolate

from engine.messages import Array32, Image

_OBSERVED = 64
_PROBES = 6
_PROBE_WEIGHT = 0.02


class Decoder(Protocol):
    """The part of a model that the fit needs."""

    latent_channels: int
    downscale: int

    def decode(self, latents: torch.Tensor) -> list[torch.Tensor | None]: ...


class PreviewMap:
    """RGB ≈ W · (latent, 1) for each latent pixel, by least squares on decoded pictures.

    The fit starts from a few smooth random latents when the model is loaded, and is refined by the
    first finished frames, which are what the model really draws.
    """

    def __init__(self, channels: int, downscale: int) -> None:
        self._downscale = downscale
        self._gram = np.eye(channels + 1) * 1e-3
        self._moment = np.zeros((channels + 1, 3))
        self._weights: npt.NDArray[np.float64] | None = None
        self._seen = 0

    @classmethod
    def fit(cls, model: Decoder) -> PreviewMap:
        """A map fitted to `model`, from pictures of 8×8 latent pixels."""
        preview = cls(model.latent_channels, model.downscale)
        generator = torch.Generator("cpu").manual_seed(0)
        shape = (_PROBES, model.latent_channels)
        coarse = torch.randn((*shape, 3, 3), generator=generator)
        smooth = interpolate(coarse, size=(8, 8), mode="bilinear", align_corners=True)
        for latent, picture in zip(smooth.numpy(), model.decode(smooth), strict=True):
            if picture is not None:
                preview._add(latent, picture.numpy(), _PROBE_WEIGHT)
        return preview

    def observe(self, final: Array32, image: Image) -> None:
        """Learn from a finished frame: z_0 [C, h, w] and its picture [H, W, 3]."""
        if self._seen < _OBSERVED:
            self._seen += 1
            self._add(final, image, 1.0)

    def picture(self, latent: torch.Tensor) -> Image:
        """The preview [h, w, 3] of z_0 [C, h, w], one pixel for each latent pixel."""
        if self._weights is None:
            self._weights = np.asarray(np.linalg.solve(self._gram, self._moment), np.float64)
        values = latent.detach().float().cpu().numpy()
        weights = self._weights
        rgb = np.tensordot(values, weights[:-1], axes=(0, 0)) + weights[-1]
        picture: Image = np.clip(np.nan_to_num(rgb), 0.0, 255.0).astype(np.uint8)
        picture.flags.writeable = False
        return picture

    def _add(self, latent: npt.NDArray[np.floating], image: Image, weight: float) -> None:
        channels, h, w = latent.shape
        rows = np.column_stack((latent.reshape(channels, -1).T, np.ones(h * w)))
        side = self._downscale
        means = image.reshape(h, side, w, side, 3).mean(axis=(1, 3)).reshape(-1, 3)
        self._gram += weight * rows.T @ rows
        self._moment += weight * rows.T @ means
        self._weights = None
