"""The timeline's ruler: frame numbers, keyframes, and the handles of the range."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF

from engine.timing import Pace, share_of
from engine.walk import Walk
from gui.state.explorer_state import ExplorerState
from gui.timeline.track import Track
from gui.widgets.text_format import keyframe_letter
from gui.widgets.theme import UNIT, Theme, tint

HEIGHT = 6 * UNIT
#: Distance within which the mouse grabs a handle, in pixels.
GRIP = 6.0
#: Number of straight parts of an easing's curve.
_CURVE = 32


def nice_step(least: float) -> int:
    """Returns the smallest of 1, 2, 5, 10, 20, 50, … that is at least `least`."""
    magnitude = 1
    while True:
        for factor in (1, 2, 5):
            if factor * magnitude >= least:
                return factor * magnitude
        magnitude *= 10


class Ruler(Track):
    """Paints frame numbers, keyframe marks, easings and the two handles of the range."""

    def __init__(self, state: ExplorerState, theme: Theme) -> None:
        super().__init__(state, theme)
        self.setFixedHeight(HEIGHT)
        for signal in (state.range_changed, state.results_reset, state.exploration_changed):
            signal.connect(self._refresh)

    def handle_at(self, x: float) -> int | None:
        """Returns 0 for the handle of the first frame, 1 for that of the last, else None."""
        gaps = [abs(x - position) for position in self._handles()]
        nearest = gaps.index(min(gaps))
        return nearest if gaps[nearest] <= GRIP else None

    def _handles(self) -> tuple[float, float]:
        scale, (first, last) = self.scale(), self._state.span
        return scale.edge(first), scale.edge(last + 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        walk = self._walk()
        marks = walk.keyframe_indices()
        self._paint_easings(painter, walk)
        self._paint_numbers(painter, marks, event.rect())
        for number, index in enumerate(marks):
            self._paint_keyframe(painter, self.scale().middle(index), keyframe_letter(number))
        self._paint_range(painter)

    def _walk(self) -> Walk:
        lanes, walk = self._state.results.lanes, self._state.exploration.walk
        if lanes and walk.frames != self._state.frame_count:
            walk = lanes[0].lane.walk
        return walk

    def _paint_easings(self, painter: QPainter, walk: Walk) -> None:
        """Paint γ of each segment with an easing or a hold as a curve from the bottom to the
        top."""
        painter.setPen(QPen(tint(self._theme.accent, 0.45), 1.5))
        stops, scale = walk.stops(), self.scale()
        for segment in range(walk.segments if walk.paces else 0):
            pace = walk.pace_of(segment)
            if pace == Pace():
                continue
            start, end = stops[segment : segment + 2]
            line = QPolygonF()
            for step in range(_CURVE + 1):
                time = start + (end - start) * step / _CURVE
                x = scale.middle(share_of(walk.pacing, time) * walk.intervals)
                height = pace.at(step / _CURVE) * (self.height() - 2.0)
                line.append(QPointF(x, self.height() - 1.0 - height))
            painter.drawPolyline(line)

    def _paint_numbers(self, painter: QPainter, marks: tuple[int, ...], visible: QRect) -> None:
        scale = self.scale()
        painter.setFont(self._theme.font(0.8, digits=True))
        metrics = QFontMetricsF(painter.font())
        room = metrics.horizontalAdvance("00000") + 5 * UNIT
        step = nice_step(ceil(room / scale.cell))
        for number in sorted({1, *range(step, scale.frames + 1, step)}):
            x = scale.middle(number - 1)
            if not visible.left() - room < x < visible.right() + room:
                continue
            painter.setPen(QColor(self._theme.line))
            painter.drawLine(QPointF(x, self.height() - UNIT), QPointF(x, self.height()))
            if all(abs(x - scale.middle(mark)) > room / 2 for mark in marks):
                painter.setPen(QColor(self._theme.faint))
                box = QRectF(x - room, 0, 2 * room, self.height() - UNIT)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(number))

    def _paint_keyframe(self, painter: QPainter, x: float, letter: str) -> None:
        painter.setFont(self._theme.font(0.8, bold=True))
        painter.setPen(QColor(self._theme.text))
        box = QRectF(x - 20, 0, 40, self.height() - UNIT)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter)
        painter.setPen(QPen(QColor(self._theme.accent), 2))
        painter.drawLine(QPointF(x, self.height() - UNIT), QPointF(x, self.height()))

    def _paint_range(self, painter: QPainter) -> None:
        """Paint the range as a line at the bottom, with a handle at each end."""
        first, last = self._handles()
        bottom = self.height() - 1.0
        limited = self._state.range is not None
        colour = QColor(self._theme.accent if limited else self._theme.faint)
        if limited:
            painter.setPen(QPen(colour, 2))
            painter.drawLine(QPointF(first, bottom), QPointF(last, bottom))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        for x, outward in ((first, -1.0), (last, 1.0)):
            tip = QPointF(x, bottom + 1)
            side = QPointF(x + outward * 1.5 * UNIT, bottom - 2 * UNIT)
            painter.drawPolygon(QPolygonF([tip, QPointF(x, side.y()), side]))
