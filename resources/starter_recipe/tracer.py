"""Draws a felt figure by sphere tracing, in parallel projection from slightly above."""

from __future__ import annotations

import numba
import numpy as np

from .noise import SETTINGS, curls3, noise3
from .shapes import distance, material, parts_along

#: The camera looks down by this angle; light comes from the upper left, in front.
PITCH = 0.2
LIGHT = np.array((-0.46, 0.72, 0.52)) / np.linalg.norm((-0.46, 0.72, 0.52))

WOOL, KNIT, SMOOTH, GLOSSY = range(4)
#: Curls a unit of a figure's height, and how far they stand out.
CURLS, RELIEF = 5.4, 0.028
FAR = 1e3

Vector = tuple[float, float, float]


@numba.njit(inline="always", **SETTINGS)
def _turned(x: float, y: float, z: float, cos: float, sin: float) -> Vector:
    return cos * x - sin * z, y, sin * x + cos * z


@numba.njit(**SETTINGS)
def _march(
    parts: np.ndarray, near: np.ndarray, count: int, origin: Vector, way: Vector, seed: float
) -> float:
    """How far the ray goes until it meets the wool; `FAR` where it does not."""
    t = 2.0
    for _ in range(48):
        x, y, z = origin[0] + way[0] * t, origin[1] + way[1] * t, origin[2] + way[2] * t
        d = distance(parts, near, count, x, y, z)
        if d < 0.03:
            d -= 0.5 * RELIEF * curls3(CURLS * x + seed, CURLS * y, CURLS * z)
        if d < 0.003:
            return t
        t += 0.9 * d
        if t > 6.0:
            break
    return FAR


@numba.njit(**SETTINGS)
def lit(
    parts: np.ndarray, near: np.ndarray, x: float, y: float, z: float, light: Vector, start: float
) -> float:
    """Share of the key light that reaches a point, with a soft edge."""
    count = parts_along(parts, (x, y, z), light, near)
    share, t = 1.0, start
    for _ in range(14):
        if count == 0 or t > 2.2:
            break
        d = distance(parts, near, count, x + light[0] * t, y + light[1] * t, z + light[2] * t)
        share = min(share, 0.5 + 4.0 * d / t)
        if share <= 0:
            return 0.0
        t += max(0.05, d)
    share = max(0.0, min(1.0, share))
    return share * share * (3 - 2 * share)


@numba.njit(**SETTINGS)
def _normal(
    parts: np.ndarray, near: np.ndarray, count: int, x: float, y: float, z: float
) -> Vector:
    e = 0.006
    a = distance(parts, near, count, x + e, y - e, z - e)
    b = distance(parts, near, count, x - e, y - e, z + e)
    c = distance(parts, near, count, x - e, y + e, z - e)
    d = distance(parts, near, count, x + e, y + e, z + e)
    nx, ny, nz = a - b - c + d, -a - b + c + d, -a + b - c + d
    length = np.sqrt(nx * nx + ny * ny + nz * nz) + 1e-12
    return nx / length, ny / length, nz / length


@numba.njit(**SETTINGS)
def _height(kind: int, x: float, y: float, z: float, seed: float) -> float:
    """The texture of a material, as a height in about −1…1."""
    if kind == WOOL:
        return curls3(CURLS * x + seed, CURLS * y, CURLS * z)
    if kind == KNIT:
        return np.sin(24.0 * np.arctan2(x, z + 1e-6) + 9.0 * y) * 0.8
    if kind == SMOOTH:
        return 0.5 * noise3(14.0 * x + seed, 14.0 * y, 14.0 * z)
    return 0.0


@numba.njit(**SETTINGS)
def _bumped(
    kind: int, x: float, y: float, z: float, seed: float, normal: Vector, relief: float
) -> tuple[float, Vector]:
    """The texture's height, and the normal tilted by its slope."""
    height = _height(kind, x, y, z, seed)
    if kind == GLOSSY:
        return height, normal
    e, strength = 0.02, 0.026 * relief
    gx = (_height(kind, x + e, y, z, seed) - height) / e * strength
    gy = (_height(kind, x, y + e, z, seed) - height) / e * strength
    gz = (_height(kind, x, y, z + e, seed) - height) / e * strength
    nx, ny, nz = normal[0] - gx, normal[1] - gy, normal[2] - gz
    length = np.sqrt(nx * nx + ny * ny + nz * nz) + 1e-12
    return relief * height, (nx / length, ny / length, nz / length)


@numba.njit(**SETTINGS)
def _shade(
    colour: np.ndarray,
    kind: int,
    height: float,
    normal: Vector,
    smooth: Vector,
    way: Vector,
    light: Vector,
    lights: np.ndarray,
    key: float,
    open_sky: float,
    result: np.ndarray,
) -> None:
    """Colour of a point under the key light, the sky's light, and a rim of fibres."""
    towards = normal[0] * light[0] + normal[1] * light[1] + normal[2] * light[2]
    soft = max(0.0, 0.35 + 0.65 * towards)
    facing = -(smooth[0] * way[0] + smooth[1] * way[1] + smooth[2] * way[2])
    rim = (1 - max(0.0, facing)) ** 3 if kind != GLOSSY else 0.0
    hx, hy, hz = light[0] - way[0], light[1] - way[1], light[2] - way[2]
    shine = (smooth[0] * hx + smooth[1] * hy + smooth[2] * hz) / np.sqrt(
        hx * hx + hy * hy + hz * hz
    )
    gloss = 1.1 * max(0.0, shine) ** 50 if kind == GLOSSY else 0.0
    crease = 1 + 0.24 * max(-1.2, min(1.0, height))
    for c in range(3):
        base = colour[c] * crease
        value = base * (1.25 * lights[0, c] * soft * (0.12 + 0.88 * key))
        value += base * lights[1, c] * (0.5 + 0.5 * smooth[1]) * open_sky
        value += (0.25 * base + 0.03) * lights[0, c] * rim * (0.4 + 0.6 * key)
        result[c] = value + gloss * lights[0, c]


