"""Draws the training pictures: felt figures on a stage, fixed by their attributes and seed.

A training picture is a window of a wide panorama, since a latent that is moved by a column is to be
a picture that is moved by eight pixels. A panorama holds one figure, or one pair, so that no window
shows more than its caption tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .clothes import dressed
from .figures import FIRST, sew
from .shapes import RY, Y
from .stage import SATURATION, STUDIO, STUDIO_SATURATION, Stage, colours_of, draw_stage, stage_of
from .tracer import PITCH, cast_shadow, draw_figure
from .vocabulary import (
    ACCESSORIES,
    ACCESSORY_COLOURS,
    ANIMALS,
    FINISHES,
    FURS,
    PICTURE_SIZE,
    SCENES,
    TOGETHER,
    Animal,
    Attributes,
    Worn,
)

Image = NDArray[np.uint8]
PANORAMA = 208
#: Samples a pixel in each direction, pixels of a unit, and the row where figures stand.
FINE, UNIT, FLOOR = 2, 50.0, 114.0
EXPOSURE, WOOL_RELIEF = 1.35, 1.2
#: How many scenes show two animals that are alike, and two that are not.
ALIKE, DIFFERENT = 0.14, 0.12
#: Sizes of figures, and how much smaller two of them are.
SIZES, OF_TWO = (0.95, 1.2), 0.86
#: How strong texture and chance's colours are in pictures that are called blurry or noisy.
FAINT, LOUD = (0.30, 0.85), (1.20, 1.90)


@dataclass(frozen=True, slots=True)
class Scene:
    """A panorama `[128, width, 3]`, uint8 RGB, and the first and last column of its figures."""

    picture: Image
    left: int
    right: int


def random_attributes(rng: np.random.Generator, different: float = DIFFERENT) -> Attributes:
    """Attributes of a random scene; nothing worn has its wearer's colour.

    `different` is the share of scenes with two animals that are not alike.
    """
    furs = [str(name) for name in rng.permutation(tuple(FURS))]
    species = [str(name) for name in rng.permutation(ANIMALS)]
    number = rng.uniform()
    animals = [Animal(species[0], furs[0])]
    if number < ALIKE:
        animals.append(animals[0])
    elif number < ALIKE + different:
        animals.append(Animal(species[1], furs[1]))
    taken = {animal.fur for animal in animals}
    dyes = [str(n) for n in rng.permutation(tuple(ACCESSORY_COLOURS)) if n not in taken]
    things = _things(rng, alone=len(animals) == 1)
    return Attributes(
        animals=tuple(animals),
        scene=str(rng.choice(SCENES, p=[0.1] * 6 + [0.4 / 6] * 6)),
        worn=tuple(Worn(thing, dye) for thing, dye in zip(things, dyes, strict=False)),
        finish=str(rng.choice(FINISHES, p=(0.92, 0.05, 0.03))),
    )


def _things(rng: np.random.Generator, alone: bool) -> tuple[str, ...]:
    """What is worn: nothing, one thing, or two that go together."""
    chance = rng.uniform()
    if chance < (0.34 if alone else 0.7):
        return ()
    if chance < 0.84 or not alone:
        return (str(rng.choice(ACCESSORIES)),)
    return TOGETHER[int(rng.integers(len(TOGETHER)))]


def draw(attributes: Attributes, seed: int) -> Scene:
    """The panorama of these attributes and this seed."""
    rng = np.random.default_rng(seed)
    stage = stage_of(attributes.scene)
    figures = _figures(attributes.animals, attributes.worn, rng)
    lights, colours = _lighting(stage, rng)
    height, width = FINE * PICTURE_SIZE, FINE * PANORAMA
    shade, picture = np.ones((height, width)), np.zeros((height, width, 3))
    for figure in figures:
        cast_shadow(shade, figure.parts, figure.place, UNIT * FINE, FLOOR * FINE)
    horizon, sun = rng.uniform(44, 60), rng.uniform(0, PANORAMA)
    texture, pattern = stage.texture * rng.uniform(0.95, 1.05), int(rng.integers(2**20))
    seen = np.random.default_rng((seed, 3))
    strength, blur = _finish(attributes.finish, seen)
    draw_stage(picture, colours, stage.kind, texture, shade, sun, horizon, FINE, pattern, strength)
    covered, depth = np.zeros((height, width)), np.full((height, width), -1e9)
    for figure in figures:
        draw_figure(
            picture, covered, depth, figure.parts, figure.colours, figure.kinds, lights,
            figure.place, UNIT * FINE, FLOOR * FINE, float(rng.uniform(0, 90)),
            WOOL_RELIEF * strength,
        )  # fmt: skip
    columns = np.flatnonzero(covered.any(axis=0)) // FINE
    developed = _developed(picture)
    if blur:
        developed = cv2.GaussianBlur(developed, (0, 0), blur)
    return Scene(developed, int(columns[0]), int(columns[-1]))


def _finish(name: str, rng: np.random.Generator) -> tuple[float, float]:
    """How strong texture is in such a picture, and the blur over it in pixels."""
    if name == "blurry":
        return float(rng.uniform(*FAINT)), float(rng.choice((0.0, rng.uniform(0.6, 1.8))))
    return (float(rng.uniform(*LOUD)) if name == "noisy" else 1.0), 0.0


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure as the tracer takes it: parts, materials, and x, depth, size and yaw."""

    parts: NDArray[np.float64]
    colours: NDArray[np.float64]
    kinds: NDArray[np.int64]
    place: NDArray[np.float64]


