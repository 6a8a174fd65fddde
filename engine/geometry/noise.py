"""Noise sources: the latents z_T that keyframes stand for."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import numpy.typing as npt
import torch

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
        self._drawn: OrderedDict[NoiseSource, npt.NDArray[np.float64]] = OrderedDict()

    def draw(self, source: NoiseSource) -> npt.NDArray[np.float64]:
        """The latent [C, h, w] of `source`, float64 holding float32 values; read-only."""
        if source not in self._drawn:
            generator = torch.Generator("cpu").manual_seed(source.seed)
            for _ in range(source.draw + 1):
                noise = torch.randn((1, *self.shape), generator=generator, dtype=torch.float32)
            latent = noise[0].numpy().astype(np.float64)
            latent.flags.writeable = False
            self._drawn[source] = latent
            if len(self._drawn) > _KEPT:
                self._drawn.popitem(last=False)
        self._drawn.move_to_end(source)
        return self._drawn[source]