@numba.njit(**SETTINGS)
def _colour_point(
    look: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    room: tuple[np.ndarray, np.ndarray],
    count: int,
    point: Vector,
    way: Vector,
    light: Vector,
    seed: float,
    relief: float,
    result: np.ndarray,
) -> None:
    """Colour of a point, seen along `way`. `room`: the parts there, and space for others."""
    parts, colours, kinds, lights = look
    near, shades = room
    x, y, z = point
    found = material(parts, near, count, x, y, z)
    smooth = _normal(parts, near, count, x, y, z)
    height, normal = _bumped(kinds[found], x, y, z, seed, smooth, relief)
    hollow = distance(
        parts, near, count, x + 0.1 * smooth[0], y + 0.1 * smooth[1], z + 0.1 * smooth[2]
    )
    open_sky = (0.35 + 0.65 * min(1.0, max(0.0, hollow / 0.1))) * min(1.0, 0.55 + 0.9 * y)
    key = lit(parts, shades, x, y, z, light, 0.05)
    _shade(
        colours[found],
        kinds[found],
        height,
        normal,
        smooth,
        way,
        light,
        lights,
        key,
        open_sky,
        result,
    )


@numba.njit(**SETTINGS)
def _box(place: np.ndarray, pixels: float, floor: float) -> tuple[int, int, int, int, float]:
    """The columns and rows that a figure may cover, and the row on which it stands."""
    base_x, base_z, size, _ = place
    foot = floor + base_z * np.sin(PITCH) * pixels
    left, right = int((base_x - 1.0 * size) * pixels), int((base_x + 1.0 * size) * pixels)
    top, bottom = int(foot - 2.3 * size * pixels), int(foot + 0.4 * size * pixels)
    return left, right, top, bottom, foot


@numba.njit(**SETTINGS)
def draw_figure(
    picture: np.ndarray,
    covered: np.ndarray,
    depth: np.ndarray,
    parts: np.ndarray,
    colours: np.ndarray,
    kinds: np.ndarray,
    lights: np.ndarray,
    place: np.ndarray,
    pixels: float,
    floor: float,
    seed: float,
    relief: float,
) -> None:
    """Adds a figure to a picture `[H, W, 3]` of linear light.

    `place` holds where it stands (x, depth), its size and its yaw; `pixels` is the length of a
    unit, `floor` the row of the ground at depth 0, `relief` how strong the texture is.
    """
    base_x, base_z, size, yaw = place
    cos, sin, up, into = np.cos(yaw), np.sin(yaw), np.cos(PITCH), np.sin(PITCH)
    way = _turned(0.0, -into, -up, cos, sin)
    light = _turned(LIGHT[0], LIGHT[1], LIGHT[2], cos, sin)
    near, look = np.zeros(parts.shape[0], np.int64), (parts, colours, kinds, lights)
    room = (near, np.zeros_like(near))
    left, right, top, bottom, foot = _box(place, pixels, floor)
    for j in range(max(0, top), min(picture.shape[0], bottom)):
        for i in range(max(0, left), min(picture.shape[1], right)):
            u, v = (i + 0.5) / pixels - base_x, (foot - j - 0.5) / pixels
            origin = _turned(u / size, v * up / size + 4 * into, 4 * up - v * into / size, cos, sin)
            count = parts_along(parts, origin, way, near)
            if count == 0:
                continue
            t = _march(parts, near, count, origin, way, seed)
            nearness = base_z * up + (4 - t) * size
            if t == FAR or nearness < depth[j, i]:
                continue
            depth[j, i], covered[j, i] = nearness, 1.0
            point = (origin[0] + way[0] * t, origin[1] + way[1] * t, origin[2] + way[2] * t)
            _colour_point(look, room, count, point, way, light, seed, relief, picture[j, i])


@numba.njit(**SETTINGS)
def cast_shadow(
    shade: np.ndarray, parts: np.ndarray, place: np.ndarray, pixels: float, floor: float
) -> None:
    """Multiplies into `shade` `[H, W]` how much light a figure leaves on the ground."""
    base_x, base_z, size, yaw = place
    cos, sin, into = np.cos(yaw), np.sin(yaw), np.sin(PITCH)
    light = _turned(LIGHT[0], LIGHT[1], LIGHT[2], cos, sin)
    near = np.zeros(parts.shape[0], np.int64)
    foot = floor + base_z * into * pixels
    left, right = int((base_x - 0.8 * size) * pixels), int((base_x + 2.2 * size) * pixels)
    top, bottom = int(foot - 2.0 * size * into * pixels), int(foot + 0.9 * size * into * pixels)
    for j in range(max(0, top), min(shade.shape[0], bottom)):
        for i in range(max(0, left), min(shade.shape[1], right)):
            u, w = ((i + 0.5) / pixels - base_x) / size, (j + 0.5 - foot) / (into * pixels * size)
            x, y, z = _turned(u, 0.0, w, cos, sin)
            contact = 0.5 * np.exp(-2.2 * (u * u / 0.20 + (w - 0.08) ** 2 / 0.16))
            shade[j, i] *= (1 - contact) * (0.35 + 0.65 * lit(parts, near, x, y, z, light, 0.03))
