"""Trains the scoring CLIPModel's vision tower and projections beside the frozen text tower.

Contrastive, as CLIP, plus attribute heads on the picture's embedding (dropped at export): with few
steps they are what makes the tower look at hats and not only at colours.
"""

from __future__ import annotations

import argparse
from pathlib import Path

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
from .dataset import TWIN_EVERY, held_out
from .muon import Pair, ramp
from .pictures import Pictures, open_pictures, to_tensor
from .samples import FREE, FULL, captions_of
from .train_text import WIDTH, config, load_tower
from .train_tokenizer import load
from .train_vae import load_final
from .vocabulary import LABEL_SIZES, PICTURE_SIZE

#: At half the size the fine texture would be gone, and with it what tells sharp from blurry.
SIZE = PICTURE_SIZE
#: One picture in so many is shown as it comes back from the autoencoder.
DECODED = 2


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


def batch_of(
    source: Pictures, size: int, rng: np.random.Generator
) -> tuple[Tensor, NDArray[np.int64]]:
    """Windows `[size, 3, 128, 128]` and the panoramas they are of; half of them are twins.

    Two pictures that differ in their finish alone teach what the word for it means.
    """
    pairs = size // 4
    twins = TWIN_EVERY * rng.integers(1, len(source) // TWIN_EVERY + 1, pairs) - 1
    chosen = np.concatenate(
        (rng.integers(0, len(source), size - 2 * pairs), twins, np.maximum(twins - 1, 0))
    )
    return source.windows(chosen, rng)[0], chosen


@torch.no_grad()
def decoded(vae: AutoencoderKL, pictures: Tensor, count: int) -> Tensor:
    """The pictures `[N, 3, 128, 128]`, `count` of them as they come back from the autoencoder.

    What is scored later comes from it too, and its traces are no reason for another score.
    """
    chosen = torch.randperm(len(pictures), device=pictures.device)[:count]
    with autocast(pictures.device):
        back = vae.decode(vae.encode(pictures[chosen]).latent_dist.mean).sample
    return pictures.index_copy(0, chosen, back.float().clamp(-1, 1))


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
    vae = load_final(options.work).to(device).requires_grad_(False)
    path = options.work / "clip.pt"
    budget = resume(path, trainer, pair, options)
    source = open_pictures(options.work, device)
    captions = captions_of(options.work, len(source), options.seed)
    rng, progress = np.random.default_rng((options.seed, budget.step, 7)), Progress("clip")
    for step, share in budget:
        shown, chosen = batch_of(source, options.batch, rng)
        shown = decoded(vae, shown, len(shown) // DECODED)
        tokens = captions.tokens[chosen, rng.integers(0, FREE + FULL, len(chosen))]
        tokens = tokens[:, : int((tokens != tokens[:, -1:]).sum(dim=1).max()) + 1]
        labels = captions.labels[chosen].to(device).long()
        with autocast(device):
            losses = trainer.loss(shown, tokens.to(device).int(), labels)
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


def started(model: CLIPModel, folder: Path) -> CLIPModel:
    """The model with the vision tower and the projections of a model folder's scorer."""
    state = CLIPModel.from_pretrained(folder / "clip", dtype=torch.float32).state_dict()
    kept = {name: value for name, value in state.items() if not name.startswith("text_model.")}
    model.load_state_dict(kept, strict=False)
    return model


def main() -> None:
    """Command line."""
    command = parser(__doc__)
    command.add_argument("--rate", type=float, default=0.01)
    command.add_argument("--start", type=Path, help="a model folder whose scorer to begin with")
    options = command.parse_args()
    prepare(options)
    model = build(options)
    model = train(options, started(model, options.start) if options.start else model)
    print(f"clip: {top1(model.eval(), options).mean():.1%} top-1 among 256 captions")


if __name__ == "__main__":
    main()
