"""The curve of a wanted speed, drawn with the mouse or by keys over the measured steps."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from engine.pacing.curve import Values
from gui.widgets.theme import UNIT, Theme

#: Lowest and highest speed, as multiples of the mean; and the change by a key.
LEAST, MOST, STEP = 0.05, 3.0, 0.1
MARGIN = 2.0 * UNIT


class SpeedCanvas(QWidget):
    """Shows and edits the speed at equal shares of the frames. The middle line is the mean.

    Signals: drawn, when a person changes the curve.
    """

    drawn = Signal()

    def __init__(self, speed: Values, theme: Theme) -> None:
        super().__init__()
        self._speed, self._theme = speed.copy(), theme
        self._steps: Values = np.empty(0)
        self._chosen = speed.size // 2
        self._last: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Wanted speed along the walk")
        self.setAccessibleDescription("Left and Right choose a point, Up and Down move it")
        self.setMinimumSize(80 * UNIT, 45 * UNIT)

    @property
    def speed(self) -> Values:
        """The speed [n] at equal shares of the frames, with the mean 1."""
        return self._speed / self._speed.mean()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_speed(self, speed: Values) -> None:
        """Show another speed, without a signal."""
        self._speed = np.clip(speed, LEAST, MOST)
        self.update()

    def show_steps(self, steps: Values) -> None:
        """Show the measured steps of the walk behind the curve; NaN where they are not known."""
        self._steps = steps
        self.update()

    def point(self, number: int) -> QPointF:
        """The place of a point of the curve, in pixels."""
        room = self._room()
        share = number / (self._speed.size - 1)
        return QPointF(room.left() + share * room.width(), self._y(self._speed[number]))

    def sizeHint(self) -> QSize:
        return QSize(130 * UNIT, 50 * UNIT)

    def _room(self) -> QRectF:
        return QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)

    def _y(self, speed: float) -> float:
        room = self._room()
        return room.bottom() - min(max(float(speed), 0.0), MOST) / MOST * room.height()

    # ── Qt ───────────────────────────────────────────────────────────────────────────────────

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, room = self._theme, self._room()
        painter.setPen(QPen(QColor(theme.accent if self.hasFocus() else theme.line), 1))
        painter.setBrush(QColor(theme.canvas))
        painter.drawRoundedRect(room, 3, 3)
        painter.setPen(QPen(QColor(theme.line), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(room.left(), self._y(1.0)), QPointF(room.right(), self._y(1.0)))
        self._paint_steps(painter, room)
        painter.setPen(QPen(QColor(theme.accent), 2))
        points = [self.point(number) for number in range(self._speed.size)]
        painter.drawPolyline(QPolygonF(points))
        if self.hasFocus():
            painter.setBrush(QColor(theme.accent))
            painter.drawEllipse(points[self._chosen], 4, 4)

    def _paint_steps(self, painter: QPainter, room: QRectF) -> None:
        known = self._steps[np.isfinite(self._steps)]
        if not known.size or not known.mean() > 0.0:
            return
        painter.setPen(QPen(QColor(self._theme.muted), 1))
        count = self._steps.size
        line = QPolygonF()
        for number, step in enumerate((self._steps / known.mean()).tolist()):
            if np.isfinite(step):
                x = room.left() + (number + 0.5) / count * room.width()
                line.append(QPointF(x, self._y(step)))
        painter.drawPolyline(line)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._last = event.position()
            self._draw(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._last is not None:
            self._draw(event.position())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._last = None

    def _draw(self, place: QPointF) -> None:
        """Set all points between the last place of the mouse and this one, on a line."""
        room, last = self._room(), self._last or place
        ends = []
        for point in (last, place):
            share = min(max((point.x() - room.left()) / room.width(), 0.0), 1.0)
            speed = (room.bottom() - point.y()) / room.height() * MOST
            ends.append((round(share * (self._speed.size - 1)), min(max(speed, LEAST), MOST)))
        self._chosen = ends[1][0]
        (first, low), (second, high) = sorted(ends, key=lambda end: end[0])
        self._speed[first : second + 1] = np.linspace(low, high, second - first + 1)
        self._speed[self._chosen] = ends[1][1]
        self._last = place
        self._changed()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        changes = {Qt.Key.Key_Up: STEP, Qt.Key.Key_Down: -STEP}
        key = Qt.Key(event.key())
        if key in moves:
            self._chosen = min(max(self._chosen + moves[key], 0), self._speed.size - 1)
            self.update()
        elif key in changes:
            speed = self._speed[self._chosen] + changes[key]
            self._speed[self._chosen] = min(max(speed, LEAST), MOST)
            self._changed()
        else:
            super().keyPressEvent(event)

    def _changed(self) -> None:
        self.update()
        self.drawn.emit()
