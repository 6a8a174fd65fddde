"""Pictures in rows and columns with their titles above, on a page that keeps its size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

import numpy as np
from PIL import Image as Pillow

from engine.export.contract import check_picture
from engine.messages import Image
from engine.pictures.resize import resize_smooth
from engine.pictures.title_strip import PAPER, caption, caption_height

#: The largest page that players take well.
MAX_WIDTH, MAX_HEIGHT = 3840, 2160
LARGEST = MAX_HEIGHT, MAX_WIDTH


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture of any size, None where there is none yet, and its title. Enlarged, the pixels of a
    `crisp` one are squares; others are smoothed."""

    image: Image | None = field(repr=False)
    title: str = ""
    crisp: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """`count` tiles of `height`×`width` pixels in columns, each below `head` rows of title; a last
    row that is not full stands in the middle."""

    count: int
    columns: int
    height: int
    width: int
    head: int

    @property
    def rows(self) -> int:
        return ceil(self.count / self.columns)

    @property
    def gap(self) -> int:
        return max(2, self.width // 64)

    @property
    def page(self) -> tuple[int, int]:
        """Height and width of everything."""
        down = self.rows * (self.head + self.height + self.gap) - self.gap
        return down, self.columns * (self.width + self.gap) - self.gap

    def corner(self, number: int) -> tuple[int, int]:
        """Top and left edge of a tile's title, and of its picture without one."""
        row, column = divmod(number, self.columns)
        free = self.rows * self.columns - self.count if row == self.rows - 1 else 0
        left = (2 * column + free) * (self.width + self.gap) // 2
        return row * (self.head + self.height + self.gap), left


def lay_out(
    tiles: Sequence[Tile],
    columns: int,
    width: int,
    height: int,
    largest: tuple[int, int] | None = LARGEST,
) -> Layout:
    """The layout of tiles of this size, or of a smaller one where the page would be larger than
    `largest`; None is no limit."""
    head = caption_height(min(width, height)) if any(tile.title for tile in tiles) else 0
    whole = Layout(len(tiles), columns, height, width, head)
    if largest is None:
        return whole
    scale = min(most / side for most, side in zip(largest, whole.page, strict=True))
    if scale >= 1.0:
        return whole
    width, height = max(int(width * scale), 1), max(int(height * scale), 1)
    return lay_out(tiles, columns, width, height, largest)


class Mosaic:
    """Composes tiles of `width`×`height`, smaller ones where a page would exceed `largest`. The
    first page decides how large all pages are; others are made to fit it, in the middle."""

    def __init__(self, width: int, height: int, largest: tuple[int, int] | None = LARGEST) -> None:
        self._tile, self._largest = (width, height), largest
        self._size: tuple[int, int] | None = None
        self._titles: dict[tuple[str, int, int], Image] = {}
        self._last: tuple[Sequence[Tile], int, Image] | None = None

    def compose(self, tiles: Sequence[Tile], columns: int) -> Image:
        """The page [H, W, 3] with the tiles in reading order; the last one where none changed."""
        if self._last is None or self._last[1] != columns or not _same(self._last[0], tiles):
            self._last = tiles, columns, self._page(tiles, columns)
        return self._last[2]

    def _page(self, tiles: Sequence[Tile], columns: int) -> Image:
        layout = lay_out(tiles, columns, *self._tile, largest=self._largest)
        if self._size is None:
            self._size = layout.page
        alone = tiles[0].image if len(tiles) == 1 else None
        if alone is not None and alone.shape[:2] == layout.page == self._size:
            return check_picture(alone)  # it fills the page, and need not be copied
        page = np.full((*layout.page, 3), PAPER, np.uint8)
        for number, tile in enumerate(tiles):
            self._place(page, layout, number, tile)
        return page if layout.page == self._size else _centred(page, *self._size)

    def _place(self, page: Image, layout: Layout, number: int, tile: Tile) -> None:
        top, left = layout.corner(number)
        below, right = top + layout.head, left + layout.width
        if tile.title.strip():
            page[top:below, left:right] = self._title(tile.title, layout.width, layout.head)
        if tile.image is not None:
            picture = resized(tile.image, layout.width, layout.height, tile.crisp)
            page[below : below + layout.height, left:right] = picture

    def _title(self, text: str, width: int, height: int) -> Image:
        key = text, width, height
        if key not in self._titles:
            self._titles[key] = caption(text, width, height)
        return self._titles[key]


def _same(some: Sequence[Tile], others: Sequence[Tile]) -> bool:
    return len(some) == len(others) and all(
        a.image is b.image and (a.title, a.crisp) == (b.title, b.crisp)
        for a, b in zip(some, others, strict=True)
    )


def resized(image: Image, width: int, height: int, crisp: bool = True) -> Image:
    """The picture at this size: enlarged by whole squares where it is `crisp`, else smoothly; made
    smaller by averages."""
    if image.shape[:2] == (height, width):
        return check_picture(image)
    smaller = width < image.shape[1] or height < image.shape[0]
    if not (smaller or crisp):
        return resize_smooth(check_picture(image), width, height)
    how = Pillow.Resampling.BOX if smaller else Pillow.Resampling.NEAREST
    return np.asarray(Pillow.fromarray(check_picture(image)).resize((width, height), how))


def _centred(page: Image, height: int, width: int) -> Image:
    """The page as large as fits, in the middle of one of this size."""
    scale = min(height / page.shape[0], width / page.shape[1])
    inner_height, inner_width = (max(int(side * scale), 1) for side in page.shape[:2])
    inner = resized(page, inner_width, inner_height, crisp=False)
    top, left = (height - inner.shape[0]) // 2, (width - inner.shape[1]) // 2
    whole = np.full((height, width, 3), PAPER, np.uint8)
    whole[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return whole
