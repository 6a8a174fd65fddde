"""The timeline's readiness strip: the tier of each frame, one line for each lane."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPaintEvent

from engine.messages import Tier
from gui.state.explorer_state import ExplorerState
from gui.timeline.track import Track
from gui.widgets.theme import UNIT, Theme

MOST_ROWS = 4
LINE = 1.25 * UNIT
#: Frames at least this wide, in pixels, are separated by a gap.
GAP_FROM = 5.0
#: Up to this number, changed frames are repainted one by one; more of them by one repaint.
MOST_SINGLE_REPAINTS = 32


def condensed(tiers: npt.NDArray[np.uint8], columns: int) -> npt.NDArray[np.uint8]:
    """Reduces `tiers` [n] to at most `columns` values: each is FAILED if one of its frames failed,
    or else the lowest tier."""
    if len(tiers) <= columns:
        return tiers
    rank = np.where(tiers == Tier.FAILED, 0, tiers + 1)
    starts = np.arange(columns) * len(tiers) // columns
    least = np.minimum.reduceat(rank, starts)
    return np.where(least == 0, int(Tier.FAILED), least - 1).astype(np.uint8)


class ReadinessStrip(Track):
    """Paints the tier of every frame, or the lowest of those that share a pixel."""

    def __init__(self, state: ExplorerState, theme: Theme) -> None:
        super().__init__(state, theme)
        self._changed: set[int] = set()
        state.frame_changed.connect(self._frame_changed)
        state.results_reset.connect(self._fit_rows)
        self._fit_rows()

    def _fit_rows(self) -> None:
        rows = min(max(len(self._state.results.lanes), 1), MOST_ROWS)
        self.setFixedHeight(int(LINE + 2 + (LINE - 1) * (rows - 1)))
        self.update()

    def _frame_changed(self, _lane: int, index: int) -> None:
        self._changed.add(index)
        self._soon.throttle()

    def _refresh(self) -> None:
        """Repaint the columns of the changed frames, or everything if there are many."""
        scale, changed = self.scale(), self._changed
        self._changed = set()
        if len(changed) > MOST_SINGLE_REPAINTS:
            self.update()
            return
        for index in changed:
            column = QRectF(scale.edge(index) - 1, 0, scale.cell + 2, self.height())
            self.update(column.toAlignedRect())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        lanes = [results.tiers for results in self._state.results.lanes[:MOST_ROWS]]
        colours = {int(tier): QColor(self._theme.tier_colour(tier)) for tier in Tier}
        lanes = lanes or [np.zeros(self._state.frame_count, np.uint8)]
        for row, tiers in enumerate(lanes):
            height = LINE if len(lanes) == 1 else LINE - 2
            top = 1 + row * (LINE - 1)
            for box, tier in self._cells(tiers, top, height):
                if event.region().intersects(box.toAlignedRect()):
                    painter.fillRect(box, colours[tier])

    def _cells(
        self, tiers: npt.NDArray[np.uint8], top: float, height: float
    ) -> Iterator[tuple[QRectF, int]]:
        """Yields a rectangle and its tier for each frame, or for each run of equal tiers if the
        frames are narrow."""
        scale = self.scale()
        cells = condensed(tiers, max(int(scale.width * self.devicePixelRatioF()), 1))
        width = scale.width / len(cells)
        gap = 1.0 if width >= GAP_FROM else 0.0
        changes = np.flatnonzero(np.diff(cells)) + 1
        inner = np.arange(1, len(cells)) if gap else changes
        for first, last in pairwise([0, *inner.tolist(), len(cells)]):
            box = QRectF(scale.left + first * width, top, (last - first) * width - gap, height)
            yield box, int(cells[first])
