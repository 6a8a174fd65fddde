"""The timeline's filmstrip: as many of the walk's pictures as fit, a row for each lane."""

from __future__ import annotations

from time import perf_counter

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from gui.state import ExplorerState
from gui.theme import UNIT, Theme
from gui.thumbnails import Thumbnails, draw_rounded
from gui.track import Track

MOST_ROWS = 4
GAP = 2.0
#: Seconds that one repaint may spend on making thumbnails; the rest follow in the next.
BUDGET = 0.006


class Filmstrip(Track):
    """Paints thumbnails of the first MOST_ROWS lanes. A frame that is not ready yet is stood in
    for by the nearest one that is, faintly, so that the strip fills in as the walk does."""

    def __init__(
        self,
        state: ExplorerState,
        thumbnails: Thumbnails,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(state, theme, parent)
        self._thumbnails = thumbnails
        self._again = QTimer(self, singleShot=True, interval=0)
        self._again.timeout.connect(self._refresh)
        self._spent = self._reach = 0.0
        thumbnails.changed.connect(self._soon.throttle)
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

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        self._spent = 0.0
        rows, slots = self._rows(), self.slots()
        self._reach = self.scale().frames / max(len(slots), 1) / 2
        for lane in range(rows):
            for index, top in slots:
                place = top.translated(0, lane * self.height() / rows)
                if event.region().intersects(place.toAlignedRect()):
                    self._paint_slot(painter, lane, index, place)

    def _paint_slot(self, painter: QPainter, lane: int, index: int, place: QRectF) -> None:
        pixmap, exact = self._picture(lane, index, place.height())
        if pixmap is None or not exact:
            painter.setBrush(QColor(self._theme.surface))
            painter.drawRoundedRect(place, 3, 3)
        if pixmap is not None:
            painter.setOpacity(1.0 if exact else 0.3)
            draw_rounded(painter, place, pixmap, 3)
            painter.setOpacity(1.0)

    def _picture(self, lane: int, index: int, side: float) -> tuple[QPixmap | None, bool]:
        """The thumbnail of the nearest frame there is, and whether it lies in the slot's reach."""
        lanes = self._state.results.lanes
        near = lanes[lane].nearest(index) if lane < len(lanes) else None
        if near is None:
            return None, False
        return self._made(lane, near, side), abs(near - index) <= self._reach

    def _made(self, lane: int, index: int, side: float) -> QPixmap | None:
        """The thumbnail of a frame, or None if it must wait for the next repaint."""
        ratio = self.devicePixelRatioF()
        if self._thumbnails.has(lane, index, side, ratio):
            return self._thumbnails.get(lane, index, side, ratio)
        if self._spent > BUDGET:
            self._again.start()
            return None
        start = perf_counter()
        pixmap = self._thumbnails.get(lane, index, side, ratio)
        self._spent += perf_counter() - start
        return pixmap
