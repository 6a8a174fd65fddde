"""Draws the training pictures: a portrait in a scene, fixed by its attributes and seed."""

from __future__ import annotations

import cv2
import numpy as np

from .animals import DRAW, Portrait
from .canvas import Canvas, Image
from .places import WEAR, draw_scene
from .textures import texture
from .vocabulary import (
    ACCESSORIES,
    ACCESSORY_COLOURS,
    ANIMALS,
    FINISHES,
    FURS,
    PICTURE_SIZE,
    SCENES,
    STYLES,
    Attributes,
)

# Standard deviations: the texture's in grey levels, the lens's and the pen's blur in pixels.
TEXTURE, GRAIN = 9.0, 5.0
LENS, PEN = 0.8, 0.5
OFFSET_SPREAD = 4.0


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
        # Noisy pictures are for the scorer alone, which makes them from others.
        finish=str(rng.choice(FINISHES, p=(0.92, 0.08, 0.0))),
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
    picture = _finish(picture, mask, attributes, rng)
    start = (2 * PICTURE_SIZE - width) // 2
    if width == PICTURE_SIZE:
        start = window_offset(rng) * 8
    return np.ascontiguousarray(picture[:, start : start + width])


def window_offset(rng: np.random.Generator) -> int:
    """Where a 16-column window starts on a 32-column panorama, so that faces are mostly whole."""
    return int(np.clip(round(float(rng.normal(8.0, OFFSET_SPREAD))), 0, 16))


def _place(canvas: Canvas, attributes: Attributes, rng: np.random.Generator) -> Portrait:
    radius = float(rng.uniform(25, 32))
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


def _finish(
    picture: Image, mask: np.ndarray, attributes: Attributes, rng: np.random.Generator
) -> Image:
    """Soft edges under fine texture; a blurry picture has softer ones and less texture."""
    drawing = attributes.style == "drawing"
    strength, blur = (GRAIN, PEN) if drawing else (TEXTURE, LENS)
    if attributes.finish == "blurry":
        strength *= float(rng.uniform(0, 0.8))
        blur += max(0.0, float(rng.uniform(-1, 1)))
    soft = cv2.GaussianBlur(picture, (0, 0), blur).astype(np.float32)
    fine = strength * texture(attributes.scene, mask, rng)
    return np.clip(np.rint(soft + fine[..., None]), 0, 255).astype(np.uint8)
