"""The points that were drawn last, as a trail of fading thumbnails."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QTransform

from engine.messages import ProbeReady, Tier
from gui.trajectory.plane.plane_item import PlaneItem
from gui.widgets.qt_images import draw_rounded, to_pixmap
from gui.widgets.theme import UNIT, Theme, tint

#: Most thumbnails, and the side of one in pixels.
MOST = 24
SIDE = 9.0 * UNIT
#: Opacity of the newest thumbnail. The oldest one is nearly invisible.
OPACITY = 0.9


class PointTrailItem(PlaneItem):
    """Paints a thumbnail at each of the last points, the older the fainter. A thumbnail that a
    newer one would cover is a dot. Owns the thumbnails; the store keeps the pictures."""

    margin = SIDE
    still = False

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._points: deque[tuple[QPointF, QPixmap]] = deque(maxlen=MOST)

    def __len__(self) -> int:
        return len(self._points)

    def add(self, probe: ProbeReady, ratio: float) -> None:
        """Add a point that was drawn. A better picture of the last point replaces it; previews are
        left out. `ratio` is the screen's pixel ratio."""
        if probe.tier < Tier.DRAFT:
            return
        place = QPointF(probe.x, probe.y)
        if self._points and self._points[-1][0] == place:
            self._points.pop()
        self._points.append((place, to_pixmap(probe.image, SIDE, ratio)))
        self.changed()

    def clear(self) -> None:
        """Remove all points."""
        if self._points:
            self._points.clear()
            self.changed()

    def extent(self) -> QRectF:
        box = QRectF()
        for place, _ in self._points:
            box |= QRectF(place, place).adjusted(-1e-9, -1e-9, 1e-9, 1e-9)
        return box

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        shown = self._shown(screen)
        for age in range(len(self._points) - 1, 0, -1):  # the newest point has its own mark
            place, pixmap = self._points[-1 - age]
            painter.setOpacity(OPACITY * (1.0 - age / (MOST + 1)))
            at = screen.map(place)
            if age in shown:
                box = QRectF(0, 0, SIDE, SIDE)
                box.moveCenter(at)
                draw_rounded(painter, box, pixmap, UNIT)
                painter.setPen(QPen(tint(self.theme.canvas, 0.8), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(box, UNIT, UNIT)
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(self.theme.text))
                painter.drawEllipse(at, 1.5, 1.5)
        painter.setOpacity(1.0)

    def _shown(self, screen: QTransform) -> set[int]:
        """Returns the ages of the points whose thumbnail no newer one covers."""
        shown: dict[int, QPointF] = {}
        for age in range(len(self._points)):
            at = screen.map(self._points[-1 - age][0])
            gaps = (at - other for other in shown.values())
            if all(max(abs(gap.x()), abs(gap.y())) >= SIDE for gap in gaps):
                shown[age] = at
        return set(shown)
