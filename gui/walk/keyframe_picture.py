"""The thumbnail of a keyframe's frame, on its card."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from gui.state.explorer_state import ExplorerState
from gui.state.thumbnails import Thumbnails
from gui.widgets.qt_images import draw_rounded
from gui.widgets.text_format import keyframe_letter
from gui.widgets.theme import UNIT, Theme

SIDE = 52


class KeyframePicture(QWidget):
    """Shows the frame at a keyframe. A click moves the playhead there."""

    def __init__(
        self, state: ExplorerState, index: int, thumbnails: Thumbnails, theme: Theme
    ) -> None:
        super().__init__()
        self._state, self._index = state, index
        self._thumbnails, self._theme = thumbnails, theme
        self.setFixedSize(QSize(SIDE, SIDE))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Click to go to this keyframe; drag to move it")
        self.setAccessibleName(f"Picture of keyframe {keyframe_letter(index)}")
        thumbnails.changed.connect(self._changed)
        thumbnails.cleared.connect(self.update)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def _frame(self) -> int:
        lanes = self._state.results.lanes
        walk = lanes[0].lane.walk if lanes else self._state.exploration.walk
        indices = walk.keyframe_indices()
        return indices[min(self._index, len(indices) - 1)]

    def _changed(self, lane: int, index: int) -> None:
        if lane == 0 and index == self._frame():
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._state.seek(self._frame())
        event.ignore()  # so that the card can be dragged by its picture

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = QRectF(self.rect())
        pixmap = self._thumbnails.get(0, self._frame(), SIDE, self.devicePixelRatioF())
        if pixmap is not None:
            draw_rounded(painter, place, pixmap, UNIT)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.missing))
        painter.drawRoundedRect(place, UNIT, UNIT)
