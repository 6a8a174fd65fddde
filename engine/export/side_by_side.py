"""Lanes from left to right with their titles above, as in the article's video."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.export.captions import PAPER, caption, caption_height
from engine.export.contract import check_picture
from engine.messages import Image


class SideBySide:
    """Puts the pictures of all lanes into one; a single lane stays as it is.

    Owns the titles' strip, which is drawn once for each size.
    """

    def __init__(self, titles: Sequence[str]) -> None:
        self._titles = tuple(titles)
        self._page: Image | None = None

    def compose(self, images: Sequence[Image]) -> Image:
        """One picture [H', W', 3] of the lanes' pictures [H, W, 3] of one size."""
        if len(images) != len(self._titles):
            raise ValueError(f"{len(images)} pictures for {len(self._titles)} lanes")
        if len(images) == 1:
            return check_picture(images[0])
        page = self._empty_page(images[0].shape[0], images[0].shape[1]).copy()
        top, step = page.shape[0] - images[0].shape[0], _step(images[0].shape[1])
        for lane, image in enumerate(images):
            left = lane * step
            page[top:, left : left + image.shape[1]] = check_picture(image)
        return page

    def _empty_page(self, height: int, width: int) -> Image:
        top, step = caption_height(min(height, width)), _step(width)
        shape = (top + height, step * (len(self._titles) - 1) + width, 3)
        if self._page is None or self._page.shape != shape:
            self._page = np.full(shape, PAPER, np.uint8)
            for lane, title in enumerate(self._titles):
                self._page[:top, lane * step : lane * step + width] = caption(title, width, top)
        return self._page


def _step(width: int) -> int:
    """From one lane's left edge to the next one's."""
    return width + max(2, width // 64)
