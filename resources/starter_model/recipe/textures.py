"""Fine texture, the part of a picture that noise alone decides: fur, grass, ripples, flakes.

Each latent pixel's share of a picture, eight by eight pixels, gets one stroke: bright with dark
sides or the other way round, as strong as a normal number says. So a number of the latent is the
strength there, and half as much spread in z_T is half as strong a texture. That is how photographs
fade under linear interpolation, and why these pictures do.

Strokes belong to their cells and not to waves in step with them: a decoder that repeats pixels and
convolves makes equal latents into equal pixels, so what repeats with the cells it cannot draw.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

CELL = 8
REACH = 16

Field = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Stroke:
    """A Gabor kernel: `waves` in cycles a pixel across it, sizes in pixels, `angle` in degrees."""

    angle: float
    length: float = 3.2
    width: float = 1.5
    waves: float = 0.3


FUR = Stroke(-50)
LINEN = Stroke(45, length=2.6)
DOT = Stroke(45, length=1.5)
PLACES: dict[str, Stroke] = {
    "meadow": Stroke(-82, length=3.6),
    "forest": Stroke(-70, length=3.4),
    "sea": Stroke(4, length=4.0),
    "sunset": Stroke(8, length=4.0),
    "night": DOT,
    "snow": DOT,
}
STROKES = (FUR, LINEN, *dict.fromkeys(PLACES.values()))


def kernel(stroke: Stroke) -> Field:
    """The stroke amid `[16, 16]` pixels, of such energy that one a cell has variance 1."""
    rows, columns = np.mgrid[0:REACH, 0:REACH] - (REACH - 1) / 2
    turn = np.deg2rad(stroke.angle)
    along = columns * np.cos(turn) + rows * np.sin(turn)
    across = rows * np.cos(turn) - columns * np.sin(turn)
    envelope = np.exp(-0.5 * ((along / stroke.length) ** 2 + (across / stroke.width) ** 2))
    shape = envelope * np.cos(2 * np.pi * stroke.waves * across)
    shape -= envelope * (shape.sum() / envelope.sum())
    return np.asarray(shape * CELL / np.sqrt((shape**2).sum()), np.float32)


def strokes(stroke: Stroke, strengths: Field) -> Field:
    """One stroke in each cell, `[8·h, 8·w]`, of strengths `[h, w]`."""
    height, width = (CELL * n for n in strengths.shape)
    points = np.zeros((height, width), np.float32)
    points[CELL // 2 :: CELL, CELL // 2 :: CELL] = strengths
    return np.asarray(cv2.filter2D(points, -1, kernel(stroke), anchor=(7, 7)), np.float32)


def texture(scene: str, mask: Field, rng: np.random.Generator) -> Field:
    """Texture `[H, W]` of deviation about 1: fur where `mask` is 1, the scene's where 0."""
    height, width = (n // CELL for n in mask.shape)
    strengths = rng.standard_normal((height, width)).astype(np.float32)
    ground = strokes(PLACES.get(scene, LINEN), strengths)
    return ground + mask * (strokes(FUR, strengths) - ground)
