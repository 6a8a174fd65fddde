"""Noise sources: the latents z_T that keyframes stand for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from engine.lru_cache import LruCache
from engine.walk import NoiseSource

_KEPT = 64


class NoiseBank:
    """Draws z_T ~ N(0, I) of one shape, and remembers the last few.

    A source is a seed and a draw index: the draws follow each other from one CPU generator, so
    that they are the same on every device and the same as in a script that calls `torch.randn`
    with that generator again and again.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape = shape
        self._drawn: LruCache[NoiseSource, npt.NDArray[np.float64]] = LruCache(_KEPT)

    def draw(self, source: NoiseSource) -> npt.NDArray[np.float64]:
        """The latent [C, h, w] of `source`, float64 holding float32 values; read-only."""
        drawn = self._drawn.get(source)
        if drawn is not None:
            return drawn
        generator = torch.Generator("cpu").manual_seed(source.seed)
        for _ in range(source.draw + 1):
            noise = torch.randn((1, *self.shape), generator=generator, dtype=torch.float32)
        latent = noise[0].numpy().astype(np.float64)
        latent.flags.writeable = False
        return self._drawn.put(source, latent)
