"""The walk in the trajectory plot: curves of the methods, the strong path, and its frames."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QTransform

from engine.messages import Curve, Points, Tier
from gui.plane_item import PlaneItem, extent_of, mapped, polyline, thinned
from gui.theme import UNIT, Theme, tint

NOTHING: Points = np.empty((0, 2))
#: Dots closer than this (pixels) are left out.
DOT_SPACING = 7.0
DOT = 2.6


class CurvesItem(PlaneItem):
    """Paints the paths of all methods thinly, each named in its own colour."""

    margin = 100.0

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._curves: tuple[Curve, ...] = ()
        self._strong = ""

    def set_curves(self, curves: tuple[Curve, ...], strong: str) -> None:
        """The curves; that of the method `strong` is drawn by the path item, and only named."""
        self._curves = curves
        self._strong = strong
        self.changed()

    def extent(self) -> QRectF:
        points = [curve.points for curve in self._curves if len(curve.points)]
        return extent_of(np.concatenate(points)) if points else QRectF()

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        taken: list[QRectF] = []
        placed = [(c, mapped(thinned(c.points), screen)) for c in self._curves]
        for curve, points in placed:
            if curve.method != self._strong:
                painter.setPen(QPen(tint(self.theme.method_colour(curve.method), 0.85), 1.4))
                painter.drawPath(polyline(points))
        centre = screen.map(QPointF(0, 0))
        for curve, points in sorted(placed, key=lambda pair: pair[0].method != self._strong):
            self._draw_name(painter, curve.method, points, centre, taken)

    def _draw_name(
        self,
        painter: QPainter,
        method: str,
        points: Points,
        centre: QPointF,
        taken: list[QRectF],
    ) -> None:
        """Write the name beside the curve, on its inner side, where no other name stands."""
        strong = method == self._strong
        painter.setFont(self.theme.font(0.9 if strong else 0.82, bold=strong))
        metrics = QFontMetricsF(painter.font())
        size = QRectF(0, 0, metrics.horizontalAdvance(method) + UNIT, metrics.height())
        for share in (0.5, 0.3, 0.7, 0.15, 0.85):
            point = QPointF(*points[round(share * (len(points) - 1))])
            inward = centre - point
            length = max(float(np.hypot(inward.x(), inward.y())), 1e-9)
            away = size.width() / 2 * abs(inward.x()) / length + size.height() * 0.8
            box = QRectF(size)
            box.moveCenter(point + inward / length * away)
            if not any(box.intersects(other) for other in taken):
                taken.append(box)
                painter.setPen(QColor(self.theme.method_colour(method)))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, method)
                return


class PathItem(PlaneItem):
    """Paints the path of the walk itself, the part behind the playhead brighter."""

    margin = 12.0

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._points = NOTHING
        self._method = ""
        self._share = 0.0

    def set_path(self, points: Points, method: str) -> None:
        """The walk's points [n, 2] in order, and the method that gives the colour."""
        self._points, self._method = thinned(points), method
        self.changed()

    def set_share(self, share: float) -> None:
        """How much of the walk lies behind the playhead, in [0, 1]."""
        self._share = share
        self.update()

    def extent(self) -> QRectF:
        return extent_of(self._points)

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        points = mapped(self._points, screen)
        split = round(self._share * (len(points) - 1)) + 1 if len(points) else 0
        colour = self.theme.method_colour(self._method)
        self._stroke(painter, points, colour, ((8.0, 0.10), (2.4, 0.55)))
        self._stroke(painter, points[:split], colour, ((11.0, 0.14), (6.0, 0.22), (3.2, 1.0)))

    def _stroke(
        self, painter: QPainter, points: Points, colour: str, pens: tuple[tuple[float, float], ...]
    ) -> None:
        line = polyline(points)
        for width, opacity in pens:
            pen = QPen(tint(colour, opacity), width)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.strokePath(line, pen)


class DotsItem(PlaneItem):
    """Paints frames as dots: hollow while missing, half for a preview, full when final, a cross
    where one failed. Of dots that would touch, only some are drawn."""

    margin = 6.0

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._points = NOTHING
        self._tiers: npt.NDArray[np.uint8] = np.empty(0, np.uint8)
        self._method = ""

    def set_frames(self, points: Points, tiers: npt.NDArray[np.uint8], method: str) -> None:
        """The frames' places [n, 2] and tiers [n]; the tiers are read again at each repaint."""
        self._points, self._tiers, self._method = points, tiers, method
        self.changed()

    def extent(self) -> QRectF:
        return extent_of(self._points)

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        points = mapped(self._points, screen)
        colour = QColor(self.theme.method_colour(self._method))
        for index in spread(points, DOT_SPACING):
            self._draw_dot(painter, QPointF(*points[index]), Tier(int(self._tiers[index])), colour)

    def _draw_dot(self, painter: QPainter, at: QPointF, tier: Tier, colour: QColor) -> None:
        if tier == Tier.FAILED:
            painter.setPen(QPen(QColor(self.theme.failed), 1.6))
            for way in (QPointF(3, 3), QPointF(3, -3)):
                painter.drawLine(at - way, at + way)
            return
        painter.setPen(QPen(colour, 1.2))
        painter.setBrush(QColor(self.theme.canvas if tier < Tier.FINAL else colour))
        painter.drawEllipse(at, DOT, DOT)
        if tier in (Tier.PREVIEW, Tier.DRAFT):
            painter.setBrush(colour)
            painter.drawPie(
                QRectF(at.x() - DOT, at.y() - DOT, 2 * DOT, 2 * DOT), -90 * 16, 180 * 16
            )


def spread(points: Points, spacing: float) -> list[int]:
    """Indices of `points` [n, 2] that lie at least `spacing` apart along the path they make."""
    if len(points) < 2:
        return list(range(len(points)))
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    if lengths[-1] / (len(points) - 1) >= spacing:
        return list(range(len(points)))
    marks = np.arange(0.0, lengths[-1], spacing)
    return [*np.unique(np.searchsorted(lengths, marks)).tolist(), len(points) - 1]
