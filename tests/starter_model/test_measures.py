"""What the bars are measured with."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from resources.starter_recipe.generate import linear, noise, normalized, slerp
from resources.starter_recipe.measures import (
    chroma,
    detail,
    mean_distances,
    shift_between,
    step_sizes,
    stripes,
)
from resources.starter_recipe.muon import orthogonalised
from resources.starter_recipe.scenes import draw
from resources.starter_recipe.vocabulary import Animal, Attributes


@pytest.mark.parametrize("pixels", [-16, -8, 0, 8, 16])
def test_the_shift_of_a_moved_picture_is_found(pixels: int) -> None:
    panorama = draw(Attributes((Animal("fox", "orange"),), "forest"), 4).picture
    first = panorama[:, 40:168]
    second = panorama[:, 40 + pixels : 168 + pixels]
    assert shift_between(first, second) == pixels


def test_blurring_removes_detail() -> None:
    rng = np.random.default_rng(0)
    sharp = rng.integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
    blurred = sharp.reshape(2, 8, 4, 8, 4, 3).mean(axis=(2, 4)).repeat(4, 1).repeat(4, 2)
    assert (detail(blurred.astype(np.uint8), (0.2, 0.5)) < detail(sharp, (0.2, 0.5))).all()


def test_grey_has_no_chroma_and_red_has_much() -> None:
    pictures = np.zeros((2, 4, 4, 3), np.uint8)
    pictures[0] = 128
    pictures[1, ..., 0] = 255
    grey, red = chroma(pictures)
    assert grey == pytest.approx(0, abs=0.5)
    assert red > 90


def test_stripes_are_told_from_noise() -> None:
    rng = np.random.default_rng(0)
    plain = rng.integers(0, 256, (16, 64, 64, 3)).astype(np.uint8)
    striped = np.zeros_like(plain)
    striped[:] = (127 + 100 * np.sin(2.0 * np.arange(64)))[None, None, :, None]
    assert stripes(plain) < 1.2
    assert stripes(striped) > 6


def test_steps_are_measured_from_frame_to_frame() -> None:
    frames = np.zeros((3, 2, 2, 3), np.uint8)
    frames[2] = 10
    assert np.allclose(step_sizes(frames), (0, 10))


def test_the_mean_distance_of_black_and_white_is_their_contrast() -> None:
    pictures = np.stack([np.zeros((4, 4, 3)), np.full((4, 4, 3), 255)]).astype(np.uint8)
    assert np.allclose(mean_distances(pictures), 255)


def test_methods_meet_their_ends_and_keep_their_spread() -> None:
    start, end = noise(8, 1), noise(8, 2)
    for method in (linear, normalized, slerp):
        assert torch.allclose(method(start, end, 0.0), start, atol=1e-5)
        assert torch.allclose(method(start, end, 1.0), end, atol=1e-5)
    assert float(linear(start, end, 0.5).std()) == pytest.approx(0.5**0.5, abs=0.02)
    assert float(normalized(start, end, 0.5).std()) == pytest.approx(1, abs=0.03)
    assert float(slerp(start, end, 0.5).std()) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("shape", [(16, 144), (144, 16), (32, 32)])
def test_orthogonalised_brings_singular_values_near_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalised(torch.randn(shape)))
    assert float(values.max()) < 1.3
    assert float(values.median()) > 0.6
