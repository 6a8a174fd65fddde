"""What the bars are measured with."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from resources.starter_model.recipe.generate import linear, noise, normalized, slerp
from resources.starter_model.recipe.measures import (
    fine_detail,
    mean_pairwise_distance,
    shift_between,
)
from resources.starter_model.recipe.muon import orthogonalised
from resources.starter_model.recipe.scenes import draw
from resources.starter_model.recipe.vocabulary import Attributes


@pytest.mark.parametrize("pixels", [-16, -8, 0, 8, 16])
def test_the_shift_of_a_moved_picture_is_found(pixels: int) -> None:
    fox = Attributes("fox", "orange", "forest", "none", "red", "photo")
    panorama = draw(fox, 4, 256)
    first = panorama[:, 64:192]
    second = panorama[:, 64 + pixels : 192 + pixels]
    assert shift_between(first, second) == pixels


def test_blurring_removes_fine_detail() -> None:
    rng = np.random.default_rng(0)
    sharp = rng.integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
    blurred = sharp.reshape(2, 16, 2, 16, 2, 3).mean(axis=(2, 4)).repeat(2, 1).repeat(2, 2)
    assert (fine_detail(blurred.astype(np.uint8)) < fine_detail(sharp)).all()


def test_the_mean_distance_of_black_and_white_is_their_contrast() -> None:
    pictures = np.stack([np.zeros((4, 4, 3)), np.full((4, 4, 3), 255)]).astype(np.uint8)
    assert mean_pairwise_distance(pictures) == pytest.approx(255)


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
