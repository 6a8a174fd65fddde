"""The windows that the denoiser is trained on."""

from __future__ import annotations

import numpy as np
import torch

from resources.starter_recipe.dataset import COLUMN, CUT_SHARE, PANORAMA
from resources.starter_recipe.samples import MARGIN, Samples
from resources.starter_recipe.vocabulary import PICTURE_SIZE


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
