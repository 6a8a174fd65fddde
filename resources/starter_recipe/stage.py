"""The stage that figures stand on: ground with texture, out of focus further back, and a sky."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from .noise import SETTINGS, curls2, noise2
from .vocabulary import BACKGROUNDS, Colour

STUDIO, GRASS, HEATH, SAND, SNOW, MOSS, DUSK = range(7)
#: How strong the texture of what rises behind is, and how saturated scenes are before chance comes.
WALL = 0.10
SATURATION, STUDIO_SATURATION = 0.85, 0.95


@dataclass(frozen=True, slots=True)
class Stage:
    """Colours of ground, of the sky low and high, of key light and of the sky's light."""

    ground: Colour
    low: Colour
    high: Colour
    key: Colour
    sky: Colour
    kind: int
    texture: float


STAGES = {
    "meadow": Stage((0.24, 0.46, 0.08), (0.74, 0.87, 0.86), (0.26, 0.54, 0.92),
                    (1.08, 1.02, 0.88), (0.52, 0.58, 0.62), GRASS, 0.50),
    "night": Stage((0.07, 0.10, 0.26), (0.10, 0.15, 0.38), (0.012, 0.02, 0.10),
                   (0.66, 0.71, 0.94), (0.30, 0.33, 0.50), DUSK, 0.48),
    "sea": Stage((0.86, 0.68, 0.40), (0.72, 0.89, 0.93), (0.22, 0.55, 0.93),
                 (1.12, 1.04, 0.90), (0.54, 0.60, 0.66), SAND, 0.28),
    "snow": Stage((0.80, 0.85, 0.93), (0.86, 0.90, 0.95), (0.50, 0.66, 0.86),
                  (1.00, 1.00, 1.00), (0.58, 0.64, 0.74), SNOW, 0.26),
    "sunset": Stage((0.40, 0.20, 0.16), (1.05, 0.56, 0.20), (0.34, 0.18, 0.46),
                    (1.16, 0.92, 0.72), (0.56, 0.48, 0.54), HEATH, 0.48),
    "forest": Stage((0.20, 0.25, 0.07), (0.34, 0.48, 0.22), (0.05, 0.13, 0.06),
                    (0.98, 0.98, 0.78), (0.42, 0.50, 0.40), MOSS, 0.54),
}  # fmt: skip
_STUDIO_LIGHT: tuple[Colour, Colour] = (1.05, 1.0, 0.93), (0.58, 0.60, 0.66)


def stage_of(scene: str) -> Stage:
    """The stage of a scene; a plain one is a sheet of felt that rises into a wall."""
    if scene in STAGES:
        return STAGES[scene]
    r, g, b = BACKGROUNDS[scene.removeprefix("plain ")]
    floor = (0.86 * r, 0.86 * g, 0.86 * b)
    return Stage(floor, (r, g, b), (0.90 * r, 0.90 * g, 0.90 * b), *_STUDIO_LIGHT, STUDIO, 0.15)


@numba.njit(inline="always", **SETTINGS)
def _smooth(a: float, b: float, x: float) -> float:
    t = min(1.0, max(0.0, (x - a) / (b - a)))
    return t * t * (3 - 2 * t)


@numba.njit(inline="always", **SETTINGS)
def _drift(x: float, y: float, seed: int) -> float:
    """Height of snow."""
    return noise2((x + 0.5 * y) / 8.5, y / 5.2, seed) + noise2(x / 17, y / 8, seed + 2)


@numba.njit(**SETTINGS)
def _relief(kind: int, x: float, y: float, seed: int) -> float:
    """Texture of the ground in about −1…1 at a point in pixels of the picture."""
    if kind in (GRASS, DUSK, HEATH):
        lean = 2.6 * noise2(x / 15, y / 19, seed + 1)
        blades = noise2((x + lean + 0.25 * y) / 4.2, y / 11.0, seed)
        more = noise2((x - lean - 0.3 * y) / 4.6, y / 9.5, seed + 2)
        return 1.15 * max(blades, more) - 0.40 + 0.45 * noise2(x / 9, y / 6, seed + 3)
    if kind == SAND:
        bend = 5.0 * noise2(x / 22, y / 14, seed + 1)
        ripple = np.sin((y + bend) * 0.78)
        return 0.8 * ripple * (0.5 + 0.5 * noise2(x / 17, y / 9, seed)) + 0.5 * noise2(
            x / 6.0, y / 4.2, seed + 2
        )
    if kind == SNOW:
        return 1.5 * (_drift(x - 1.3, y - 0.9, seed) - _drift(x + 1.3, y + 0.9, seed))
    if kind == MOSS:
        leaves = noise2((x + 0.6 * y) / 6.2, (y - 0.3 * x) / 4.4, seed)
        more = noise2((x - 0.7 * y) / 5.8, (y + 0.3 * x) / 4.6, seed + 1)
        return 1.3 * max(leaves, more) - 0.45
    lit = curls2((x - 1.0) / 8.6, (y - 0.8) / 5.8, seed)
    return 0.75 * (lit - curls2((x + 1.0) / 8.6, (y + 0.8) / 5.8, seed)) + 0.25 * lit


