"""The windows that the denoiser is trained on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from resources.starter_recipe.dataset import COLUMN, CUT_SHARE, PANORAMA
from resources.starter_recipe.samples import MARGIN, SHARPNESS, SOFTENED, Samples, soften
from resources.starter_recipe.vocabulary import PICTURE_SIZE


def _samples(first: int, last: int) -> Samples:
    """One panorama whose figure reaches from `first` to `last`; latents name their column."""
    columns = torch.arange(PANORAMA // COLUMN).half().expand(1, 4, 16, -1)
    states, empty, bounds = torch.zeros(1, 3, 2, 8), torch.zeros(2, 8), np.array([(first, last)])
    return Samples(columns, columns, states, empty, bounds)


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


def test_a_sample_is_more_or_less_sharp_as_a_whole() -> None:
    samples = _samples(80, 139)
    samples.latents = torch.ones_like(samples.latents)
    samples.softened = torch.full_like(samples.latents, SOFTENED)  # a latent is its sharpness
    strips, _ = samples.batch(1000, np.random.default_rng(0))
    sharpness = strips[:, 0, 0, 0].numpy()
    assert torch.equal(strips, strips[:, :1, :1, :1].expand_as(strips))
    assert sharpness.min() == pytest.approx(SHARPNESS[0], abs=0.05)
    assert sharpness.max() == pytest.approx(SHARPNESS[1], abs=0.01)
    assert np.median(sharpness) == pytest.approx(1.07, abs=0.02)


def test_a_softened_picture_keeps_its_means_and_half_of_its_detail() -> None:
    picture = np.full((64, 64, 3), 120, np.uint8)
    picture[:, 1::2] = 160  # waves of two pixels, of which the blur leaves nothing
    soft = soften(picture)[16:48, 16:48].astype(float)
    assert soft.mean() == pytest.approx(140, abs=1)
    assert np.ptp(soft) == pytest.approx(40 * SOFTENED, abs=2)
    assert np.array_equal(soften(picture[:, :1]), picture[:, :1])
