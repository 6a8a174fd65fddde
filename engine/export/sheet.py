"""A contact sheet: a row a lane, with its title, and frames from left to right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from engine.atomic import choose_path, write_bytes
from engine.documents.session_file import FORMAT
from engine.errors import InputError
from engine.export.contract import Add, Plan, check_picture
from engine.export.png import encode_png
from engine.messages import Image
from engine.pictures.title_strip import PAPER, caption, caption_height

#: A sheet is not wider than this; pictures are made smaller instead.
MAX_WIDTH = 8192
#: What a picture's texts are called, by what a film's tags are called.
_PNG_KEYS = {"description": "parameters", "comment": FORMAT}


def sheet_indices(indices: Sequence[int], columns: int) -> tuple[int, ...]:
    """The frames that a sheet of `columns` columns shows: equally spaced, with both ends."""
    count = min(max(columns, 1), len(indices))
    places = np.linspace(0, len(indices) - 1, count).round().astype(int) if count else ()
    return tuple(indices[place] for place in places)


@contextmanager
def open_sheet(path: Path, plan: Plan) -> Iterator[Add]:
    """Takes frames in any order; those that the sheet does not show cost nothing."""
    choose_path(path, plan.existing)
    sheet = Sheet(plan.titles, sheet_indices(plan.indices, plan.columns))
    yield sheet.add
    texts = {_PNG_KEYS.get(key, key): text for key, text in plan.about.items()}
    write_bytes(path, encode_png(sheet.page, texts), plan.existing)


class Sheet:
    """Owns the page, which is made when the first picture says how large it is."""

    def __init__(self, titles: Sequence[str], indices: Sequence[int]) -> None:
        self._titles = tuple(titles)
        self._columns = {index: column for column, index in enumerate(indices)}
        self._page: Image | None = None
        self._tile = (0, 0)

    @property
    def page(self) -> Image:
        """The sheet [H, W, 3] as far as it is filled. Raises InputError where no frame came."""
        if self._page is None:
            raise InputError("There are no frames to export yet; generate the walk first.")
        return self._page

    def add(self, index: int, images: Sequence[Image]) -> None:
        """Place frame `index` of every lane."""
        if index not in self._columns:
            return
        if self._page is None:
            self._page = self._make_page(*images[0].shape[:2])
        height, width = self._tile
        for row, image in enumerate(images):
            top, left = self._corner(row, self._columns[index])
            self._page[top : top + height, left : left + width] = self._fit(image)

    def _make_page(self, height: int, width: int) -> Image:
        scale = min(1.0, MAX_WIDTH / len(self._columns) / (width * 65 / 64 + 3))
        self._tile = (max(1, round(height * scale)), max(1, round(width * scale)))
        rows, columns = len(self._titles), len(self._columns)
        bottom = self._corner(rows, 0)[0] - self._caption - self._gap
        right = self._corner(0, columns)[1] - self._gap
        page = np.full((bottom, right, 3), PAPER, np.uint8)
        for row, title in enumerate(self._titles if self._caption else ()):
            top = self._corner(row, 0)[0] - self._caption
            page[top : top + self._caption] = caption(title, right, self._caption)
        return page

    def _corner(self, row: int, column: int) -> tuple[int, int]:
        """Top and left edge of a tile."""
        height, width = self._tile
        top = row * (height + self._gap + self._caption) + self._caption
        return top, column * (width + self._gap)

    @property
    def _gap(self) -> int:
        return max(2, self._tile[1] // 64)

    @property
    def _caption(self) -> int:
        return caption_height(min(self._tile)) if any(self._titles) else 0

    def _fit(self, image: Image) -> Image:
        import cv2

        height, width = self._tile
        if image.shape[:2] == (height, width):
            return check_picture(image)
        fitted = cv2.resize(check_picture(image), (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(fitted, np.uint8)
