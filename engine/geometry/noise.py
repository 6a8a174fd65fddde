"""Draws the initial latents z_T of noise sources."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from engine.lru_cache import LruCache
from engine.walk import NoiseSource

#: Bytes of latents that are kept: a thousand of SD 1 at 512×512.
_KEPT = 128 << 20


class NoiseBank:
    """Draws z_T ~ N(0, I) of one shape, and caches the last ones.

    A source is a seed and the number of a draw from a CPU generator with that seed. The draws are
    the same on every device, and the same as repeated calls of `torch.randn` with that generator.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape = shape
        self._drawn: LruCache[NoiseSource, npt.NDArray[np.float64]] = LruCache(
            _KEPT, lambda latent: latent.nbytes
        )

    def draw(self, source: NoiseSource) -> npt.NDArray[np.float64]:
        """Returns the latent [C, h, w] of `source`: float64 with float32 values, read-only."""
        drawn = self._drawn.get(source)
        if drawn is not None:
            return drawn
        generator = torch.Generator("cpu").manual_seed(source.seed)
        for _ in range(source.draw + 1):
            noise = torch.randn((1, *self.shape), generator=generator, dtype=torch.float32)
        latent = noise[0].numpy().astype(np.float64)
        latent.flags.writeable = False
        return self._drawn.put(source, latent)
