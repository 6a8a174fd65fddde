"""The windows that the denoiser is trained on, and how much their errors count."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from resources.starter_recipe.dataset import COLUMN, CUT_SHARE, PANORAMA
from resources.starter_recipe.samples import (
    COLOUR,
    DETAIL,
    FAINTNESS,
    MARGIN,
    TWO_KINDS_SHARE,
    Samples,
    fade,
)
from resources.starter_recipe.train_unet import Diffusion, asked, scheduler
from resources.starter_recipe.vocabulary import PICTURE_SIZE


def _samples(first: int, last: int) -> Samples:
    """One panorama whose figure reaches from `first` to `last`; latents name their column."""
    columns = torch.arange(PANORAMA // COLUMN).half().expand(1, 4, 16, -1)
    states, empty, bounds = torch.zeros(1, 3, 2, 8), torch.zeros(2, 8), np.array([(first, last)])
    return Samples(columns, columns, states, empty, bounds, np.array([0]))


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


def test_animals_that_are_not_alike_are_shown_more_often() -> None:
    one = _samples(80, 139)
    both = [torch.cat((x, x + 100)) for x in (one.latents, one.faint)]
    states, bounds = one.states.expand(2, -1, -1, -1), one.bounds.repeat(2, axis=0)
    samples = Samples(both[0], both[1], states, one.empty, bounds, np.array([1]))
    strips, _ = samples.batch(2000, np.random.default_rng(0))
    share = float((strips[:, 0, 0, 0] >= 100).float().mean())
    assert share == pytest.approx(0.5 + TWO_KINDS_SHARE / 2, abs=0.04)


def test_a_sample_is_more_or_less_faint_as_a_whole() -> None:
    samples = _samples(80, 139)
    samples.latents = torch.zeros_like(samples.latents)  # a latent is its faintness
    samples.faint = torch.ones_like(samples.latents)
    strips, _ = samples.batch(1000, np.random.default_rng(0))
    faintness = strips[:, 0, 0, 0].numpy()
    assert torch.equal(strips, strips[:, :1, :1, :1].expand_as(strips))
    assert faintness.min() == pytest.approx(FAINTNESS[0], abs=0.01)
    assert faintness.max() == pytest.approx(FAINTNESS[1], abs=0.05)
    assert np.median(faintness) == pytest.approx(-0.186, abs=0.01)


def test_a_faded_picture_keeps_its_light_and_shares_of_its_detail_and_colour() -> None:
    grey = np.full((64, 64, 3), 120, np.uint8)
    grey[:, 1::2] = 160  # waves of two pixels, of which the blur leaves nothing
    faint = fade(grey)[16:48, 16:48].astype(float)
    assert faint.mean() == pytest.approx(140, abs=1)
    assert np.ptp(faint) == pytest.approx(40 * DETAIL, abs=2)
    plain = np.full((8, 8, 3), (200, 100, 50), np.uint8)
    assert np.ptp(fade(plain)[0, 0].astype(float)) == pytest.approx(150 * COLOUR, abs=1)


def test_networks_are_compared_at_timesteps_in_no_order() -> None:
    torch.manual_seed(0)
    latents, times, states = asked(_samples(80, 139), seed=0, count=64)
    assert latents.shape == (64, 4, 16, 16)
    assert states.shape == (64, 2, 8)
    first = times[:16]
    assert first.min() < 250
    assert first.max() > 750


def test_errors_count_by_the_signal_that_is_left() -> None:
    """In terms of noise: 5 / SNR where there is little of it, 1 / √SNR where it outweighs."""
    alphas = scheduler().alphas_cumprod
    ratio = alphas / (1 - alphas)
    weights = Diffusion(torch.device("cpu")).weights
    strong, weak = ratio < 1, ratio > 5
    torch.testing.assert_close(weights[strong], ratio[strong] ** -0.5)
    torch.testing.assert_close(weights[weak], 5 / ratio[weak])
    assert torch.equal(weights[~strong & ~weak], torch.ones(int((~strong & ~weak).sum())))