@numba.njit(inline="always", **SETTINGS)
def _wall(x: float, y: float, seed: int) -> float:
    """Texture of what rises behind, in about −1…1: soft wool, as everything here is of felt."""
    lit = noise2((x - 1.3) / 7.2, (y - 1.1) / 6.6, seed + 41)
    shaded = noise2((x + 1.3) / 7.2, (y + 1.1) / 6.6, seed + 41)
    return 0.9 * (lit - shaded) + 0.5 * noise2((x + 0.7 * y) / 8, (y - 0.7 * x) / 8, seed + 43)


@numba.njit(**SETTINGS)
def _tint(kind: int, x: float, y: float, seed: int, amount: float) -> tuple[float, float, float]:
    """Factors for red, green and blue: patches of other colours, some pixels wide."""
    warm, cold = noise2(x / 13, y / 7, seed + 7), noise2(x / 11, y / 6, seed + 8)
    strength = amount * (0.18 if kind in (STUDIO, SAND, SNOW) else 0.45)
    red, blue = 1 + strength * warm, 1 + 1.3 * strength * cold
    green = 1 - 0.45 * strength * (warm + cold)
    if kind == GRASS:  # flowers stand in groups
        bloom = _smooth(0.30, 0.62, noise2((x + 0.4 * y) / 8.0, (y - 0.3 * x) / 6.0, seed + 9))
        red += bloom * (1.4 + 1.2 * warm)
        blue += bloom * (2.0 + 4.0 * cold)
    return red, green, blue


@numba.njit(**SETTINGS)
def _pools(kind: int, x: float, y: float, seed: int, amount: float) -> tuple[float, float, float]:
    """Factors for red, green and blue: soft pools of coloured light over everything."""
    strength = amount * (0.26 if kind in (STUDIO, SNOW) else 0.42)
    warm = noise2(x / 56, y / 48, seed + 31) + 0.4 * noise2(x / 27, y / 24, seed + 32)
    cold = noise2(x / 50, y / 52, seed + 33) + 0.4 * noise2(x / 25, y / 26, seed + 34)
    red, green, blue = 1 + strength * warm, 1 - 0.4 * strength * (warm + cold), 1 + strength * cold
    return max(0.08, red), max(0.08, green), max(0.08, blue)


@numba.njit(**SETTINGS)
def _behind(kind: int, x: float, y: float, seed: int) -> tuple[float, float, float]:
    """What stands out of focus before the sky, as factors; `y` is 0 at the horizon, −1 on top."""
    if kind == MOSS:
        trunk = noise2(x / 9.0, 0.35 * y, seed + 11) + 0.5 * noise2(x / 17.0, 0.2 * y, seed + 12)
        dark = _smooth(0.05, 0.65, trunk) * 0.72
        light = _smooth(0.25, 0.9, noise2(x / 12, 2.6 * y, seed + 13)) * 0.9
        return 1 - dark + light, 1 - 0.92 * dark + light, 1 - dark + 0.45 * light
    if kind in (GRASS, SNOW, HEATH, DUSK):
        ridge = (
            -0.20 - 0.10 * noise2(x / 34, 0.5, seed + 11) - 0.05 * noise2(x / 13, 0.5, seed + 14)
        )
        hill = _smooth(ridge - 0.05, ridge + 0.05, y)
        if kind == GRASS:
            return 1 - 0.55 * hill, 1 - 0.30 * hill, 1 - 0.66 * hill
        if kind == HEATH:
            return 1 - 0.45 * hill, 1 - 0.45 * hill, 1 + 0.15 * hill
        return 1 - 0.16 * hill, 1 - 0.10 * hill, 1 - 0.03 * hill
    return 1.0, 1.0, 1.0


@numba.njit(**SETTINGS)
def _sea(row: np.ndarray, x: float, y: float, seed: int) -> None:
    """A band of water below the horizon, with a line of foam where it ends."""
    shore = 0.44 + 0.05 * noise2(x / 26, 0.5, seed + 11)
    wet = _smooth(-0.03, 0.02, y) * (1 - _smooth(shore - 0.03, shore + 0.03, y))
    wave = noise2(x / 12, 46 * y, seed + 12)
    foam = _smooth(0.05, 0.0, abs(y - shore)) * 0.6
    for c in range(3):
        water = (0.06, 0.40, 0.62)[c] * (1 + 0.35 * wave)
        row[c] = row[c] * (1 - wet) + water * wet
        row[c] = row[c] * (1 - foam) + 0.95 * foam


