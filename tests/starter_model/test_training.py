"""Training samples, the weights of the denoiser's errors, and blends of its weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from resources.starter_recipe.dataset import COLUMN, CUT_SHARE, PANORAMA
from resources.starter_recipe.export import blended
from resources.starter_recipe.samples import MARGIN, Samples
from resources.starter_recipe.train_unet import Diffusion, build
from resources.starter_recipe.vocabulary import PICTURE_SIZE


@pytest.mark.parametrize(("ratio", "weight"), [(20, 0.25), (5, 1), (1, 1), (1 / 4, 2), (1 / 9, 3)])
def test_errors_count_by_the_signal_to_noise_ratio(ratio: float, weight: float) -> None:
    diffusion = Diffusion(torch.device("cpu"))
    ratios = diffusion.alphas / (1 - diffusion.alphas)
    nearest = int((ratios.log() - np.log(ratio)).abs().argmin())
    assert float(diffusion.weights[nearest]) == pytest.approx(weight, rel=0.02)


def _samples(first: int, last: int) -> Samples:
    """One panorama whose figure reaches from `first` to `last`; latents name their column."""
    columns = torch.arange(PANORAMA // COLUMN).half().expand(1, 4, 16, -1)
    return Samples(columns, torch.zeros(1, 3, 2, 8), torch.zeros(2, 8), np.array([(first, last)]))


def test_windows_keep_a_margin_beside_figures() -> None:
    first, last = 80, 139
    strips, _ = _samples(first, last).batch(1000, np.random.default_rng(0))
    starts = COLUMN * strips[:, 0, 0, 0].numpy()
    left, right = first - starts, starts + PICTURE_SIZE - 1 - last
    near = np.minimum(left, right) < MARGIN
    assert near.mean() < CUT_SHARE
    assert len(np.unique(starts[~near])) >= 4


def test_windows_show_figures_that_leave_no_room_for_a_margin() -> None:
    strips, _ = _samples(80, 199).batch(200, np.random.default_rng(0))
    starts = COLUMN * strips[:, 0, 0, 0].numpy()
    assert ((starts <= 80) & (starts + PICTURE_SIZE > 199)).mean() > 1 - 2 * CUT_SHARE


def test_a_blend_lies_between_its_networks(tmp_path: Path) -> None:
    torch.manual_seed(0)
    start, trained = (build((16, 16, 16), context=16).eval() for _ in range(2))
    start.save_pretrained(tmp_path / "unet")
    made = blended(trained, tmp_path, 0.25)
    for mixed, first, second in zip(
        made.parameters(), start.parameters(), trained.parameters(), strict=True
    ):
        assert torch.allclose(mixed, 0.75 * first + 0.25 * second, atol=1e-6)
