"""Sampling in batches with the shipped folder's own parts, and the walks of the bars."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from .reconstruction import COARSE
from .samples import embed


class Generator:
    """A loaded pipeline folder, computed in float32 on the best device there is."""

    def __init__(self, folder: Path, steps: int = 20, guidance: float = 4.0) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.pipeline = StableDiffusionPipeline.from_pretrained(folder)
        self.pipeline.to(self.device, torch.float32)
        self.steps, self.guidance = steps, guidance
        self._empty = self.states([""])

    def noise(self, count: int, seed: int, width: int = 16) -> Tensor:
        """z_T `[count, C, 16, width]` from a seed, with the channels of this model."""
        return noise(count, seed, width, self.pipeline.unet.config.in_channels)

    def states(self, texts: list[str]) -> Tensor:
        """Prompt embeddings `[N, 77, C]`."""
        return embed(self.pipeline.tokenizer, self.pipeline.text_encoder, texts)

    @torch.no_grad()
    def denoise(self, latents: Tensor, states: Tensor) -> Tensor:
        """z_T `[N, C, h, w]` to z_0, with guidance."""
        solver = self.pipeline.scheduler
        solver.set_timesteps(self.steps, device=self.device)
        latents = latents.to(self.device)
        context = torch.cat((self._empty.expand_as(states), states))
        for time in solver.timesteps:
            noise = self.pipeline.unet(latents.repeat(2, 1, 1, 1), time, context).sample
            empty, told = noise.chunk(2)
            noise = empty + self.guidance * (told - empty)
            latents = solver.step(noise, time, latents).prev_sample
        return latents

    @torch.no_grad()
    def pictures(self, latents: Tensor, texts: list[str], batch: int = 16) -> NDArray[np.uint8]:
        """uint8 `[N, H, W, 3]`, one for each latent and text."""
        parts = []
        for start in range(0, latents.shape[0], batch):
            chosen = slice(start, start + batch)
            final = self.denoise(latents[chosen], self.states(texts[chosen]))
            factor = self.pipeline.vae.config.scaling_factor
            decoded = self.pipeline.vae.decode(final / factor).sample.clamp(-1, 1)
            parts.append(((decoded.permute(0, 2, 3, 1) + 1) * 127.5).round().byte().cpu().numpy())
        return np.concatenate(parts)


def noise(count: int, seed: int, width: int = 16, channels: int = COARSE) -> Tensor:
    """z_T `[count, channels, 16, width]` from a seed."""
    source = torch.Generator().manual_seed(seed)
    return torch.randn(count, channels, 16, width, generator=source)


def linear(start: Tensor, end: Tensor, gamma: float) -> Tensor:
    """(1 − γ)·start + γ·end."""
    return (1 - gamma) * start + gamma * end


def normalized(start: Tensor, end: Tensor, gamma: float) -> Tensor:
    """Linear, divided by its standard deviation √(γ(2γ − 2) + 1)."""
    return linear(start, end, gamma) / (gamma * (2 * gamma - 2) + 1) ** 0.5


def slerp(start: Tensor, end: Tensor, gamma: float) -> Tensor:
    """Spherical interpolation of whole latents `[N, …]` (Shoemake 1985)."""
    a, b = start.flatten(1), end.flatten(1)
    cosine = (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1))
    angle = torch.arccos(cosine.clamp(-0.9999, 0.9999)).view(-1, *[1] * (start.ndim - 1))
    first, second = torch.sin((1 - gamma) * angle), torch.sin(gamma * angle)
    return (first * start + second * end) / torch.sin(angle)


def sheet(pictures: NDArray[np.uint8], columns: int, path: Path) -> None:
    """A contact sheet as PNG."""
    rows = [
        np.concatenate(list(pictures[i : i + columns]), axis=1)
        for i in range(0, len(pictures), columns)
    ]
    Image.fromarray(np.concatenate(rows, axis=0)).save(path)


def walks(generator: Generator, text: str, seed: int, frames: int = 9) -> NDArray[np.uint8]:
    """Five rows: linear, normalized, slerp, standard deviation 0.5–1.5, translation."""
    start, end = torch.split(generator.noise(2, seed), 1)
    gammas = [i / (frames - 1) for i in range(frames)]
    rows = [method(start, end, g) for method in (linear, normalized, slerp) for g in gammas]
    rows += [start * (0.5 + g) for g in gammas]
    both = torch.cat((start, end), dim=3)
    columns = [round(16 * g) for g in gammas]
    rows += [both[..., t : t + 16] for t in columns]
    latents = torch.cat(rows)
    return generator.pictures(latents, [text] * len(latents))
