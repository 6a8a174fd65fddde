"""The mix pad: anchors at the corners of a polygon, and the weights of a point."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF, QTransform

from engine.geometry.polygon_weights import regular_polygon
from engine.messages import Points
from gui.trajectory.plane.plane_item import PlaneItem
from gui.trajectory.plane.plane_path import NOTHING
from gui.widgets.qt_images import draw_rounded
from gui.widgets.text_format import keyframe_letter
from gui.widgets.theme import UNIT, Theme, tint

#: Side of an anchor's picture in pixels.
PICTURE = 14.0 * UNIT


class MixItem(PlaneItem):
    """Paints the polygon, the anchors with picture, letter and weight, and lines to the point."""

    still = False

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.corners: Points = NOTHING
        self._pictures: list[QPixmap | None] = []
        self._point: QPointF | None = None
        self._weights: Points | None = None

    def set_anchors(self, pictures: list[QPixmap | None]) -> None:
        """Set the anchors, one for each picture; None is a picture that is not rendered yet."""
        if len(pictures) != len(self.corners):
            self.corners = regular_polygon(len(pictures)) if pictures else NOTHING
            self._point = self._weights = None
        self._pictures = pictures
        self.update()

    def set_point(self, point: QPointF | None, weights: Points | None) -> None:
        """Set the point and the weights of the anchors [n]; None hides them."""
        self._point, self._weights = point, weights
        self.update()

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        places = [screen.map(QPointF(*corner)) for corner in self.corners]
        painter.setPen(QPen(tint(self.theme.shell, 0.9), 1.2))
        painter.setBrush(tint(self.theme.shell, 0.14))
        painter.drawPolygon(QPolygonF(places))
        if self._point is not None and self._weights is not None:
            self._draw_lines(painter, places, screen.map(self._point), self._weights)
        for number, place in enumerate(places):
            self._draw_anchor(painter, number, place)

    def _draw_lines(
        self, painter: QPainter, places: list[QPointF], at: QPointF, weights: Points
    ) -> None:
        """Paint a line to each anchor, the wider the larger its weight; dashed if it is
        negative."""
        most = max(float(np.abs(weights).max(initial=0.0)), 1e-9)
        for place, weight in zip(places, weights, strict=False):
            colour = self.theme.failed if weight < 0 else self.theme.accent
            share = abs(float(weight)) / most
            pen = QPen(tint(colour, 0.15 + 0.6 * share), 1.0 + 4.0 * share)
            pen.setStyle(Qt.PenStyle.DashLine if weight < 0 else Qt.PenStyle.SolidLine)
            painter.setPen(pen)
            painter.drawLine(place, at)

    def _draw_anchor(self, painter: QPainter, number: int, place: QPointF) -> None:
        box = QRectF(0, 0, PICTURE, PICTURE)
        box.moveCenter(place)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.line))
        painter.drawRoundedRect(box.adjusted(-1.5, -1.5, 1.5, 1.5), 6, 6)
        pixmap = self._pictures[number]
        if pixmap is not None:
            draw_rounded(painter, box, pixmap, 5)
        text = keyframe_letter(number)
        if self._weights is not None and number < len(self._weights):
            text += f" {self._weights[number]:+.2f}"
        painter.setFont(self.theme.font(0.82, digits=True))
        label = QRectF(box.left() - 2 * UNIT, box.bottom() + 2, PICTURE + 4 * UNIT, 16)
        painter.setBrush(tint(self.theme.canvas, 0.75))
        painter.drawRoundedRect(label, UNIT, UNIT)
        painter.setPen(QColor(self.theme.text))
        painter.drawText(label, Qt.AlignmentFlag.AlignCenter, text)
