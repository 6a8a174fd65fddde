"""The timeline's filmstrip: as many of the walk's pictures as fit, a row for each lane."""

from __future__ import annotations

from time import perf_counter

import numpy as np
from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap

from gui.state.explorer_state import ExplorerState
from gui.state.thumbnails import Thumbnails
from gui.timeline.track import Track
from gui.widgets.qt_images import draw_rounded
from gui.widgets.theme import UNIT, Theme

MOST_ROWS = 4
GAP = 2.0
#: Seconds that one repaint may spend on making thumbnails; the rest follow in the next.
BUDGET = 0.006


class Filmstrip(Track):
    """Paints thumbnails of the first MOST_ROWS lanes. A frame that is not ready yet is stood in
    for by the nearest one that is, faintly, so that the strip fills in as the walk does."""

    def __init__(self, state: ExplorerState, thumbnails: Thumbnails, theme: Theme) -> None:
        super().__init__(state, theme)
        self._thumbnails = thumbnails
        self._again = QTimer(self, singleShot=True, interval=0)
        self._again.timeout.connect(self._refresh)
        self._spent = self._reach = 0.0
        #: What stands in each slot, lane by lane, and frames with a picture not painted yet.
        self._standing: list[list[int | None]] = []
        self._new: set[tuple[int, int]] = set()
        thumbnails.changed.connect(self._changed)
        thumbnails.cleared.connect(self._fit_rows)
        self._fit_rows()

    def _fit_rows(self) -> None:
        rows = self._rows()
        self.setFixedHeight(14 * UNIT if rows == 1 else 10 * UNIT * rows)
        self.update()

    def _rows(self) -> int:
        return min(max(len(self._state.results.lanes), 1), MOST_ROWS)

    def slots(self) -> list[tuple[int, QRectF]]:
        """Which frames are drawn in the top row, and where. The ends are always among them."""
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
        """Repaint the slots that have another picture: all of them take several milliseconds."""
        slots = self.slots()
        standing = [self._stand_ins(lane, slots) for lane in range(self._rows())]
        new, self._new = self._new, set()
        before, self._standing = self._standing, standing
        if [len(row) for row in before] != [len(row) for row in standing]:
            self.update()
            return
        for lane, row in enumerate(standing):
            for number, frame in enumerate(row):
                if frame != before[lane][number] or (lane, frame) in new:
                    self.update(self._place(lane, slots[number][1]).toAlignedRect())

    def _stand_ins(self, lane: int, slots: list[tuple[int, QRectF]]) -> list[int | None]:
        """The frame that is painted in each slot: the nearest that there is."""
        lanes = self._state.results.lanes
        if lane >= len(lanes):
            return [None] * len(slots)
        return lanes[lane].nearest_to(np.array([index for index, _ in slots]))

    def _place(self, lane: int, top: QRectF) -> QRectF:
        """Where a slot of the top row is in the row of `lane`."""
        return top.translated(0, lane * self.height() / self._rows())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        self._spent = 0.0
        slots = self.slots()
        self._reach = self.scale().frames / max(len(slots), 1) / 2
        for lane in range(self._rows()):
            frames = self._stand_ins(lane, slots)
            for (index, top), frame in zip(slots, frames, strict=True):
                place = self._place(lane, top)
                if event.region().intersects(place.toAlignedRect()):
                    exact = frame is not None and abs(frame - index) <= self._reach
                    self._paint_slot(painter, lane, frame, place, exact)

    def _paint_slot(
        self, painter: QPainter, lane: int, frame: int | None, place: QRectF, exact: bool
    ) -> None:
        """Paint a frame's thumbnail; faintly if it only stands in for what is not there yet."""
        pixmap = None if frame is None else self._made(lane, frame, place.height())
        if pixmap is None or not exact:
            painter.setBrush(QColor(self._theme.surface))
            painter.drawRoundedRect(place, 3, 3)
        if pixmap is not None:
            painter.setOpacity(1.0 if exact else 0.3)
            draw_rounded(painter, place, pixmap, 3)
            painter.setOpacity(1.0)

    def _made(self, lane: int, index: int, side: float) -> QPixmap | None:
        """The thumbnail of a frame, or None if it must wait for the next repaint."""
        ratio = self.devicePixelRatioF()
        if self._thumbnails.has(lane, index, side, ratio):
            return self._thumbnails.get(lane, index, side, ratio)
        if self._spent > BUDGET:
            self._new.add((lane, index))
            self._again.start()
            return None
        start = perf_counter()
        pixmap = self._thumbnails.get(lane, index, side, ratio)
        self._spent += perf_counter() - start
        return pixmap