def _figures(
    animals: tuple[Animal, ...], worn: tuple[Worn, ...], rng: np.random.Generator
) -> list[_Figure]:
    """The figures of a scene with what they wear, the first one on the left."""
    alone = len(animals) == 1
    middle, size = PANORAMA / 2 / UNIT + rng.uniform(-0.12, 0.12), rng.uniform(*SIZES)
    result = []
    for side, animal in zip((0,) if alone else (-1, 1), animals, strict=True):
        sewn = sew(animal, rng)
        for slot, thing in enumerate(worn, FIRST):
            dye = np.array(ACCESSORY_COLOURS[thing.colour]) * rng.uniform(0.9, 1.1)
            dressed(sewn, thing.accessory, (dye[0], dye[1], dye[2]), slot)
        parts, depth = np.array(sewn.rows), rng.uniform(-1.2, 0.35)
        turn = rng.uniform(-0.61, 0.61) if alone else rng.uniform(-0.35, 0.35) - 0.12 * side
        share = 1.0 if alone else OF_TWO * rng.uniform(0.96, 1.04)
        highest = FLOOR / UNIT + depth * np.sin(PITCH) - 0.08
        fits = min(size * share, highest / float((parts[:, Y] + parts[:, RY]).max()))
        place = np.array((middle + 0.58 * side * share * size, depth, fits, turn))
        result.append(_Figure(parts, sewn.colours, sewn.kinds, place))
    return result


def _lighting(
    stage: Stage, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Key and sky light, and the stage's colours: brighter or duller, warmer or colder."""
    warm = rng.normal(0, 0.05)
    cast = np.array((1 + warm, 1.0, 1 - warm))
    lights = np.array((stage.key, stage.sky)) * cast * rng.uniform(0.88, 1.12)
    colours = colours_of(stage)
    grey = colours.mean(axis=1, keepdims=True)
    usual = STUDIO_SATURATION if stage.kind == STUDIO else SATURATION
    colours = grey + (colours - grey) * usual * rng.uniform(0.8, 1.2)
    return lights, np.maximum(colours * cast * rng.uniform(0.85, 1.12), 0.0)


def _developed(picture: NDArray[np.float64]) -> Image:
    """Linear light at `FINE` times the size to bytes, as film would answer to it."""
    small = picture.reshape(PICTURE_SIZE, FINE, PANORAMA, FINE, 3).mean(axis=(1, 3))
    toned = (1 - np.exp(-EXPOSURE * small)) / (1 - np.exp(-EXPOSURE * 1.15))
    return (np.clip(toned, 0, 1) ** (1 / 1.6) * 255 + 0.5).astype(np.uint8)
