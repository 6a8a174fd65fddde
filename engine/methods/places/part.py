"""One part of the latent goes from the start to the end: a channel, a region, or a band."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.methods.contract import Array, Ends, NoiseMethod, methods
from engine.parameters import parameter

#: The border between low and high frequencies, in cycles per latent pixel; Nyquist is 0.5.
_BORDER = 0.25


@methods.register("part")
@dataclass(frozen=True)
class Part(NoiseMethod):
    """z(γ) = z_start + P[(cos(πγ/2) − 1) z_start + sin(πγ/2) z_end], with the projection P on the
    part.

    P keeps one channel or all, a rectangle in shares of the picture, and all frequencies or those
    below or above half the Nyquist frequency. P is an orthogonal projection if a rectangle and a
    band are not combined; then the latent stays N(0, I) exactly for independent ends. At γ = 1 the
    part is that of the end, and the rest is that of the start. Prefer it to see what a part of the
    latent decides.
    """

    label = "Part of the latent"
    colour = "#6E9C4A"
    passes_ends = False

    channel: int = parameter(
        0, "Channel", low=0, high=128, at_low="all", help="The channel that changes; 0 for all"
    )
    band: str = parameter(
        "all",
        "Frequencies",
        choices=("all", "low", "high"),
        help="Coarse shapes, fine structure, or both",
    )
    left: float = parameter(0.0, "Left", low=0.0, high=1.0, step=0.05, help="Left edge")
    right: float = parameter(1.0, "Right", low=0.0, high=1.0, step=0.05, help="Right edge")
    top: float = parameter(0.0, "Top", low=0.0, high=1.0, step=0.05, help="Top edge")
    bottom: float = parameter(1.0, "Bottom", low=0.0, high=1.0, step=0.05, help="Bottom edge")

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        angle = math.pi / 2 * gamma
        cosine = 0.0 if gamma == 1.0 else math.cos(angle)
        return start + self._part((cosine - 1.0) * start + math.sin(angle) * end)

    def expected_std(self, gamma: float, ends: Ends) -> float:
        angle, share = math.pi / 2 * gamma, self._share(ends.channels)
        part = ends.std_of_sum(math.cos(angle), math.sin(angle))
        return math.sqrt((1.0 - share) * ends.start**2 + share * part**2)

    def _share(self, channels: int) -> float:
        """The share of the latent's numbers in the part."""
        low = math.pi * _BORDER**2
        band = {"all": 1.0, "low": low, "high": 1.0 - low}[self.band]
        area = max(self.right - self.left, 0.0) * max(self.bottom - self.top, 0.0)
        one = 1.0 / channels if self.channel <= channels else 0.0
        return band * area * (one if self.channel else 1.0)

    def _part(self, latent: Array) -> Array:
        kept = np.zeros_like(latent)
        channels = slice(None) if not self.channel else slice(self.channel - 1, self.channel)
        height, width = latent.shape[-2:]
        rows = slice(round(self.top * height), round(self.bottom * height))
        columns = slice(round(self.left * width), round(self.right * width))
        kept[channels, rows, columns] = latent[channels, rows, columns]
        return kept if self.band == "all" else self._band(kept)

    def _band(self, latent: Array) -> Array:
        """The low or the high frequencies of each channel [C, h, w]."""
        height, width = latent.shape[-2:]
        rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
        low = rows**2 + columns**2 < _BORDER**2
        spectrum = np.fft.rfft2(latent) * (low if self.band == "low" else ~low)
        return np.fft.irfft2(spectrum, s=(height, width))
