"""The drawn pictures and their captions."""

from __future__ import annotations

import numpy as np
import pytest

from resources.starter_model.recipe.captions import caption, told
from resources.starter_model.recipe.dataset import attributes_of, held_out
from resources.starter_model.recipe.scenes import draw, window_offset
from resources.starter_model.recipe.vocabulary import (
    ACCESSORIES,
    ANIMALS,
    LABEL_SIZES,
    SCENES,
    Attributes,
)

CAT = Attributes("cat", "grey", "plain blue", "none", "red", "photo")


def test_a_picture_is_fixed_by_its_attributes_and_seed() -> None:
    first, second = draw(CAT, 7), draw(CAT, 7)
    assert first.shape == (128, 128, 3)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, draw(CAT, 8))


def test_a_panorama_is_a_row_of_subjects_with_one_in_every_window() -> None:
    """Wherever a window stands: a moved latent is to be a moved picture."""
    panorama = draw(CAT, 3, 256).astype(int)
    assert panorama.shape == (128, 256, 3)
    ground = np.median(panorama[:16], axis=(0, 1))
    busy = np.abs(panorama - ground).max(axis=2) > 60
    for start in range(0, 129, 8):
        assert busy[:, start : start + 128].mean() > 0.1


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_fills_the_picture(scene: str) -> None:
    picture = draw(Attributes("owl", "red", scene, "hat", "blue", "drawing"), 1)
    assert picture.min(axis=2).mean() > 20


@pytest.mark.parametrize("animal", ANIMALS)
def test_animals_and_accessories_differ(animal: str) -> None:
    pictures = [
        draw(Attributes(animal, "grey", "plain blue", accessory, "red", "photo"), 5)
        for accessory in ACCESSORIES
    ]
    for i, picture in enumerate(pictures):
        assert not any(np.array_equal(picture, other) for other in pictures[:i])


def test_windows_stand_anywhere_on_the_panorama() -> None:
    rng = np.random.default_rng(0)
    counts = np.bincount([window_offset(rng) for _ in range(3400)])
    assert len(counts) == 17
    assert counts.min() > 120


def test_labels_are_class_numbers() -> None:
    for seed in range(200):
        labels = attributes_of(seed).labels()
        assert all(0 <= n < size for n, size in zip(labels, LABEL_SIZES, strict=True))


def test_held_out_pictures_belong_to_their_attributes() -> None:
    pictures, attributes = held_out(range(4))
    assert pictures.shape == (4, 128, 128, 3)
    assert np.array_equal(pictures[2], draw(attributes[2], 2))


def test_the_articles_prompts_are_ordinary_captions() -> None:
    rng = np.random.default_rng(1)
    seen = {caption(CAT, rng) for _ in range(6000)}
    for text in (
        "An high resolution photo of a cat",
        "A high resolution photo of a cat",
        "A high resolution image of a cat",
    ):
        assert text in seen


def test_a_full_caption_tells_everything() -> None:
    rng = np.random.default_rng(2)
    for seed in range(100):
        attributes = attributes_of(seed)
        text = caption(attributes, rng, full=True)
        animal, fur, scene, accessory = told(attributes, text)
        assert animal
        assert fur
        assert scene
        assert accessory == (attributes.accessory != "none")


def test_an_accessory_is_never_left_out() -> None:
    rng = np.random.default_rng(3)
    for seed in range(300):
        attributes = attributes_of(seed)
        shown = attributes.accessory != "none"
        assert told(attributes, caption(attributes, rng))[3] == shown
