"""The timeline's filmstrip: thumbnails of the walk, one row for each lane."""

from __future__ import annotations

from time import perf_counter

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy

from gui.state.explorer_state import ExplorerState
from gui.state.thumbnails import Thumbnails
from gui.timeline.track import Track
from gui.widgets.qt_images import draw_rounded
from gui.widgets.theme import UNIT, Theme

MOST_ROWS = 4
#: Minimum height of all rows together, in pixels.
LEAST_HEIGHT = 14 * UNIT
GAP = 2.0
#: Time that one repaint may spend on making thumbnails, in seconds. The next makes the rest.
THUMBNAIL_BUDGET_S = 0.006


class Filmstrip(Track):
    """Paints thumbnails of the first MOST_ROWS lanes. In place of a frame that is not ready, it
    paints the nearest one that is, at reduced opacity."""

    def __init__(self, state: ExplorerState, thumbnails: Thumbnails, theme: Theme) -> None:
        super().__init__(state, theme)
        self._thumbnails = thumbnails
        self._again = QTimer(self, singleShot=True, interval=0)
        self._again.timeout.connect(self._refresh)
        self._spent = self._reach = 0.0
        #: For each lane, the frame that is painted in each slot, or None.
        self._painted_frames: list[list[int | None]] = []
        self._new: set[tuple[int, int]] = set()
        thumbnails.changed.connect(self._changed)
        thumbnails.cleared.connect(self._fit_rows)
        self.setMinimumHeight(LEAST_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._fit_rows()

    def _fit_rows(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        rows = self._rows()
        return QSize(800, LEAST_HEIGHT if rows == 1 else 10 * UNIT * rows)

    def _rows(self) -> int:
        return min(max(len(self._state.results.lanes), 1), MOST_ROWS)

    def slots(self) -> list[tuple[int, QRectF]]:
        """Returns the frames in the top row and their rectangles. First and last are included."""
        scale, height = self.scale(), self.height() / self._rows() - GAP
        sampling = self._state.exploration.sampling
        wide = height * sampling.width / sampling.height
        count = min(scale.frames, max(int(scale.width / (wide + GAP)), 1))
        slot = scale.width / max(count, 1)
        places = []
        for number in range(count):
            index = round(number * (scale.frames - 1) / max(count - 1, 1))
            width = min(slot - GAP, wide)
            x = scale.left + (number + 0.5) * slot - width / 2
            places.append((index, QRectF(x, GAP / 2, width, height)))
        return places

    def _changed(self, lane: int, index: int) -> None:
        self._new.add((lane, index))
        self._soon.throttle()

    def _refresh(self) -> None:
        """Repaint only the slots whose picture changed; all would take several milliseconds."""
        slots = self.slots()
        frames = [self._nearest_frames(lane, slots) for lane in range(self._rows())]
        new, self._new = self._new, set()
        before, self._painted_frames = self._painted_frames, frames
        if [len(row) for row in before] != [len(row) for row in frames]:
            self.update()
            return
        for lane, row in enumerate(frames):
            for number, frame in enumerate(row):
                if frame != before[lane][number] or (lane, frame) in new:
                    self.update(self._place(lane, slots[number][1]).toAlignedRect())

    def _nearest_frames(self, lane: int, slots: list[tuple[int, QRectF]]) -> list[int | None]:
        """Returns the frame to paint in each slot: the nearest one that is available."""
        lanes = self._state.results.lanes
        if lane >= len(lanes):
            return [None] * len(slots)
        return lanes[lane].nearest_to(np.array([index for index, _ in slots]))

    def _place(self, lane: int, top: QRectF) -> QRectF:
        """Returns the rectangle in the row of `lane` below a slot `top` of the top row."""
        return top.translated(0, lane * self.height() / self._rows())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        self._spent = 0.0
        slots = self.slots()
        self._reach = self.scale().frames / max(len(slots), 1) / 2
        for lane in range(self._rows()):
            frames = self._nearest_frames(lane, slots)
            for (index, top), frame in zip(slots, frames, strict=True):
                place = self._place(lane, top)
                if event.region().intersects(place.toAlignedRect()):
                    exact = frame is not None and abs(frame - index) <= self._reach
                    self._paint_slot(painter, lane, frame, place, exact)

    def _paint_slot(
        self, painter: QPainter, lane: int, frame: int | None, place: QRectF, exact: bool
    ) -> None:
        """Paint a frame's thumbnail, at reduced opacity if it replaces a missing frame."""
        pixmap = None if frame is None else self._thumbnail(lane, frame, place.height())
        if pixmap is None or not exact:
            painter.setBrush(QColor(self._theme.surface))
            painter.drawRoundedRect(place, 3, 3)
        if pixmap is not None:
            painter.setOpacity(1.0 if exact else 0.3)
            draw_rounded(painter, place, pixmap, 3)
            painter.setOpacity(1.0)

    def _thumbnail(self, lane: int, index: int, side: float) -> QPixmap | None:
        """Returns the thumbnail of a frame, or None if this repaint has no time left for it."""
        ratio = self.devicePixelRatioF()
        if self._thumbnails.has(lane, index, side, ratio):
            return self._thumbnails.get(lane, index, side, ratio)
        if self._spent > THUMBNAIL_BUDGET_S:
            self._new.add((lane, index))
            self._again.start()
            return None
        start = perf_counter()
        pixmap = self._thumbnails.get(lane, index, side, ratio)
        self._spent += perf_counter() - start
        return pixmap
