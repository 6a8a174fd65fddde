"""The autoencoder's loss.

The first four latent channels are the coarse ones: a small picture of the picture. Further ones are
fine: texture that the decoder does without where they are silent.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor
from torch.nn import functional

from .common import autocast
from .dataset import COLUMN

COARSE = 4
KL_WEIGHT = 3e-4
ANCHOR_WEIGHT = 0.05
ANCHOR_SCALE = 2.0
#: How much it counts that a grown autoencoder's coarse latents stay those of the smaller one.
KEPT_WEIGHT = 1.0
#: How much it counts that the fine channels are the waves of their blocks: later on, and in the
#: first part of the training. So they find texture at once, and may then do better.
WAVES_WEIGHTS = 0.01, 0.1
#: How much it counts that texture is as strong as it should be, wherever its waves stand: with fine
#: channels, and without, where encoder and decoder would each wait for the other to begin with it.
FINE_TEXTURE_WEIGHT, TEXTURE_WEIGHT = 0.1, 1.0
#: Waves in a block of 8×8 pixels, by half cycles down and across, and the standard deviation of
#: their coefficients in drawn pictures: of the brightness, then of two differences of colours.
#: As many of them as there are fine channels are used, twelve at most.
WAVES: tuple[dict[tuple[int, int], float], ...] = (
    {
        (0, 1): 1.0,
        (1, 0): 1.1,
        (1, 1): 0.6,
        (0, 2): 0.55,
        (2, 0): 0.6,
        (1, 2): 0.4,
        (2, 1): 0.4,
        (2, 2): 0.3,
    },
    {(0, 1): 0.45, (1, 0): 0.5},
    {(0, 1): 0.3, (1, 0): 0.35},
)


def picture_loss(output: Tensor, target: Tensor) -> Tensor:
    """L1, squares, L1 of the gradients (crispness), and L1 at two coarser scales.

    Squares weigh more than L1 at wrong edges, and it is they that PSNR counts.
    """
    loss = functional.l1_loss(output, target) + 24 * functional.mse_loss(output, target)
    loss = loss + functional.l1_loss(output.diff(dim=2), target.diff(dim=2))
    loss = loss + functional.l1_loss(output.diff(dim=3), target.diff(dim=3))
    for scale in (2, 4):
        loss = loss + 0.5 * functional.l1_loss(
            functional.avg_pool2d(output, scale), functional.avg_pool2d(target, scale)
        )
    return loss


def texture(pictures: Tensor) -> Tensor:
    """How strong texture is around each place: `[N, 3, H, W]` to `[N, 24, H/8, W/8]`.

    The root mean square of differences in four directions, between pixels and between pairs of
    them.
    """
    strengths = []
    for scale in (1, 2):
        level = functional.avg_pool2d(pictures, scale)
        inner = level[..., :-1, 1:-1]
        for rows, columns in ((0, 2), (1, 0), (1, 1), (1, 2)):
            height, width = inner.shape[-2:]
            moved = level[..., rows : rows + height, columns : columns + width]
            padded = functional.pad((moved - inner).square(), (1, 1, 0, 1))
            strengths.append((functional.avg_pool2d(padded, 8 // scale) + 1e-4).sqrt())
    return torch.cat(strengths, dim=1)


@functools.cache
def _blocks() -> Tensor:
    """The filters of the waves `[12, 3, 8, 8]`: DCT-II, each by its standard deviation."""
    places = (np.arange(8) + 0.5) * np.pi / 8
    rows = [np.cos(k * places) * (0.5 if k else 0.125**0.5) for k in range(3)]
    colours = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]]) / np.sqrt([[3], [2], [6]])
    filters = [
        colour[:, None, None] * np.outer(rows[down], rows[right]) / strength
        for colour, chosen in zip(colours, WAVES, strict=True)
        for (down, right), strength in chosen.items()
    ]
    return torch.from_numpy(np.stack(filters)).float()


def waves(pictures: Tensor) -> Tensor:
    """The lowest waves of each block: `[N, 3, H, W]` to `[N, 12, H/8, W/8]`."""
    return functional.conv2d(pictures, _blocks().to(pictures.device), stride=8)


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """The loss of a step. `start` is the autoencoder whose coarse latents are kept."""

    start: AutoencoderKL | None = None

    def loss(
        self,
        vae: AutoencoderKL,
        pictures: Tensor,
        at_first: bool = True,
        halve: bool = False,
        beside: int = 0,
        coarse_only: bool = False,
    ) -> Tensor:
        """`halve` asks for the halved picture from the halved latents, `coarse_only` for the whole
        picture without the fine ones.

        So many latent columns `beside` the window at each side are encoded and not decoded:
        pictures are windows of panoramas' latents, which know nothing of a window's edge. A picture
        that is encoded by itself has edges.
        """
        with autocast(pictures.device):
            posterior = vae.encode(pictures).latent_dist
            latents, inner = posterior.sample(), pictures
            if beside:
                latents = latents[..., beside:-beside]
                inner = inner[..., COLUMN * beside : -COLUMN * beside]
            if coarse_only:
                coarse, fine = latents[:, :COARSE], latents[:, COARSE:]
                latents = torch.cat((coarse, torch.zeros_like(fine)), dim=1)
            if halve:
                latents, inner = functional.avg_pool2d(latents, 2), functional.avg_pool2d(inner, 2)
            output = vae.decode(latents).sample.float()
            kl = 0.5 * (posterior.mean**2 + posterior.var - 1 - posterior.logvar).mean()
            strength = functional.l1_loss(texture(output), texture(inner))
            weight = FINE_TEXTURE_WEIGHT if latents.shape[1] > COARSE else TEXTURE_WEIGHT
            loss = picture_loss(output, inner) + weight * strength + KL_WEIGHT * kl
            return loss + self._anchors(posterior.mean, pictures, at_first)

    def _anchors(self, means: Tensor, pictures: Tensor, at_first: bool) -> Tensor:
        """How far the latents are from what they are held to."""
        small = functional.avg_pool2d(means[:, :3], 2)
        wanted = ANCHOR_SCALE * functional.avg_pool2d(pictures, 16)
        loss = ANCHOR_WEIGHT * functional.mse_loss(small, wanted)
        coarse, fine = means[:, :COARSE], means[:, COARSE:]
        if fine.shape[1]:
            held = fine[:, : len(_blocks())]
            away = functional.mse_loss(held, waves(pictures)[:, : held.shape[1]])
            loss = loss + WAVES_WEIGHTS[at_first] * away
        if self.start is not None:
            with torch.no_grad():
                before = self.start.encode(pictures).latent_dist.mean[:, :COARSE]
            loss = loss + KEPT_WEIGHT * functional.mse_loss(coarse, before)
        return loss
