"""Captions, latents and the text tower's states of the training set, made once and kept.

A training sample is a strip of a panorama's latents, two windows a column apart, so that a shifted
latent means a shifted picture. Most show their figures whole, at any place. Some are fainter
than others, as photographs are: no caption tells how much, so noise decides it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from .captions import caption
from .common import is_current, parser, prepare, save_checkpoint
from .dataset import (
    COLUMN,
    STARTS,
    is_twin,
    open_bounds,
    open_panoramas,
    training_attributes,
    window_columns,
)
from .pictures import to_tensor
from .reconstruction import COARSE
from .train_text import load_tower
from .train_tokenizer import MAX_LENGTH, load
from .train_vae import load_final
from .vocabulary import ANIMALS, LABEL_NAMES, PICTURE_SIZE

#: Captions of a picture that may leave things open, and that tell everything.
FREE, FULL = 3, 2
EMPTY_SHARE = 0.1
#: How many further samples show two animals that are not alike, the hardest to learn.
TWO_KINDS_SHARE = 0.2
#: Pixels between figures and a window's edges, where there is room: networks misplace a figure by
#: about so much.
MARGIN = 16
#: The shares of their detail and of their colour that faint panoramas keep. Detail is what a blur
#: of so many pixels takes away.
DETAIL, COLOUR, BLUR = 0.6, 0.4, 2.5
#: Least and greatest faintness of a sample: 0 for panoramas as they are drawn, 1 for faint ones.
FAINTNESS = (-0.2, 0.7)
#: Latent columns of two windows of which one stands a column further right.
STRIP = PICTURE_SIZE // COLUMN + 1


@dataclass(frozen=True, slots=True)
class Captions:
    """Tokens `[N, FREE + FULL, 77]` of the captions and class numbers `[N, labels]`."""

    tokens: Tensor
    labels: Tensor


def captions_of(work: Path, count: int, seed: int = 0) -> Captions:
    """The captions of the first `count` panoramas, written once."""

    def write() -> Tensor:
        rng, tokenizer, texts, labels = np.random.default_rng((seed, 4)), load(work), [], []
        for index in range(count):
            attributes = training_attributes(index)
            labels.append(attributes.labels())
            texts += [caption(attributes, rng, full=n >= FREE) for n in range(FREE + FULL)]
        tokens = _tokens(tokenizer, texts).view(count, FREE + FULL, MAX_LENGTH)
        told = torch.tensor(labels)[:, None].expand(-1, FREE + FULL, -1)
        return torch.cat((tokens, told), dim=2).to(torch.int16)

    table = _cached(work / "captions.pt", count, (work / "tokenizer",), write)[:count]
    return Captions(table[:, :, :MAX_LENGTH], table[:, 0, MAX_LENGTH:])


def _tokens(tokenizer: CLIPTokenizer, texts: list[str]) -> Tensor:
    """Token numbers `[N, 77]`."""
    ids: Tensor = tokenizer(
        texts, padding="max_length", max_length=MAX_LENGTH, truncation=True, return_tensors="pt"
    ).input_ids
    return ids


@torch.no_grad()
def encode_panoramas(
    vae: AutoencoderKL, panoramas: NDArray[np.uint8], faint: bool = False
) -> Tensor:
    """Posterior means `[N, C, 16, 26]`, float16, of panoramas or of faint ones."""
    parts = []
    for start in range(0, panoramas.shape[0], 32):
        rows = panoramas[start : start + 32]
        if faint:
            rows = np.stack([fade(row) for row in rows])
        pictures = to_tensor(torch.from_numpy(rows).to(vae.device))
        parts.append(vae.encode(pictures).latent_dist.mean.half())
    return torch.cat(parts).cpu()


def fade(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture `[H, W, 3]` that keeps the shares DETAIL and COLOUR of its detail and colour."""
    pixels = picture.astype(np.float32)
    light = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    blurred = cv2.GaussianBlur(light, (0, 0), BLUR)
    less = cv2.addWeighted(light, DETAIL, blurred, 1 - DETAIL, 0.0)
    faded = less[..., None] + COLOUR * (pixels - light[..., None])
    return np.rint(np.clip(faded, 0, 255)).astype(np.uint8)


@torch.no_grad()
def embed(tokenizer: CLIPTokenizer, tower: CLIPTextModel, texts: list[str]) -> Tensor:
    """Hidden states `[N, 77, C]` as the pipeline computes them."""
    ids = _tokens(tokenizer, texts).to(tower.device)
    states: Tensor = tower(input_ids=ids).last_hidden_state
    return states


