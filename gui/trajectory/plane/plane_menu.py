"""The menu of the plane: which plane it is, and further verbs of the view."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Protocol

from PySide6.QtWidgets import QMenu, QToolButton

from engine.view import ALL_KEYFRAMES
from engine.walk import Keyframe
from gui.state.explorer_state import ExplorerState
from gui.trajectory.plane.walk_geometry import WalkGeometry
from gui.widgets.fields import Button
from gui.widgets.plain_text import plain_tip
from gui.widgets.text_format import keyframe_letter

#: With more keyframes, only those that follow one another are offered.
MOST_COMBINED = 6


class MenuPart(Protocol):
    """Adds entries to a menu, each time when it opens."""

    def fill(self, menu: QMenu) -> None: ...


class PlaneMenu(Button):
    """A button that opens the list of planes and further `parts`. The chosen plane is part of the
    view."""

    def __init__(self, state: ExplorerState, geometry: WalkGeometry, *parts: MenuPart) -> None:
        tip = "Choose the plane, fill it with pictures, or draw a path in it"
        super().__init__("Plane", tip, text="Plane ▾")
        self._state, self._geometry, self._parts = state, geometry, parts
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def _fill(self) -> None:
        menu = self.menu()
        menu.clear()
        self._add_planes(menu)
        menu.addSeparator()
        for part in self._parts:
            part.fill(menu)

    def _add_planes(self, menu: QMenu) -> None:
        keyframes = self._state.exploration.walk.keyframes
        self._add(menu, "Of the walk", (), "The plane of the path: that of two ends, or the best")
        if not self._geometry.has_planes:
            action = menu.addAction("Planes through keyframes need a rendered walk of at most 16")
            action.setEnabled(False)
            return
        self._add(menu, "Best fit of all keyframes", ALL_KEYFRAMES, "Keeps most of the walk")
        for count, title in ((2, "Through two keyframes"), (3, "Through three keyframes")):
            if len(keyframes) >= count:
                submenu = menu.addMenu(title)
                for group in _groups(keyframes, count):
                    letters = ", ".join(keyframe_letter(number) for number in group)
                    self._add(submenu, letters, tuple(keyframes[k].id for k in group))

    def _add(self, menu: QMenu, text: str, through: tuple[int, ...], tip: str = "") -> None:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(self._state.view.through == through)
        action.setToolTip(plain_tip(tip or text))
        action.triggered.connect(lambda: self._state.set_view(through=through))


def _groups(keyframes: tuple[Keyframe, ...], count: int) -> Iterable[tuple[int, ...]]:
    """Returns groups of `count` numbers of keyframes."""
    numbers = range(len(keyframes))
    if len(keyframes) <= MOST_COMBINED:
        return combinations(numbers, count)
    return (tuple(numbers[k : k + count]) for k in range(len(keyframes) - count + 1))
