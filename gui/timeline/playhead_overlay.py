"""Paints the playhead and darkens the frames outside the range, over all rows of the timeline."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from gui.state.explorer_state import ExplorerState
from gui.timeline.ruler import HEIGHT as RULER_HEIGHT
from gui.timeline.track import Track
from gui.widgets.theme import UNIT, Theme, tint


class PlayheadOverlay(Track):
    """A transparent widget over all tracks that shows the playhead and the range."""

    def __init__(self, state: ExplorerState, theme: Theme, parent: QWidget) -> None:
        super().__init__(state, theme, parent)
        self._drawn = state.playhead
        state.playhead_changed.connect(self._on_playhead)
        state.range_changed.connect(self._refresh)
        state.results_reset.connect(self._refresh)

    def _on_playhead(self, index: int) -> None:
        """Repaint only the old and the new place of the playhead, because Qt repaints the tracks
        below each area that is repainted here."""
        for each in (self._drawn, index):
            x = round(self.scale().middle(each))
            self.update(x - 4, RULER_HEIGHT, 8, self.height() - RULER_HEIGHT)
            self.update(min(max(x - 32, 0), self.width() - 64), 0, 64, RULER_HEIGHT)
        self._drawn = index

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale, (first, last) = self.scale(), self._state.span
        if self._state.range is not None:
            height = self.height() - RULER_HEIGHT
            veil = tint(self._theme.background, 0.72)
            left, right = scale.edge(first), scale.edge(last + 1)
            painter.fillRect(QRectF(0, RULER_HEIGHT, left, height), veil)
            painter.fillRect(QRectF(right, RULER_HEIGHT, self.width() - right, height), veil)
        self._paint_playhead(painter, scale.middle(self._state.playhead))

    def _paint_playhead(self, painter: QPainter, x: float) -> None:
        text = str(self._state.playhead + 1)
        painter.setFont(self._theme.font(0.82, bold=True, digits=True))
        width = QFontMetricsF(painter.font()).horizontalAdvance(text) + 3 * UNIT
        pill = QRectF(x - width / 2, 1, width, RULER_HEIGHT - UNIT - 2)
        pill.moveLeft(min(max(pill.left(), 0.0), self.width() - width))
        painter.setPen(QPen(tint(self._theme.canvas, 0.55), 4))
        painter.drawLine(QPointF(x, RULER_HEIGHT), QPointF(x, self.height()))
        painter.setPen(QPen(QColor(self._theme.accent), 2))
        painter.drawLine(QPointF(x, pill.bottom()), QPointF(x, self.height()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.accent))
        painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
        painter.setPen(QColor(self._theme.on_accent))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