@numba.njit(**SETTINGS)
def _lamps(row: np.ndarray, kind: int, x: float, y: float, sun: float, seed: int) -> None:
    """Clouds, the moon and stars, or the low sun, in the sky."""
    if kind == DUSK:
        disc = 1 - _smooth(7.0, 9.0, np.sqrt((x - sun) ** 2 + (y - 15) ** 2))
        halo = 0.25 * np.exp(-((x - sun) ** 2 + (y - 15) ** 2) / 400)
        cell_x, cell_y = np.floor(x / 13), np.floor(y / 13)
        at_x = (cell_x + 0.5 + 0.34 * noise2(cell_x, cell_y, seed + 21)) * 13
        at_y = (cell_y + 0.5 + 0.34 * noise2(cell_x, cell_y, seed + 22)) * 13
        chance = noise2(cell_x, cell_y, seed + 23)
        star = np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / 1.6) * (chance > -0.1)
        for c in range(3):
            row[c] += (0.95, 0.92, 0.70)[c] * disc + (0.3, 0.35, 0.6)[c] * halo + 0.75 * star
    elif kind == HEATH:
        far = np.sqrt((x - sun) ** 2 + (y - 32) ** 2)
        disc, halo = 1 - _smooth(10.0, 14.0, far), np.exp(-far * far / 900)
        for c in range(3):
            row[c] += (0.9, 0.75, 0.35)[c] * (0.8 * disc + 0.3 * halo)
    if kind in (GRASS, SAND, HEATH):
        cloud = noise2(x / 26, y / 9, seed + 15) + 0.5 * noise2(x / 12, y / 5, seed + 16)
        white = 0.55 * _smooth(0.15, 1.0, cloud)
        for c in range(3):
            row[c] = (
                row[c] * (1 - white)
                + (1.0, 0.97 - 0.35 * (kind == HEATH), 0.96 - 0.5 * (kind == HEATH))[c] * white
            )


@numba.njit(**SETTINGS)
def _sky(
    row: np.ndarray,
    colours: np.ndarray,
    kind: int,
    x: float,
    y: float,
    horizon: float,
    strength: float,
    seed: int,
) -> None:
    """The colour of what rises behind, from the horizon up, without what shines in it."""
    up = max(0.0, 1 - y / horizon)
    wall = np.exp(WALL * strength * _wall(x, y, seed))
    behind = _behind(kind, x, y / horizon - 1, seed)
    for c in range(3):
        row[c] = (colours[1, c] * (1 - up) + colours[2, c] * up) * behind[c] * wall


@numba.njit(**SETTINGS)
def draw_stage(
    picture: np.ndarray,
    colours: np.ndarray,
    kind: int,
    texture: float,
    shade: np.ndarray,
    sun: float,
    horizon: float,
    fine: float,
    seed: int,
    strength: float,
) -> None:
    """Fills a picture `[H, W, 3]` of linear light, `fine` times as large as its pixels.

    `colours` holds ground, low and high sky; `shade` the light that figures leave on the ground;
    the horizon and the sun's place are given in pixels. `strength` multiplies texture and the
    colours that chance decides.
    """
    height = picture.shape[0] / fine
    for j in range(picture.shape[0]):
        y = (j + 0.5) / fine
        near = (y - horizon) / (height - horizon)
        focus = _smooth(0.0, 0.45, near)
        soft = 0.30 if kind == STUDIO else 0.05
        lies = _smooth(-soft, soft, near)
        for i in range(picture.shape[1]):
            x, row = (i + 0.5) / fine, picture[j, i]
            relief = _relief(kind, x, y, seed) * texture * strength * (0.45 + 0.55 * focus) * lies
            tint = _tint(kind, x, y, seed, strength)
            _sky(row, colours, kind, x, y, horizon, strength, seed)
            if lies < 1:
                _lamps(row, kind, x, y, sun, seed)
            for c in range(3):
                ground = colours[0, c] * np.exp(relief) * tint[c] * (1.12 - 0.2 * near)
                row[c] = row[c] * (1 - lies) + ground * lies
            if kind == SAND:
                _sea(row, x, near, seed)
            pool = _pools(kind, x, y, seed, strength)
            for c in range(3):
                row[c] *= shade[j, i] * pool[c]


def colours_of(stage: Stage) -> NDArray[np.float64]:
    """Ground, low and high sky as rows."""
    return np.array((stage.ground, stage.low, stage.high))
