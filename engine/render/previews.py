"""Previews by a linear map from latents to colours, fitted to the model's decoder."""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch.nn.functional import interpolate

from engine.conditioning import Array32
from engine.messages import Image
from engine.pictures.latent_view import ColourFit, Colours, in_colour

_OBSERVED = 64
#: The fewest probes, and the points that vary independently in each direction of one.
_PROBES = 6
_POINTS = 3
_PROBE_WEIGHT = 0.02


class Decoder(Protocol):
    """The part of a model that the fit needs."""

    latent_channels: int

    def decode(self, latents: torch.Tensor) -> list[torch.Tensor | None]: ...


class PreviewMap:
    """RGB ≈ W · (latent, 1) for each latent pixel, by least squares on decoded pictures.

    The fit starts with a few smooth random latents when the model is loaded. The first finished
    frames improve it.
    """

    def __init__(self, channels: int) -> None:
        self._fit = ColourFit(channels)
        self._colours: Colours | None = None
        self._seen = 0

    @classmethod
    def fit(cls, model: Decoder) -> PreviewMap:
        """Fit a map to `model` with pictures of 8×8 latent pixels."""
        preview = cls(model.latent_channels)
        generator = torch.Generator("cpu").manual_seed(0)
        # Twice as many independent points as the map has unknowns of each colour.
        enough = math.ceil(2 * (model.latent_channels + 1) / _POINTS**2)
        shape = (max(_PROBES, enough), model.latent_channels)
        coarse = torch.randn((*shape, _POINTS, _POINTS), generator=generator)
        smooth = interpolate(coarse, size=(8, 8), mode="bilinear", align_corners=True)
        for latent, picture in zip(smooth.numpy(), model.decode(smooth), strict=True):
            if picture is not None:
                preview._fit.add(latent, picture.numpy(), _PROBE_WEIGHT)
        return preview

    def observe(self, final: Array32, image: Image) -> None:
        """Improve the fit with a finished frame: z_0 [C, h, w] and its picture [H, W, 3]."""
        if self._seen < _OBSERVED:
            self._seen += 1
            self._fit.add(final, image)
            self._colours = None

    def picture(self, latent: torch.Tensor) -> Image:
        """Return the preview [h, w, 3] of z_0 [C, h, w], one pixel for each latent pixel,
        read-only."""
        if self._colours is None:
            self._colours = self._fit.colours
        picture = in_colour(latent.detach().float().cpu().numpy(), self._colours)
        picture.flags.writeable = False
        return picture
