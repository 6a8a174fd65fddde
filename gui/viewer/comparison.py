"""Which methods are rendered side by side, and how the viewer shows them."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from engine.methods.contract import methods
from gui.state.explorer_state import ExplorerState
from gui.state.walk_edits import compared, toggled
from gui.viewer.frame_view import FrameView
from gui.viewer.panes import ViewMode

ARTICLE = ("linear", "normalized", "slerp")
#: Ways to look at one lane.
ALONE = (ViewMode.SINGLE, ViewMode.SHEET, ViewMode.LATENT)


class Comparison(QObject):
    """Keeps the viewer's mode and the rendered lanes in step: one picture needs one lane only.

    Signals: mode_changed(mode), also when a session brought its own lanes along.
    """

    mode_changed = Signal(object)

    def __init__(self, state: ExplorerState, view: FrameView) -> None:
        super().__init__(view)
        self._state, self._view = state, view
        self._names: tuple[str, ...] = ARTICLE
        state.exploration_changed.connect(self._follow)
        self._follow()

    def set_mode(self, mode: ViewMode) -> None:
        """Show one picture, or render the compared methods and show them together."""
        exploration = self._state.exploration
        self.show_mode(mode)
        if mode is ViewMode.SINGLE:
            self._state.edit(replace(exploration, compare=(), rows=()), "One picture")
        elif not exploration.compare and not exploration.rows and mode not in ALONE:
            self._compare()

    def show_mode(self, mode: ViewMode) -> None:
        """Show what is rendered already in another way."""
        self._view.set_mode(mode)
        self.mode_changed.emit(mode)

    def toggle(self, name: str) -> None:
        """Take a method into the comparison, or out of it; two of them always stay."""
        base = compared(self._state.exploration, self._names)
        self._state.edit(toggled(base, name), "Compare methods")

    def fill(self, menu: QMenu) -> None:
        """List all methods in the menu, those that are compared with a tick."""
        menu.clear()
        for name in methods.names():
            action = QAction(methods.get(name).label, menu, checkable=True)
            action.setChecked(name in self._names)
            action.triggered.connect(lambda _, name=name: self.toggle(name))
            menu.addAction(action)

    def _compare(self) -> None:
        self._state.edit(compared(self._state.exploration, self._names), "Compare methods")

    def _follow(self) -> None:
        """A session, or undo, may bring lanes along or take them away."""
        exploration = self._state.exploration
        if exploration.compare:
            self._names = tuple(choice.name for choice in exploration.compare)
        several = bool(exploration.compare or exploration.rows)
        alone = self._view.mode in ALONE
        if (several and self._view.mode is ViewMode.SINGLE) or (not several and not alone):
            together = ViewMode.SHEET if exploration.rows else ViewMode.COMPARE
            self._view.set_mode(together if several else ViewMode.SINGLE)
            self.mode_changed.emit(self._view.mode)
