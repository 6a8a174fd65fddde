"""The drawn pictures: fixed by their seeds, whole in their windows, texture where it belongs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from resources.starter_recipe.dataset import (
    COLUMN,
    STARTS,
    attributes_of,
    held_out,
    is_whole,
    window,
    window_column,
)
from resources.starter_recipe.measures import detail, stripes
from resources.starter_recipe.scenes import PANORAMA, draw
from resources.starter_recipe.vocabulary import (
    ACCESSORIES,
    ANIMALS,
    FURS,
    LABEL_SIZES,
    SCENES,
    TOGETHER,
    Animal,
    Attributes,
    Worn,
)

CAT = Attributes((Animal("cat", "grey"),), "plain blue")


def test_a_picture_is_fixed_by_its_attributes_and_seed() -> None:
    first, second = draw(CAT, 7), draw(CAT, 7)
    assert first.picture.shape == (128, PANORAMA, 3)
    assert np.array_equal(first.picture, second.picture)
    assert not np.array_equal(first.picture, draw(CAT, 8).picture)


def test_the_bounds_enclose_what_is_drawn() -> None:
    scene = draw(CAT, 3)
    wall = np.median(scene.picture[:40], axis=(0, 1))
    drawn = (np.abs(scene.picture[:40] - wall).max(axis=2) > 60).any(axis=0)
    columns = np.flatnonzero(drawn)
    assert scene.left - 1 <= columns.min()
    assert columns.max() <= scene.right + 1


def test_most_windows_show_their_figures_whole_at_varied_places() -> None:
    rng, seen, whole = np.random.default_rng(0), set(), []
    for seed in range(40):
        scene = draw(attributes_of(seed), seed)
        columns = [window_column(scene.left, scene.right, rng) for _ in range(20)]
        whole += [is_whole(scene.left, scene.right, column) for column in columns]
        seen.update(columns)
    assert np.mean(whole) > 0.85
    assert len(seen) > 8
    assert seen <= set(range(STARTS + 1))


def test_no_panorama_shows_a_figure_twice() -> None:
    """A window anywhere on it shows no more than the caption tells."""
    for seed in range(10):
        scene = draw(CAT, seed)
        assert scene.right - scene.left < 100


@pytest.mark.parametrize("animal", ANIMALS)
def test_animals_and_what_they_wear_differ(animal: str) -> None:
    toy = Attributes((Animal(animal, "grey"),), "plain blue")
    worn = [(), *((Worn(thing, "red"),) for thing in ACCESSORIES)]
    pictures = [draw(replace(toy, worn=things), 5).picture for things in worn]
    for i, picture in enumerate(pictures):
        assert not any(np.array_equal(picture, other) for other in pictures[:i])


@pytest.mark.parametrize("things", TOGETHER)
def test_two_things_can_be_worn_together(things: tuple[str, str]) -> None:
    both = tuple(Worn(thing, colour) for thing, colour in zip(things, ("red", "blue"), strict=True))
    picture = draw(replace(CAT, worn=both), 1).picture.astype(int)
    assert ((picture[..., 0] - picture[..., 1]) > 80).sum() > 20
    assert ((picture[..., 2] - picture[..., 0]) > 80).sum() > 20


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_fills_the_picture(scene: str) -> None:
    picture = draw(replace(CAT, scene=scene), 1).picture
    assert picture.max(axis=2).mean() > 40


def test_texture_lies_on_the_ground_and_not_on_the_wall() -> None:
    picture = draw(CAT, 2).picture
    wall, ground = picture[:32, :32], picture[-32:, :32]
    assert detail(ground[None])[0] > 20 * detail(wall[None])[0]


def test_pictures_have_no_stripes() -> None:
    pictures, _ = held_out(range(24))
    assert stripes(pictures) < 1.6


def test_a_blurry_picture_has_less_detail() -> None:
    sharp, blurry = (draw(replace(CAT, finish=finish), 4).picture for finish in ("sharp", "blurry"))
    band = (0.12, 0.25)
    assert detail(blurry[None], band)[0] < 0.5 * detail(sharp[None], band)[0]


def test_labels_are_class_numbers() -> None:
    for seed in range(200):
        labels = attributes_of(seed).labels()
        assert all(0 <= n < size for n, size in zip(labels, LABEL_SIZES, strict=True))


def test_nothing_worn_has_its_wearers_colour() -> None:
    for seed in range(300):
        attributes = attributes_of(seed)
        furs = {animal.fur for animal in attributes.animals}
        assert furs <= set(FURS)
        assert not furs & {worn.colour for worn in attributes.worn}


def test_held_out_pictures_belong_to_their_attributes() -> None:
    pictures, attributes = held_out(range(3))
    assert pictures.shape == (3, 128, 128, 3)
    assert np.array_equal(pictures[2], window(attributes[2], 2)[0])
    panorama = draw(attributes[2], 2).picture
    starts = range(0, PANORAMA - 127, COLUMN)
    assert any(np.array_equal(pictures[2], panorama[:, x : x + 128]) for x in starts)
