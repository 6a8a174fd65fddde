"""Backgrounds and accessories. Nothing here depends on where the picture's frame stands."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .animals import DARK, WHITE, Portrait
from .canvas import Canvas, mix
from .vocabulary import ACCESSORY_COLOURS, BACKGROUNDS, Colour

SUN: Colour = (255, 238, 150)


def spread(
    rng: np.random.Generator, width: int, spacing: float, uneven: float = 0.15
) -> list[float]:
    """Horizontal positions about `spacing` apart, with random phase: the same law everywhere.

    `uneven` is the standard deviation of each, as a share of the spacing.
    """
    count = math.ceil(width / spacing) + 2
    start = float(rng.uniform(-spacing, 0))
    return [start + i * spacing + float(rng.normal(0, spacing * uneven)) for i in range(count)]


def _crescent(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    outer = np.deg2rad(np.arange(60, 301, 12))
    inner = np.deg2rad(np.arange(300, 59, -12))
    points = [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in outer]
    return points + [
        (x + radius * (0.42 + 0.16 * math.cos(a)), y + radius * 0.87 * math.sin(a)) for a in inner
    ]


def _meadow(canvas: Canvas, width: int, horizon: float, rng: np.random.Generator) -> None:
    canvas.fill_rows((120, 190, 246), (206, 232, 252), 0, horizon)
    for x in spread(rng, width, 90):
        y = float(rng.uniform(12, 34))
        for dx, size in ((-12, 8), (0, 11), (12, 8)):
            canvas.ellipse((x + dx, y), (size * 1.2, size * 0.8), WHITE, outline=False)
    canvas.fill_rows((134, 200, 88), (78, 156, 62), horizon, 128)


def _night(canvas: Canvas, width: int, horizon: float, rng: np.random.Generator) -> None:
    canvas.fill_rows((22, 26, 74), (62, 66, 130), 0, horizon)
    for x in spread(rng, width, 30):
        y = float(rng.uniform(6, 66))
        canvas.ellipse((x, y), (1.9, 1.9), (255, 250, 214), outline=False)
    for x in spread(rng, width, 140):
        canvas.polygon(_crescent(x, float(rng.uniform(18, 32)), 12), SUN, False)
    canvas.fill_rows((30, 46, 62), (18, 30, 44), horizon, 128)


def _sea(canvas: Canvas, width: int, horizon: float, rng: np.random.Generator) -> None:
    canvas.fill_rows((168, 220, 250), (226, 244, 252), 0, horizon)
    for x in spread(rng, width, 140):
        canvas.ellipse((x, float(rng.uniform(16, 32))), (11, 11), SUN, outline=False)
    canvas.fill_rows((22, 110, 178), (60, 160, 206), horizon, 108)
    canvas.fill_rows((240, 218, 160), (226, 196, 134), 108, 128)


def _snow(canvas: Canvas, width: int, horizon: float, rng: np.random.Generator) -> None:
    canvas.fill_rows((150, 172, 202), (204, 216, 232), 0, horizon)
    canvas.fill_rows((250, 252, 255), (222, 232, 246), horizon, 128)
    for x in spread(rng, width, 22):
        canvas.ellipse((x, float(rng.uniform(4, 80))), (2.4, 2.4), WHITE, outline=False)


def _sunset(canvas: Canvas, width: int, horizon: float, rng: np.random.Generator) -> None:
    canvas.fill_rows((122, 70, 140), (252, 150, 92), 0, horizon)
    for x in spread(rng, width, 140):
        canvas.ellipse((x, horizon - 8), (15, 15), (255, 220, 120), outline=False)
    canvas.fill_rows((110, 62, 104), (66, 38, 78), horizon, 128)


def _forest(canvas: Canvas, width: int, horizon: float, rng: np.random.Generator) -> None:
    canvas.fill_rows((188, 222, 186), (214, 234, 204), 0, horizon)
    for x in spread(rng, width, 36):
        top = float(rng.uniform(8, 36))
        colour = mix((24, 96, 60), (52, 124, 76), float(rng.uniform()))
        canvas.polygon([(x - 15, horizon + 2), (x, top), (x + 15, horizon + 2)], colour, False)
    canvas.fill_rows((96, 120, 62), (66, 92, 46), horizon, 128)


_PLACES: dict[str, Callable[[Canvas, int, float, np.random.Generator], None]] = {
    "meadow": _meadow,
    "night": _night,
    "sea": _sea,
    "snow": _snow,
    "sunset": _sunset,
    "forest": _forest,
}


def draw_scene(canvas: Canvas, scene: str, width: int, rng: np.random.Generator) -> None:
    """The background named by the scene, over the whole canvas."""
    if scene.startswith("plain "):
        colour = BACKGROUNDS[scene.removeprefix("plain ")]
        canvas.fill_rows(mix(colour, WHITE, 0.15), mix(colour, DARK, 0.08), 0, 128)
        return
    _PLACES[scene](canvas, width, float(rng.uniform(74, 96)), rng)


# Where hats, glasses and flowers sit: the head's top edge and the eyes' height and distance.
_HEAD_TOP = {"frog": -0.72, "fox": -0.72}
_EYES = {"frog": (0.56, -0.74, 0.36), "owl": (0.44, -0.08, 0.42)}


def _scarf(p: Portrait, colour: Colour, animal: str) -> None:
    p.shape([(0.25, 1.05), (0.7, 1.0), (0.82, 1.85), (0.4, 1.9)], mix(colour, DARK, 0.2))
    p.blob(0, 1.05, 0.84, 0.26, colour)


def _hat(p: Portrait, colour: Colour, animal: str) -> None:
    top = _HEAD_TOP.get(animal, -0.78)
    p.shape([(-0.5, top), (-0.44, top - 0.82), (0.44, top - 0.82), (0.5, top)], colour)
    band = mix(colour, WHITE, 0.6)
    p.shape([(-0.5, top), (-0.48, top - 0.22), (0.48, top - 0.22), (0.5, top)], band)
    p.blob(0, top, 0.86, 0.15, colour)


def _glasses(p: Portrait, colour: Colour, animal: str) -> None:
    x, y, size = _EYES.get(animal, (0.42, -0.1, 0.34))
    radii = (size * p.radius, size * p.radius)
    for side in (-1, 1):
        p.canvas.arc(p.at(side * x, y), radii, (0, 360), colour, 2.8)
    p.canvas.line([p.at(-x + size, y), p.at(x - size, y)], colour, 2.8)


def _bow_tie(p: Portrait, colour: Colour, animal: str) -> None:
    for side in (-1, 1):
        p.shape([(0, 1.12), (side * 0.6, 0.82), (side * 0.6, 1.44)], colour)
    p.blob(0, 1.12, 0.15, 0.17, mix(colour, DARK, 0.3))


def _flower(p: Portrait, colour: Colour, animal: str) -> None:
    x, y = (0.0, -0.86) if animal == "frog" else (0.62, -0.72)
    for i in range(5):
        turn = 2 * math.pi * i / 5 - math.pi / 2
        p.blob(x + 0.24 * math.cos(turn), y + 0.24 * math.sin(turn), 0.2, 0.2, colour)
    centre = (255, 250, 230) if colour == ACCESSORY_COLOURS["yellow"] else SUN
    p.plain_blob(x, y, 0.17, 0.17, centre)


WEAR: dict[str, Callable[[Portrait, Colour, str], None]] = {
    "scarf": _scarf,
    "hat": _hat,
    "glasses": _glasses,
    "bow tie": _bow_tie,
    "flower": _flower,
}
