"""The base class of the timeline's rows, with their common scale from frames to pixels."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from gui.state.explorer_state import ExplorerState
from gui.widgets.theme import UNIT, Theme
from gui.widgets.throttle import Throttle

#: Least time between two repaints while frames arrive, in milliseconds.
INTERVAL = 100
#: Free space left and right of the frames, in pixels.
MARGIN = 2.0 * UNIT


@dataclass(frozen=True, slots=True)
class Scale:
    """Frames as equally wide cells between `left` and `left + width`, in logical pixels."""

    frames: int
    left: float
    width: float

    @property
    def cell(self) -> float:
        """Width of one frame."""
        return self.width / max(self.frames, 1)

    def edge(self, index: float) -> float:
        """The left edge of frame `index`, in pixels."""
        return self.left + index * self.cell

    def middle(self, index: float) -> float:
        """The middle of frame `index`, in pixels."""
        return self.edge(index + 0.5)

    def index_at(self, x: float) -> int:
        """The frame at `x`; beside the frames, the nearest one."""
        return min(max(int((x - self.left) / max(self.cell, 1e-9)), 0), max(self.frames - 1, 0))

    def edge_at(self, x: float) -> int:
        """The frame whose left edge is nearest to `x`; the number of frames at the right end."""
        return min(max(round((x - self.left) / max(self.cell, 1e-9)), 0), self.frames)


class Track(QWidget):
    """One row of the timeline. It only paints; `Timeline` handles the mouse for all rows."""

    def __init__(self, state: ExplorerState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._theme = state, theme
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._soon = Throttle(INTERVAL, self)
        self._soon.triggered.connect(self._refresh)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def scale(self) -> Scale:
        """The scale of all tracks at their common width."""
        return Scale(self._state.frame_count, MARGIN, max(self.width() - 2 * MARGIN, 1.0))

    def _refresh(self) -> None:
        self.update()
