"""Trains CLIP's text tower on captions alone: its tokens must carry what the caption says.

Every token from the end-of-text on (the padding included: the tower is causal, so each of them has
read the whole caption) predicts all attributes through one linear layer. What the caption leaves
out is not asked for. The UNet then only has to average what its cross-attention sees.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from .captions import OPEN, compose
from .common import (
    HELD_OUT_SEED,
    Progress,
    load_checkpoint,
    parser,
    prepare,
    resume,
    save_training,
)
from .dataset import attributes_of
from .muon import Pair, ramp
from .train_tokenizer import MAX_LENGTH, load
from .vocabulary import LABEL_SIZES

WIDTH = 128


def config(tokenizer: CLIPTokenizer, layers: int = 3, width: int = WIDTH) -> CLIPTextConfig:
    """The text tower's shape."""
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=3 * width,
        num_hidden_layers=layers,
        num_attention_heads=4,
        max_position_embeddings=MAX_LENGTH,
        projection_dim=width,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def build(work: Path) -> CLIPTextModel:
    """The untrained tower for the tokenizer of the work folder."""
    return CLIPTextModel(config(load(work)))


class TextTrainer(nn.Module):
    """The tower and its attribute heads."""

    def __init__(self, tower: CLIPTextModel) -> None:
        super().__init__()
        self.tower = tower
        self.heads = nn.Linear(tower.config.hidden_size, sum(LABEL_SIZES))

    def loss(self, tokens: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Cross-entropy over all attributes at the first end-of-text and every padding token."""
        states = self.tower(input_ids=tokens).last_hidden_state
        ends = tokens == self.tower.config.eos_token_id
        rows, _ = torch.nonzero(ends, as_tuple=True)
        logits = self.heads(states[ends]).split(LABEL_SIZES, dim=-1)
        losses = [
            functional.cross_entropy(part, labels[rows, i], ignore_index=OPEN)
            for i, part in enumerate(logits)
        ]
        hits = torch.stack(
            [
                (part.argmax(-1) == labels[rows, i])[labels[rows, i] != OPEN].float().mean()
                for i, part in enumerate(logits)
            ]
        )
        return {"loss": torch.stack(losses).sum(), "worst": hits.min()}


def batch(
    tokenizer: CLIPTokenizer, size: int, length: int, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Tokens `[N, length]` and labels `[N, attributes]`, those that are left open ignored."""
    seeds = rng.integers(0, HELD_OUT_SEED, size)
    captions = [compose(attributes_of(int(seed)), rng) for seed in seeds]
    tokens = tokenizer(
        [caption.text for caption in captions],
        padding="max_length",
        max_length=length,
        truncation=True,
        return_tensors="pt",
    )
    return tokens.input_ids, torch.tensor([caption.labels for caption in captions])


def train(options: argparse.Namespace, tower: CLIPTextModel) -> TextTrainer:
    """Trains within the budget; mostly short sequences, now and then all 77 tokens."""
    device = prepare(options)
    tokenizer = load(options.work)
    trainer = TextTrainer(tower).to(device)
    pair = Pair(trainer, options.rate, 1e-3, ("embedding", "heads"))
    path = options.work / "text.pt"
    budget = resume(path, trainer, pair, options)
    progress, rng = Progress("text"), np.random.default_rng((options.seed, budget.step, 3))
    for step, share in budget:
        length = MAX_LENGTH if step % 6 == 5 else int(rng.integers(25, 33))
        tokens, labels = batch(tokenizer, options.batch, length, rng)
        losses = trainer.loss(tokens.to(device), labels.to(device))
        torch.autograd.backward(losses["loss"])
        pair.step(ramp(share))
        if progress.add(step, share, losses):
            save_training(path, trainer, pair, step + 1, budget.spent)
    save_training(path, trainer, pair, budget.step, budget.spent)
    return trainer


def load_tower(options: argparse.Namespace, layers: int = 3) -> CLIPTextModel:
    """The trained tower, frozen."""
    trainer = TextTrainer(CLIPTextModel(config(load(options.work), layers)))
    state = load_checkpoint(options.work / "text.pt")
    if state is None:
        raise FileNotFoundError("there is no text.pt in the work folder: run train_text first")
    trainer.load_state_dict(state["model"])
    return trainer.tower.eval().requires_grad_(False)


def main() -> None:
    """Command line."""
    command = parser(__doc__)
    command.add_argument("--rate", type=float, default=0.01)
    command.add_argument("--start", type=Path, help="a model folder whose weights to begin with")
    options = command.parse_args()
    prepare(options)
    tower = build(options.work)
    if options.start:
        shipped = CLIPTextModel.from_pretrained(options.start / "text_encoder")
        tower.load_state_dict(shipped.state_dict())
    train(options, tower)


if __name__ == "__main__":
    main()
