"""What the UNet learns from: latents of the panoramas and the text tower's states, made once.

A training sample is a strip of a panorama's latents, two windows a column apart, so that a shifted
latent means a shifted picture. Most show their figures whole, at any place.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from .captions import caption
from .common import is_current, save_checkpoint
from .dataset import COLUMN, STARTS, attributes_of, open_bounds, open_panoramas, window_column
from .train_text import load_tower
from .train_tokenizer import MAX_LENGTH, load
from .train_vae import load_final, to_tensor
from .vocabulary import PICTURE_SIZE

CAPTIONS_PER_PICTURE = 3
EMPTY_SHARE = 0.1
#: Latent columns of two windows of which one stands a column further right.
STRIP = PICTURE_SIZE // COLUMN + 1


@torch.no_grad()
def encode_panoramas(vae: AutoencoderKL, panoramas: NDArray[np.uint8]) -> Tensor:
    """Posterior means `[N, 4, 16, 26]`, float16."""
    parts = []
    for start in range(0, panoramas.shape[0], 32):
        pictures = to_tensor(panoramas[start : start + 32]).to(vae.device)
        parts.append(vae.encode(pictures).latent_dist.mean.half().cpu())
        if start % 1600 == 0:
            print(f"latents: {start}/{panoramas.shape[0]}", flush=True)
    return torch.cat(parts)


@torch.no_grad()
def embed(tokenizer: CLIPTokenizer, tower: CLIPTextModel, texts: list[str]) -> Tensor:
    """Hidden states `[N, 77, C]` as the pipeline computes them."""
    tokens = tokenizer(
        texts, padding="max_length", max_length=MAX_LENGTH, truncation=True, return_tensors="pt"
    )
    states: Tensor = tower(input_ids=tokens.input_ids.to(tower.device)).last_hidden_state
    return states


@dataclass(slots=True)
class Samples:
    """Where batches come from: scaled latents `[N, 4, 16, 26]` and their captions' states."""

    latents: Tensor
    states: Tensor
    empty: Tensor
    bounds: NDArray[np.int64]

    def batch(self, size: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Strips of two windows each, `[B, 4, 16, 17]`, and prompt states `[B, 77, C]`."""
        chosen = rng.integers(0, self.latents.shape[0], size)
        strips = []
        for index in chosen:
            left, right = self.bounds[index]
            start = window_column(left, right, rng, STARTS - 1)
            strips.append(self.latents[index, :, :, start : start + STRIP])
        variants = rng.integers(0, CAPTIONS_PER_PICTURE, size)
        states = self.states[chosen, variants].float()
        states[torch.from_numpy(rng.uniform(size=size) < EMPTY_SHARE)] = self.empty
        return torch.stack(strips).float(), states


def prepare_samples(options: argparse.Namespace, device: torch.device) -> Samples:
    """Encodes pictures and captions, once for each autoencoder and text tower."""
    work, panoramas = options.work, open_panoramas(options.work)[: options.samples]
    count = panoramas.shape[0]
    vae = load_final(work, refined=False).to(device)
    sources = (work / "vae-final.pt", work / "panoramas.npy")
    latents = _cached(work / "latents.pt", count, sources, lambda: encode_panoramas(vae, panoramas))
    factor = 1.0 / float(latents.float().std())
    torch.save({"scaling_factor": factor}, work / "scaling.pt")
    tokenizer, tower = load(work), load_tower(options).to(device)
    states = _cached(
        work / "states.pt",
        count,
        (work / "text.pt",),
        lambda: _caption_states(tokenizer, tower, count, options.seed),
    )
    empty = embed(tokenizer, tower, [""])[0].cpu()
    print(f"samples: scaling factor {factor:.4f}", flush=True)
    bounds = open_bounds(work)[:count]
    return Samples((latents.float() * factor).half(), states, empty, bounds)


def _cached(
    path: Path, count: int, sources: tuple[Path, ...], make: Callable[[], Tensor]
) -> Tensor:
    """The tensor of `count` rows that lies at `path`, made anew where a source is younger."""
    if is_current(path, *sources):
        kept: Tensor = torch.load(path, weights_only=True)
        if len(kept) == count:
            return kept
    made = make()
    save_checkpoint(path, made)
    return made


def _caption_states(
    tokenizer: CLIPTokenizer, tower: CLIPTextModel, count: int, seed: int
) -> Tensor:
    rng = np.random.default_rng((seed, 4))
    parts = []
    for start in range(0, count, 64):
        if start % 1600 == 0:
            print(f"captions: {start}/{count}", flush=True)
        attributes = [attributes_of(i) for i in range(start, min(start + 64, count))]
        texts = [caption(a, rng) for a in attributes for _ in range(CAPTIONS_PER_PICTURE)]
        states = embed(tokenizer, tower, texts).half().cpu()
        parts.append(states.view(len(attributes), CAPTIONS_PER_PICTURE, *states.shape[1:]))
    return torch.cat(parts)
