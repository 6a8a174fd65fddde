"""Trains the scoring CLIPModel's vision tower and projections beside the frozen text tower.

Contrastive, as CLIP, plus attribute heads on the picture's embedding (dropped at export): with few
steps they are what makes the tower look at hats and not only at colours.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPConfig, CLIPModel, CLIPVisionConfig

from .captions import caption
from .common import (
    HELD_OUT_SEED,
    Progress,
    autocast,
    load_checkpoint,
    parser,
    prepare,
    resume,
    save_training,
)
from .dataset import (
    COLUMN,
    attributes_of,
    held_out,
    is_whole,
    open_bounds,
    open_panoramas,
    window_column,
)
from .muon import Pair, ramp
from .train_text import WIDTH, config, load_tower
from .train_tokenizer import load
from .train_vae import load_final, to_tensor
from .vocabulary import LABEL_SIZES, PICTURE_SIZE, Attributes

#: At half the size the fine texture would be gone, and with it what tells sharp from blurry.
SIZE = PICTURE_SIZE
NOISIEST = 1.2


def build(options: argparse.Namespace, layers: int = 3, text_layers: int = 3) -> CLIPModel:
    """CLIP with the trained text tower in it."""
    vision = CLIPVisionConfig(
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=layers,
        num_attention_heads=4,
        image_size=SIZE,
        patch_size=SIZE // 8,
        projection_dim=WIDTH,
    )
    text = config(load(options.work), text_layers)
    model = CLIPModel(
        CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=WIDTH)
    )
    model.text_model.load_state_dict(load_tower(options, text_layers).state_dict())
    model.text_model.requires_grad_(False)
    return model


class ClipTrainer(nn.Module):
    """The model and the attribute heads that only training uses."""

    def __init__(self, model: CLIPModel) -> None:
        super().__init__()
        self.model = model
        self.heads = nn.Linear(WIDTH, sum(LABEL_SIZES))

    def loss(self, pictures: Tensor, tokens: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Contrastive loss and attribute cross-entropies."""
        output = self.model(input_ids=tokens, pixel_values=pictures)
        logits = output.logits_per_image.float()
        targets = torch.arange(logits.shape[0], device=logits.device)
        contrast = (
            functional.cross_entropy(logits, targets) + functional.cross_entropy(logits.mT, targets)
        ) / 2
        pooled = output.vision_model_output.pooler_output
        parts = self.heads(pooled).float().split(LABEL_SIZES, dim=-1)
        told = torch.stack(
            [functional.cross_entropy(p, labels[:, i]) for i, p in enumerate(parts)]
        ).sum()
        top = (logits.argmax(-1) == targets).float().mean()
        return {"loss": contrast + 0.5 * told, "contrast": contrast, "told": told, "top1": top}


@dataclass(frozen=True, slots=True)
class Pictures:
    """The drawn panoramas and the bounds of their figures."""

    panoramas: NDArray[np.uint8]
    bounds: NDArray[np.int64]

    def windows(
        self, chosen: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], list[bool]]:
        """Training windows `[N, 128, 128, 3]`, and whether each shows its figures whole."""
        bounds = [(int(left), int(right)) for left, right in self.bounds[chosen]]
        columns = [window_column(left, right, rng) for left, right in bounds]
        pairs = zip(bounds, columns, strict=True)
        whole = [is_whole(left, right, column) for (left, right), column in pairs]
        starts = zip(chosen, (COLUMN * column for column in columns), strict=True)
        return np.stack([self.panoramas[i, :, x : x + PICTURE_SIZE] for i, x in starts]), whole


def open_pictures(work: Path) -> Pictures:
    """The training set of the work folder."""
    return Pictures(open_panoramas(work), open_bounds(work))


