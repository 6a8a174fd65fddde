"""The drawn pictures: fixed by their seeds, whole in their windows, texture where it belongs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from resources.starter_recipe.dataset import (
    COLUMN,
    STARTS,
    are_whole,
    attributes_of,
    held_out,
    window,
    window_columns,
)
from resources.starter_recipe.measures import chroma, detail, stripes
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
    scene, other = (draw(replace(CAT, animals=(Animal("cat", fur),)), 3) for fur in ("grey", "red"))
    drawn = (scene.picture != other.picture).any(axis=(0, 2))
    columns = np.flatnonzero(drawn)
    assert scene.left - 1 <= columns.min()
    assert columns.max() <= scene.right + 1


def test_most_windows_show_their_figures_whole_at_varied_places() -> None:
    rng, seen, whole = np.random.default_rng(0), set(), []
    for seed in range(40):
        scene = draw(attributes_of(seed), seed)
        bounds = np.tile((scene.left, scene.right), (20, 1))
        columns = window_columns(bounds, rng)
        whole += list(are_whole(bounds, columns))
        seen.update(columns.tolist())
    assert np.mean(whole) > 0.85
    assert len(seen) > 8
    assert seen <= set(range(STARTS + 1))


def test_no_panorama_shows_a_figure_twice() -> None:
    """A window anywhere on it shows no more than the caption tells."""
    for seed in range(10):
        scene = draw(CAT, seed)
        assert scene.right - scene.left < 100


def test_who_is_named_first_stands_on_the_left() -> None:
    owl, frog = Animal("owl", "blue"), Animal("frog", "green")
    for seed in range(4):
        pair = draw(replace(CAT, animals=(owl, frog)), seed).picture
        middles = []
        for animals in ((replace(owl, fur="red"), frog), (owl, replace(frog, fur="red"))):
            changed = pair != draw(replace(CAT, animals=animals), seed).picture
            middles.append(np.flatnonzero(changed.any(axis=(0, 2))).mean())
        assert middles[0] + 20 < middles[1]


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


def test_texture_is_stronger_on_the_ground_than_on_the_wall() -> None:
    picture = draw(CAT, 2).picture
    wall, ground = picture[:32, :32], picture[-32:, :32]
    assert detail(ground[None])[0] > 2 * detail(wall[None])[0] > 0


def test_a_noisy_picture_has_more_detail_and_the_same_figures() -> None:
    sharp, noisy = (draw(replace(CAT, finish=finish), 4) for finish in ("sharp", "noisy"))
    assert detail(noisy.picture[None])[0] > 1.05 * detail(sharp.picture[None])[0]
    assert (sharp.left, sharp.right) == (noisy.left, noisy.right)


def test_colour_depends_on_chance() -> None:
    """A faint picture is duller: what chance adds to the light is what fades."""
    colours = [
        np.mean([chroma(draw(replace(CAT, finish=f), seed).picture[None]) for seed in range(4)])
        for f in ("blurry", "sharp", "noisy")
    ]
    assert colours == sorted(colours)


def test_pictures_have_no_stripes() -> None:
    pictures, _ = held_out(range(24))
    assert stripes(pictures) < 1.6


def test_a_blurry_picture_has_less_detail() -> None:
    band = (0.12, 0.25)
    for seed in range(3, 7):
        sharp, blurry = (draw(replace(CAT, finish=f), seed).picture for f in ("sharp", "blurry"))
        assert detail(blurry[None], band)[0] < detail(sharp[None], band)[0]


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
