"""An atlas of a plane as one picture: cells in a grid, with axes in std, the shell and the path."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from engine.messages import Image, Points
from engine.pictures.title_strip import INK, PAPER, caption, caption_height

#: The widest page in pixels. Cells are reduced to fit.
MAX_SIDE = 8192
SHELL, PATH = (143, 134, 247), (230, 159, 0)


def atlas_page(
    pictures: Mapping[tuple[int, int], Image],
    spacing: float,
    shell: float,
    path: Points,
    title: str = "",
    origin: tuple[float, float] = (0.0, 0.0),
) -> Image:
    """Returns the page [H, W, 3] of pictures at the places (column, row) of a grid.

    `spacing` is the distance of two places in std, and `origin` (x, y) the middle of the place
    (0, 0), so that the picture at (i, j) has its middle at (x + i · spacing, y + j · spacing).
    `shell` is the radius of the typical shell in std, 0 for none. `path` [n, 2] are the positions
    of a walk. Rows are counted upwards. Raises ValueError without a picture.
    """
    columns = range(min(i for i, _ in pictures), max(i for i, _ in pictures) + 1)
    rows = range(min(j for _, j in pictures), max(j for _, j in pictures) + 1)
    first = next(iter(pictures.values()))
    most = MAX_SIDE // (max(len(columns), len(rows)) + 1)
    side = min(max(first.shape[:2]), most)
    page = np.full((len(rows) * side, len(columns) * side, 3), PAPER, np.uint8)
    for (i, j), image in pictures.items():
        left, top = (i - columns[0]) * side, (rows[-1] - j) * side
        page[top : top + side, left : left + side] = _square(image, side)
    xs = [origin[0] + i * spacing for i in columns]
    ys = [origin[1] + j * spacing for j in reversed(rows)]
    zero = (0.5 - xs[0] / spacing) * side, (0.5 + ys[0] / spacing) * side
    drawn = Pillow.fromarray(page)
    _draw_lines(drawn, zero, side / spacing, shell, path)
    return _with_axes(np.asarray(drawn), xs, ys, title)


def _square(image: Image, side: int) -> Image:
    """Returns the picture as large as fits into a square, on the ground of the page."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = Pillow.fromarray(image).resize(size, Pillow.Resampling.BOX)
    square = Pillow.new("RGB", (side, side), PAPER)
    square.paste(small, ((side - size[0]) // 2, (side - size[1]) // 2))
    return np.asarray(square)


def _draw_lines(
    page: Pillow.Image, origin: tuple[float, float], unit: float, shell: float, path: Points
) -> None:
    """Paint the shell as a circle and the path as a line. `unit` is one std in pixels."""
    draw, (x, y) = ImageDraw.Draw(page), origin
    width = max(round(unit / 80), 2)
    if shell > 0.0:
        radius = shell * unit
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=SHELL, width=width)
    if len(path) > 1:
        points = [(x + px * unit, y - py * unit) for px, py in path]
        draw.line(points, fill=PATH, width=width, joint="curve")


def _with_axes(page: Image, xs: list[float], ys: list[float], title: str) -> Image:
    """Returns the page with the numbers of the columns below and of the rows on the left."""
    height, width = page.shape[:2]
    side = width // len(xs)
    line = caption_height(side)
    margin = 4 * line
    head = line if title else 0
    whole = np.full((head + height + 2 * line, margin + width, 3), PAPER, np.uint8)
    whole[head : head + height, margin:] = page
    if title:
        whole[:head, margin:] = caption(title, width, head)
    drawn = Pillow.fromarray(whole)
    draw, font = ImageDraw.Draw(drawn), ImageFont.load_default(round(line * 0.62))
    for number, value in enumerate(xs):
        place = margin + (number + 0.5) * side, head + height + line / 2
        draw.text(place, f"{value:.3g}", INK, font, anchor="mm")
    for number, value in enumerate(ys):
        place = margin - line / 2, head + (number + 0.5) * side
        draw.text(place, f"{value:.3g}", INK, font, anchor="rm")
    draw.text((margin + width / 2, head + height + 1.5 * line), "std", INK, font, anchor="mm")
    return np.asarray(drawn)
