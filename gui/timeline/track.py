"""What all rows of the timeline share: one scale from frames to pixels."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from gui.state.explorer_state import ExplorerState
from gui.widgets.theme import UNIT, Theme
from gui.widgets.throttle import Throttle

#: Milliseconds between two repaints while frames arrive, be it by the hundred in a second.
INTERVAL = 100
#: Free space left and right of the frames.
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
        """Where frame `index` begins."""
        return self.left + index * self.cell

    def middle(self, index: float) -> float:
        """The middle of frame `index`."""
        return self.edge(index + 0.5)

    def index_at(self, x: float) -> int:
        """The frame at `x`, the nearest one outside of the frames."""
        return min(max(int((x - self.left) / max(self.cell, 1e-9)), 0), max(self.frames - 1, 0))

    def edge_at(self, x: float) -> int:
        """The frame that begins nearest to `x`; the number of frames at the end of the last."""
        return min(max(round((x - self.left) / max(self.cell, 1e-9)), 0), self.frames)


class Track(QWidget):
    """One row of the timeline. It only paints; the timeline takes the mouse for all of them."""

    def __init__(self, state: ExplorerState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._theme = state, theme
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._soon = Throttle(INTERVAL, self)
        self._soon.triggered.connect(self._refresh)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of another scheme."""
        self._theme = theme
        self.update()

    def scale(self) -> Scale:
        """The scale of all tracks at their common width."""
        return Scale(self._state.frame_count, MARGIN, max(self.width() - 2 * MARGIN, 1.0))

    def _refresh(self) -> None:
        self.update()
