"""The picture of an easing, with two handles that the mouse drags."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from engine.timing import Easing
from gui.widgets.theme import UNIT, Theme

SIDE = 48 * UNIT
MARGIN = 3.0 * UNIT
RADIUS = 5.0


class CurveCanvas(QWidget):
    """Shows γ over the share of a segment's time. A press takes the nearer handle.

    Signals: edited(easing) while a handle is dragged.
    """

    edited = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self._easing = theme, Easing()
        self._held: int | None = None
        self.setFixedHeight(SIDE * 3 // 4)
        self.setMinimumWidth(SIDE)
        self.setAccessibleName("Curve of the easing")
        self.setToolTip("Drag the two handles. Rising: time to the right, γ upwards")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def show_easing(self, easing: Easing) -> None:
        """Show a curve, without a signal."""
        self._easing = easing
        self.update()

    def handle_places(self) -> tuple[QPointF, QPointF]:
        """The middles of both handles, in pixels."""
        easing = self._easing
        return self._pixel(easing.x1, easing.y1), self._pixel(easing.x2, easing.y2)

    def sizeHint(self) -> QSize:
        return QSize(SIDE, SIDE * 3 // 4)

    def _room(self) -> QRectF:
        return QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)

    def _pixel(self, x: float, y: float) -> QPointF:
        room = self._room()
        return QPointF(room.left() + x * room.width(), room.bottom() - y * room.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._theme
        painter.setPen(QPen(QColor(theme.line), 1))
        painter.setBrush(QColor(theme.canvas))
        painter.drawRoundedRect(self._room(), 3, 3)
        start, end = self._pixel(0.0, 0.0), self._pixel(1.0, 1.0)
        first, second = self.handle_places()
        painter.setPen(QPen(QColor(theme.muted), 1))
        painter.drawLine(start, first)
        painter.drawLine(end, second)
        curve = QPainterPath(start)
        curve.cubicTo(first, second, end)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.accent), 2))
        painter.drawPath(curve)
        painter.setBrush(QColor(theme.accent))
        painter.setPen(QPen(QColor(theme.text), 1))
        for place in (first, second):
            painter.drawEllipse(place, RADIUS, RADIUS)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            gaps = [(event.position() - at).manhattanLength() for at in self.handle_places()]
            self._held = gaps.index(min(gaps))
            self._drag(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            self._drag(event.position())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._held = None

    def _drag(self, place: QPointF) -> None:
        room = self._room()
        x = round(min(max((place.x() - room.left()) / room.width(), 0.0), 1.0), 2)
        y = round(min(max((room.bottom() - place.y()) / room.height(), 0.0), 1.0), 2)
        if self._held == 0:
            self._easing = replace(self._easing, x1=x, y1=y)
        else:
            self._easing = replace(self._easing, x2=x, y2=y)
        self.update()
        self.edited.emit(self._easing)
