"""Draws the training pictures: portraits in a scene, fixed by their attributes and seed.

Where a picture's frame stands must not matter: a latent moved by a column is a picture moved by
eight pixels only if nothing prefers the middle, and if what leaves on the left has a successor on
the right. So a panorama is a row of subjects alike, and a picture is a window anywhere on it.
"""

from __future__ import annotations

import cv2
import numpy as np

from .animals import DRAW, Portrait
from .canvas import Canvas, Image
from .places import WEAR, draw_scene, spread
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
# Between one subject's middle and the next one's, in pixels, and how much that varies.
SPACING, UNEVEN = 108.0, 0.04


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
    """One picture `[128, width, 3]`, uint8 RGB, `width` 128 or that of a panorama, 256.

    At 128 pixels it is a window as training takes them (`window_offset`).
    """
    rng = np.random.default_rng(seed)
    wide = Canvas(2 * PICTURE_SIZE, PICTURE_SIZE, attributes.style == "drawing")
    draw_scene(wide, attributes.scene, 2 * PICTURE_SIZE, rng)
    portraits = _place(wide, attributes, rng)
    for portrait in portraits:
        wide.in_subject = True
        portrait.body()
        DRAW[attributes.animal](portrait)
        wide.in_subject = False
        if attributes.accessory != "none":
            colour = ACCESSORY_COLOURS[attributes.accessory_colour]
            WEAR[attributes.accessory](portrait, colour, attributes.animal)
    picture, mask = wide.reduced()
    if not wide.ink:
        picture = _shade(picture, mask, portraits)
    picture = _finish(picture, mask, attributes, rng)
    start = window_offset(rng) * 8 if width == PICTURE_SIZE else 0
    return np.ascontiguousarray(picture[:, start : start + width])


def window_offset(rng: np.random.Generator) -> int:
    """Where a 16-column window starts on a 32-column panorama: anywhere."""
    return int(rng.integers(0, 17))


def _place(canvas: Canvas, attributes: Attributes, rng: np.random.Generator) -> list[Portrait]:
    tall = {"rabbit": 8.0}.get(attributes.animal, 0.0)
    return [
        Portrait(
            canvas,
            x,
            y=float(rng.uniform(56, 70)) + tall,
            radius=float(rng.uniform(24, 30)),
            fur=attributes.fur,
        )
        for x in spread(rng, 2 * PICTURE_SIZE, SPACING, UNEVEN)
    ]


def _shade(picture: Image, mask: np.ndarray, portraits: list[Portrait]) -> Image:
    """Soft light from the upper left on the subjects alone, each of its own."""
    rows, columns = np.mgrid[0 : mask.shape[0], 0 : mask.shape[1]].astype(np.float32)
    nearest = np.full_like(mask, np.inf)
    for portrait in portraits:
        across = (columns - portrait.x + 0.35 * portrait.radius) / portrait.radius
        down = (rows - portrait.y + 0.45 * portrait.radius) / portrait.radius
        nearest = np.minimum(nearest, across**2 + 0.8 * down**2)
    factor = 1 + mask * (0.08 - 0.17 * np.clip(nearest, 0, 2.2))
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
