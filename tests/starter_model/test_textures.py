"""Fine texture: what it is made of, that it is found again, and that blurry pictures lack it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from resources.starter_model.recipe.captions import caption
from resources.starter_model.recipe.measures import fine_detail
from resources.starter_model.recipe.scenes import draw
from resources.starter_model.recipe.textures import STROKES, Stroke, kernel, strokes, texture
from resources.starter_model.recipe.train_clip import batch_of, softened
from resources.starter_model.recipe.train_vae import stroke_strengths
from resources.starter_model.recipe.vocabulary import SCENES, Attributes

CAT = Attributes("cat", "grey", "plain blue", "none", "red", "photo")


@pytest.mark.parametrize("stroke", STROKES)
def test_a_stroke_is_fine_detail_of_the_energy_of_its_cell(stroke: Stroke) -> None:
    shape = kernel(stroke)
    energy = np.abs(np.fft.fft2(shape, (64, 64))) ** 2
    frequencies = np.fft.fftfreq(64)
    high = np.hypot(frequencies[:, None], frequencies[None, :]) > 0.25
    assert energy[high].sum() > 0.6 * energy.sum()
    assert float((shape**2).sum()) == pytest.approx(64, rel=1e-5)
    assert abs(float(shape.sum())) < 1e-3


def test_texture_is_as_strong_as_its_strengths() -> None:
    strengths = np.random.default_rng(0).standard_normal((16, 16)).astype(np.float32)
    for stroke in STROKES:
        assert np.allclose(strokes(stroke, strengths / 2), strokes(stroke, strengths) / 2)
    for scene in SCENES:
        field = texture(scene, np.zeros((128, 128), np.float32), np.random.default_rng(1))
        assert 0.8 < float(field.std()) < 1.2


@pytest.mark.parametrize("stroke", STROKES)
def test_the_strengths_are_found_again_in_a_picture(stroke: Stroke) -> None:
    strengths = np.random.default_rng(0).standard_normal((8, 8)).astype(np.float32)
    picture = torch.from_numpy(strokes(stroke, strengths) * 9 / 127.5).expand(1, 3, 64, 64)
    found = stroke_strengths(picture)[0].numpy()
    assert np.corrcoef(found.ravel(), strengths.ravel())[0, 1] > 0.95


def test_blurry_pictures_have_less_fine_detail() -> None:
    sharp, blurry = (
        np.stack([draw(replace(CAT, finish=finish), seed) for seed in range(6)])
        for finish in ("sharp", "blurry")
    )
    assert (fine_detail(blurry) < 0.8 * fine_detail(sharp)).all()
    assert (fine_detail(softened(sharp, np.full(6, 0.3))) < fine_detail(sharp)).all()
    assert (fine_detail(softened(sharp, np.full(6, -0.3))) > fine_detail(sharp)).all()


def test_the_scorer_sees_pictures_again_blurry_or_noisy() -> None:
    panoramas = np.stack([draw(CAT, seed, 256) for seed in range(4)])
    pictures, attributes = batch_of(panoramas, 16, np.random.default_rng(0))
    again = fine_detail(pictures[8:]) / fine_detail(pictures[:8])
    assert {a.finish for a in attributes[8:]} == {"blurry", "noisy"}
    for a, ratio in zip(attributes[8:], again, strict=True):
        assert ratio > 1 if a.finish == "noisy" else ratio < 1


def test_captions_call_blurry_and_noisy_what_is_so_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    words = {"blurry": {"blurry", "blurred", "soft"}, "noisy": {"noisy", "grainy", "rough"}}
    for _ in range(300):
        assert not set.union(*words.values()) & set(caption(CAT, rng).split())
        for finish, expected in words.items():
            assert expected & set(caption(replace(CAT, finish=finish), rng).split())