def softened(pictures: NDArray[np.uint8], shares: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Pictures `[N, 128, 128, 3]` without these shares of their fine detail; below 0 with more."""
    return np.stack(
        [
            cv2.addWeighted(cv2.GaussianBlur(picture, (0, 0), 1.4), share, picture, 1 - share, 0)
            for picture, share in zip(pictures, shares, strict=True)
        ]
    ).astype(np.uint8)


def batch_of(
    source: Pictures, size: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], list[Attributes]]:
    """Windows `[size, 128, 128, 3]` and their attributes; the second half is the first one again,
    blurry or noisy.

    Two pictures that differ in nothing else teach what such a word means.
    """
    chosen = rng.integers(0, len(source.panoramas), size - size // 2)
    pictures, _ = source.windows(chosen, rng)
    attributes = [attributes_of(int(i)) for i in chosen]
    half = size // 2
    noisy = rng.uniform(size=half) < 0.5
    shares = np.where(noisy, -NOISIEST, 1.0) * rng.uniform(0.15, 1.0, half)
    changed = [
        replace(a, finish="noisy" if loud else "blurry")
        for a, loud in zip(attributes[:half], noisy, strict=True)
    ]
    return np.concatenate((pictures, softened(pictures[:half], shares))), attributes + changed


@torch.no_grad()
def decoded(
    vae: AutoencoderKL, pictures: NDArray[np.uint8], chosen: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """The pictures `[N, 128, 128, 3]`, the chosen ones as they come back from the autoencoder.

    What is scored later comes from it too, and its traces are no reason for another score.
    """
    latents = vae.encode(to_tensor(pictures[chosen]).to(vae.device)).latent_dist.mean
    back = vae.decode(latents).sample.clamp(-1, 1).permute(0, 2, 3, 1)
    result = pictures.copy()
    result[chosen] = ((back + 1) * 127.5).round().byte().cpu().numpy()
    return result


@torch.no_grad()
def top1(model: CLIPModel, options: argparse.Namespace, rounds: int = 2) -> NDArray[np.bool_]:
    """For held-out pictures, whether each one's own caption wins among 256 different ones."""
    tokenizer, hits = load(options.work), []
    for turn in range(rounds):
        first = HELD_OUT_SEED + 10_000 * (turn + 1)
        pictures, attributes = held_out(range(first, first + 256))
        rng = np.random.default_rng((first, 6))
        texts = [caption(a, rng, full=True) for a in attributes]
        tokens = tokenizer(texts, padding=True, return_tensors="pt").input_ids
        output = model(input_ids=tokens.to(model.device), pixel_values=to_tensor(pictures))
        best = output.logits_per_image.argmax(-1).cpu()
        hits.append((best == torch.arange(256)).numpy())
    return np.concatenate(hits)


def train(options: argparse.Namespace, model: CLIPModel) -> CLIPModel:
    """Trains within the budget."""
    device = prepare(options)
    trainer = ClipTrainer(model).to(device)
    adam_only = ("embedding", "heads", "logit_scale", "projection")
    pair = Pair(trainer, options.rate, options.rate / 10, adam_only)
    vae = load_final(options.work).to(device)
    path = options.work / "clip.pt"
    budget = resume(path, trainer, pair, options)
    tokenizer, source = load(options.work), open_pictures(options.work)
    rng, progress = np.random.default_rng((options.seed, budget.step, 7)), Progress("clip")
    for step, share in budget:
        shown, attributes = batch_of(source, options.batch, rng)
        shown = decoded(vae, shown, rng.choice(len(shown), len(shown) // 4, replace=False))
        texts = [caption(a, rng, full=rng.uniform() < 0.5) for a in attributes]
        tokens = tokenizer(texts, padding=True, return_tensors="pt").input_ids.to(device)
        labels = torch.tensor([a.labels() for a in attributes], device=device)
        pictures = to_tensor(shown).to(device)
        with autocast(device):
            losses = trainer.loss(pictures, tokens, labels)
        torch.autograd.backward(losses["loss"])
        pair.step(ramp(share))
        if progress.add(step, share, losses):
            save_training(path, trainer, pair, step + 1, budget.spent)
    save_training(path, trainer, pair, budget.step, budget.spent)
    return model


def load_model(options: argparse.Namespace, layers: int = 3, text_layers: int = 3) -> CLIPModel:
    """The trained model."""
    trainer = ClipTrainer(build(options, layers, text_layers))
    state = load_checkpoint(options.work / "clip.pt")
    if state is None:
        raise FileNotFoundError("there is no clip.pt in the work folder: run train_clip first")
    trainer.load_state_dict(state["model"])
    return trainer.model.eval()


def main() -> None:
    """Command line."""
    command = parser(__doc__)
    command.add_argument("--rate", type=float, default=0.01)
    options = command.parse_args()
    prepare(options)
    model = train(options, build(options))
    print(f"clip: {top1(model.eval(), options).mean():.1%} top-1 among 256 captions")


if __name__ == "__main__":
    main()
