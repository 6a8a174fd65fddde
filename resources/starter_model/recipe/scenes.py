"""Draws the training pictures: a portrait in a scene, fixed by its attributes and seed."""

from __future__ import annotations

import numpy as np

from .animals import DRAW, Portrait
from .canvas import Canvas, Image
from .places import WEAR, draw_scene
from .vocabulary import (
    ACCESSORIES,
    ACCESSORY_COLOURS,
    ANIMALS,
    FURS,
    PICTURE_SIZE,
    SCENES,
    STYLES,
    Attributes,
)


def random_attributes(rng: np.random.Generator) -> Attributes:
    """Attributes as the training set draws them; an accessory never has its wearer's colour."""
    fur = str(rng.choice(tuple(FURS)))
    colours = [name for name in ACCESSORY_COLOURS if name != fur]
    return Attributes(
        animal=str(rng.choice(ANIMALS)),
        fur=fur,
        scene=str(rng.choice(SCENES)),
        accessory=str(rng.choice(ACCESSORIES, p=(0.3, 0.14, 0.14, 0.14, 0.14, 0.14))),
        accessory_colour=str(rng.choice(colours)),
        style=str(rng.choice(STYLES, p=(0.7, 0.3))),
    )


def draw(attributes: Attributes, seed: int, width: int = PICTURE_SIZE) -> Image:
    """One picture `[128, width, 3]`, uint8 RGB; a wide one has its subject in the middle.

    At 128 pixels the subject's centre is drawn as a training window shows it (`window_offset`).
    """
    rng = np.random.default_rng(seed)
    wide = Canvas(2 * PICTURE_SIZE, PICTURE_SIZE, attributes.style == "drawing")
    draw_scene(wide, attributes.scene, 2 * PICTURE_SIZE, rng)
    portrait = _place(wide, attributes, rng)
    wide.in_subject = True
    portrait.body()
    DRAW[attributes.animal](portrait)
    wide.in_subject = False
    if attributes.accessory != "none":
        colour = ACCESSORY_COLOURS[attributes.accessory_colour]
        WEAR[attributes.accessory](portrait, colour, attributes.animal)
    picture, mask = wide.reduced()
    if not wide.ink:
        picture = _shade(picture, mask, portrait)
    start = (2 * PICTURE_SIZE - width) // 2
    if width == PICTURE_SIZE:
        start = window_offset(rng) * 8
    return np.ascontiguousarray(picture[:, start : start + width])


def window_offset(rng: np.random.Generator) -> int:
    """Where a 16-column window starts on a 32-column panorama, so that faces are mostly whole."""
    return int(np.clip(round(float(rng.normal(8.0, 3.0))), 1, 15))


def _place(canvas: Canvas, attributes: Attributes, rng: np.random.Generator) -> Portrait:
    radius = float(rng.uniform(27, 35))
    tall = {"rabbit": 8.0}.get(attributes.animal, 0.0)
    y = float(rng.uniform(56, 70)) + tall
    x = PICTURE_SIZE + float(rng.uniform(-4, 4))
    return Portrait(canvas, x, y, radius, attributes.fur)


def _shade(picture: Image, mask: np.ndarray, portrait: Portrait) -> Image:
    """Soft light from the upper left on the subject alone."""
    rows, columns = np.mgrid[0 : mask.shape[0], 0 : mask.shape[1]].astype(np.float32)
    across = (columns - portrait.x + 0.35 * portrait.radius) / portrait.radius
    down = (rows - portrait.y + 0.45 * portrait.radius) / portrait.radius
    light = 1.08 - 0.17 * np.clip(across**2 + 0.8 * down**2, 0, 2.2)
    factor = 1 + mask * (light - 1)
    return np.clip(picture * factor[..., None], 0, 255).astype(np.uint8)
