"""Trains the judge: a small network that names animal, fur, scene and accessory of a picture.

It learns from the drawn scenes alone and never sees a generated picture; it is not shipped.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

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
from .dataset import attributes_of, window
from .muon import Pair, ramp
from .pictures import open_pictures, to_tensor
from .samples import captions_of
from .vocabulary import LABEL_NAMES, LABEL_SIZES

#: What is judged: the labels, and whether the figures are whole in the picture.
NAMES, SIZES = (*LABEL_NAMES, "whole"), (*LABEL_SIZES, 2)
_LEFT, _RIGHT = ("animal", "fur"), ("second animal", "second fur")


def unordered(labels: Tensor) -> Tensor:
    """Class numbers `[N, labels]` with the two animals in the order of `ANIMALS`.

    The judge is not asked who stands on the left.
    """
    left, right = ([NAMES.index(n) for n in names] for names in (_LEFT, _RIGHT))
    swapped = (labels[:, right[0]] < labels[:, left[0]])[:, None]
    result = labels.clone()
    result[:, left] = torch.where(swapped, labels[:, right], labels[:, left])
    result[:, right] = torch.where(swapped, labels[:, left], labels[:, right])
    return result


def _layer(inputs: int, outputs: int, stride: int, size: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class _Residual(nn.Module):
    """Two layers that add to what comes in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(_layer(width, width, 1), _layer(width, width, 1))

    def forward(self, features: Tensor) -> Tensor:
        """`[N, C, h, w]` to as many."""
        return features + self.layers(features)


class Classifier(nn.Module):
    """`[N, 3, 64, 64]` in −1…1 to one row of logits per attribute.

    Rows are pooled, columns are not: which of two figures stands on the left is seen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _layer(3, 32, 2, 5),
            _layer(32, 64, 2),
            _Residual(64),
            _layer(64, 128, 2),
            _Residual(128),
            _Residual(128),
        )
        self.hidden = nn.Sequential(nn.Linear(2 * 128 * 8, 256), nn.ReLU(), nn.Dropout(0.2))
        self.heads = nn.Linear(256, sum(SIZES))

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Logits `[N, classes]` for each of `NAMES`; the first animal is the one on the left."""
        features = self.features(pictures)
        columns = torch.cat((features.mean(dim=2), features.amax(dim=2)), dim=1)
        return list(self.heads(self.hidden(columns.flatten(1))).float().split(SIZES, dim=-1))


def pixels(pictures: NDArray[np.uint8]) -> Tensor:
    """`[N, 128, 128, 3]` at half the size, −1…1: what is asked for is seen at a glance."""
    return functional.avg_pool2d(to_tensor(pictures), 2)


@torch.no_grad()
def predictions(model: Classifier, pictures: NDArray[np.uint8]) -> Tensor:
    """Class numbers `[N, attributes]` of pictures `[N, 128, 128, 3]`, in the order of `ANIMALS`."""
    device = next(model.parameters()).device
    parts = [
        torch.stack([logits.argmax(-1) for logits in model(part.to(device))], dim=1).cpu()
        for part in torch.split(pixels(pictures), 64)
    ]
    return unordered(torch.cat(parts))


def accuracies(model: Classifier, count: int = 512) -> dict[str, float]:
    """Share of held-out drawn scenes named rightly: the ceiling of what it can judge."""
    seeds = range(HELD_OUT_SEED + 50_000, HELD_OUT_SEED + 50_000 + count)
    windows = [window(attributes_of(seed), seed) for seed in seeds]
    rows = [
        [*attributes_of(seed).labels(), int(w)] for seed, (_, w) in zip(seeds, windows, strict=True)
    ]
    found = predictions(model.eval(), np.stack([picture for picture, _ in windows]))
    hits = (found == unordered(torch.tensor(rows))).float().mean(dim=0)
    return dict(zip(NAMES, hits.tolist(), strict=True))


def train(options: argparse.Namespace) -> Classifier:
    """Trains within the budget."""
    device = prepare(options)
    model = Classifier().to(device)
    pair = Pair(model, 0.02, 2e-3, ("features.0", "heads"))
    path = options.work / "classifier.pt"
    budget = resume(path, model, pair, options)
    source, progress = open_pictures(options.work, device), Progress("classifier")
    told = captions_of(options.work, len(source), options.seed).labels.long().to(device)
    rng = np.random.default_rng((options.seed, budget.step, 8))
    for step, share in budget:
        chosen = rng.integers(0, len(source), options.batch)
        shown, whole = source.windows(chosen, rng)
        labels = torch.cat(
            (told[chosen], torch.from_numpy(whole).to(device).long()[:, None]), dim=1
        )
        with autocast(device):
            parts = model(functional.avg_pool2d(shown, 2))
        losses = [functional.cross_entropy(part, labels[:, i]) for i, part in enumerate(parts)]
        loss = torch.stack(losses).sum()
        torch.autograd.backward(loss)
        pair.step(ramp(share))
        if progress.add(step, share, {"loss": loss}):
            save_training(path, model, pair, step + 1, budget.spent)
    save_training(path, model, pair, budget.step, budget.spent)
    return model


def load_model(options: argparse.Namespace) -> Classifier:
    """The trained judge."""
    model = Classifier()
    state = load_checkpoint(options.work / "classifier.pt")
    if state is None:
        raise FileNotFoundError("there is no classifier.pt: run train_classifier first")
    model.load_state_dict(state["model"])
    return model.eval()


def main() -> None:
    """Command line."""
    options = parser(__doc__).parse_args()
    for name, share in accuracies(train(options)).items():
        print(f"classifier: {name} {share:.1%} on held-out scenes")


if __name__ == "__main__":
    main()