@dataclass(slots=True)
class Samples:
    """Where batches come from: scaled latents `[N, C, 16, 26]` of panoramas, those of faint
    ones, and their captions' states. `mixed` are the rows with two animals that are not alike."""

    latents: Tensor
    faint: Tensor
    states: Tensor
    empty: Tensor
    bounds: NDArray[np.int64]
    mixed: NDArray[np.int64]

    def batch(self, size: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Strips of two windows each, `[B, C, 16, 17]`, and prompt states `[B, 77, D]`."""
        rows = rng.integers(0, len(self.bounds), size)
        if len(self.mixed):
            more = rng.uniform(size=size) < TWO_KINDS_SHARE
            rows[more] = rng.choice(self.mixed, int(more.sum()))
        starts = window_columns(_with_margin(self.bounds[rows]), rng, STARTS - 1)
        device = self.latents.device
        chosen, variants, first, silent, faintness = (
            torch.from_numpy(values).to(device)
            for values in (
                rows,
                rng.integers(0, FREE, size),
                starts,
                rng.uniform(size=size) < EMPTY_SHARE,
                _faintness(size, rng),
            )
        )
        columns = (first[:, None] + torch.arange(STRIP, device=device))[:, None, None, :]
        columns = columns.expand(-1, *self.latents.shape[1:3], -1)
        plain, faint = (x[chosen].gather(3, columns).float() for x in (self.latents, self.faint))
        strips = plain.lerp(faint, faintness[:, None, None, None])
        states = self.states[chosen, variants].float()
        return strips, torch.where(silent[:, None, None], self.empty, states)


def _faintness(size: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """The faintness of so many samples; one in six has more than 0.1."""
    least, most = FAINTNESS
    return (least + (most - least) * rng.uniform(size=size) ** 6).astype(np.float32)


def _with_margin(bounds: NDArray[np.int64]) -> NDArray[np.int64]:
    """First and last columns `[N, 2]` of figures with the margin that a window has room for.

    Windows start at multiples of a column, so that a column less is sure.
    """
    width = bounds[:, 1] + 1 - bounds[:, 0]
    margin = np.clip((PICTURE_SIZE - COLUMN - width) // 2, 0, MARGIN)
    return bounds + np.stack((-margin, margin), axis=1)


def prepare_samples(options: argparse.Namespace, device: torch.device) -> Samples:
    """Encodes pictures and captions, once for each autoencoder and text tower.

    Twins are left out: they are for the scorer.
    """
    work, panoramas = options.work, open_panoramas(options.work)[: options.samples]
    count = panoramas.shape[0]
    vae = load_final(work, refined=False).to(device)
    sources = (work / "vae-final.pt", work / "panoramas.npy")
    latents = _cached(work / "latents.pt", count, sources, lambda: encode_panoramas(vae, panoramas))
    path = work / "faint.pt"
    faint = _cached(path, count, sources, lambda: encode_panoramas(vae, panoramas, faint=True))
    factor = 1.0 / float(latents[:, :COARSE].float().std())
    torch.save({"scaling_factor": factor}, work / "scaling.pt")
    tokenizer, tower = load(work), load_tower(options).to(device)
    captions = captions_of(work, count, options.seed)
    tokens = captions.tokens[:, :FREE]
    sources = (work / "text.pt", work / "captions.pt")
    states = _cached(work / "states.pt", count, sources, lambda: _states(tower, tokens))
    empty = embed(tokenizer, tower, [""])[0]
    print(f"samples: {count} panoramas, scaling factor {factor:.4f}", flush=True)
    firsts = np.array([index for index in range(count) if not is_twin(index)])
    kept = torch.from_numpy(firsts)
    plain, fainter = ((x[kept].float() * factor).half().to(device) for x in (latents, faint))
    return Samples(
        plain,
        fainter,
        states[kept].to(device),
        empty,
        open_bounds(work)[firsts],
        np.flatnonzero(_of_two_kinds(captions.labels[kept])),
    )


def _of_two_kinds(labels: Tensor) -> NDArray[np.bool_]:
    """For class numbers `[N, labels]`, whether there are two animals that are not alike."""
    first, second = (labels[:, LABEL_NAMES.index(n)] for n in ("animal", "second animal"))
    unlike: NDArray[np.bool_] = ((second < len(ANIMALS)) & (second != first)).numpy()
    return unlike


def _cached(
    path: Path, count: int, sources: tuple[Path, ...], make: Callable[[], Tensor]
) -> Tensor:
    """The tensor of `count` rows that lies at `path`, made anew where a source is younger."""
    if is_current(path, *sources):
        kept: Tensor = torch.load(path, weights_only=True)
        if len(kept) >= count:
            return kept[:count]
    made = make()
    save_checkpoint(path, made)
    return made


@torch.no_grad()
def _states(tower: CLIPTextModel, tokens: Tensor) -> Tensor:
    """Hidden states `[N, FREE, 77, C]` of tokens `[N, FREE, 77]`, float16."""
    parts = [
        tower(input_ids=part.to(tower.device).int()).last_hidden_state.half().cpu()
        for part in torch.split(tokens.flatten(0, 1), 256)
    ]
    return torch.cat(parts).view(*tokens.shape, -1)


def main() -> None:
    """Command line: writes the captions, while panoramas are still being drawn if need be."""
    command = parser(__doc__)
    command.add_argument("--samples", type=int, required=True)
    options = command.parse_args()
    prepare(options)
    captions_of(options.work, options.samples, options.seed)


if __name__ == "__main__":
    main()
