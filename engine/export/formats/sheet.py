"""A contact sheet: one row for each lane, with its title, and frames below their γ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.atomic import choose_path, write_bytes
from engine.documents.session_file import FORMAT
from engine.errors import InputError
from engine.export.contract import Add, ExportFormat, Plan, check_picture, formats
from engine.export.png import SIGNATURE, encode_png, read_text
from engine.messages import Image
from engine.parameters import parameter
from engine.pictures.title_strip import PAPER, caption, caption_height

#: Greatest width of a sheet in pixels. Pictures are reduced to fit.
MAX_WIDTH = 8192
#: The keys of a picture's metadata, by the tags of a video.
_PNG_KEYS = {"description": "parameters", "comment": FORMAT}


@formats.register("sheet")
@dataclass(frozen=True)
class ContactSheet(ExportFormat):
    """Takes frames in any order. Frames that the sheet does not show are not rendered."""

    label = "Contact sheet, PNG"
    suffix = ".png"
    bytes_per_pixel = 2.0

    # The default is odd, so that the sheet shows the middle of the walk.
    columns: int = parameter(9, "Columns", low=1, help="Number of pictures in a row")

    @contextmanager
    def open(self, path: Path, plan: Plan) -> Iterator[Add]:
        choose_path(path, plan.existing)
        page = _Page(plan, self.shown(plan.indices))
        yield page.add
        texts = {_PNG_KEYS.get(key, key): text for key, text in plan.about.items()}
        write_bytes(path, encode_png(page.picture, texts), plan.existing)

    @classmethod
    def recognises(cls, head: bytes, suffix: str) -> bool:
        return head.startswith(SIGNATURE)

    @classmethod
    def read_document(cls, path: Path) -> str | None:
        return read_text(path).get(FORMAT)

    def shown(self, indices: tuple[int, ...]) -> tuple[int, ...]:
        """Return frames at equal intervals, with both ends."""
        count = min(self.columns, len(indices))
        places = np.linspace(0, len(indices) - 1, count).round().astype(int) if count else ()
        return tuple(indices[place] for place in places)


class _Page:
    """Owns the sheet, which is created at the first picture, when the size is known."""

    def __init__(self, plan: Plan, indices: Sequence[int]) -> None:
        self._titles, self._times = plan.titles, plan.times
        self._columns = {index: column for column, index in enumerate(indices)}
        self._page: Image | None = None
        self._tile = (0, 0)

    @property
    def picture(self) -> Image:
        """The sheet [H, W, 3] with the pictures so far. Raises InputError if there are none."""
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
        for index, column in self._columns.items() if self._head else ():
            left, wide = self._corner(0, column)[1], self._tile[1]
            gamma = f"{self._times[index]:.3f}".rstrip("0").rstrip(".")
            text = gamma if column else f"gamma = {gamma}"  # its font has no Greek
            page[: self._head, left : left + wide] = caption(text, wide, self._head)
        return page

    def _corner(self, row: int, column: int) -> tuple[int, int]:
        """Return the top and left edge of a tile."""
        height, width = self._tile
        top = self._head + row * (height + self._gap + self._caption) + self._caption
        return top, column * (width + self._gap)

    @property
    def _head(self) -> int:
        """Height of the line with the time γ of each column, in 0…1 of the whole walk."""
        return caption_height(min(self._tile)) if self._times else 0

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
