"""A button between two keyframe cards that shows and changes the method of that segment."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from engine.methods.contract import methods
from gui.state.explorer_state import ExplorerState
from gui.widgets.fields import Button
from gui.widgets.text_format import keyframe_letter
from gui.widgets.theme import Theme


class SegmentLink(Button):
    """Shows the method of the segment with the number `index`. It is hidden in a walk of one
    segment, whose method is chosen in the panel below.

    Signals: chosen(index, name).
    """

    chosen = Signal(int, str)

    def __init__(
        self, state: ExplorerState, index: int, theme: Theme, parent: QWidget | None = None
    ) -> None:
        ends = f"{keyframe_letter(index)} to {keyframe_letter(index + 1)}"
        super().__init__(f"Method from {ends}", f"How the walk goes from {ends}", parent=parent)
        self.setObjectName("link")
        self._state, self._index, self._theme = state, index, theme
        self.setPopupMode(Button.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)

    def set_theme(self, theme: Theme, colour: str = "") -> None:
        self._theme = theme
        self.refresh()

    def refresh(self) -> None:
        """Show the method, if the walk has several segments and no methods are compared."""
        exploration = self._state.exploration
        self.setVisible(exploration.walk.segments > 1 and not exploration.side_by_side)
        if self._index < exploration.walk.segments:
            name = exploration.walk.method_of(self._index).name
            self.setText(f"↓ {methods.get(name).label} ▾")
            self.setStyleSheet(f"color: {self._theme.method_ink(name)}")

    def _fill(self) -> None:
        menu, now = self.menu(), self._state.exploration.walk.method_of(self._index).name
        menu.clear()
        for name in methods.names():
            action = menu.addAction(methods.get(name).label)
            action.setCheckable(True)
            action.setChecked(name == now)
            choose = partial(self.chosen.emit, self._index, name)
            action.triggered.connect(lambda _=False, choose=choose: choose())
