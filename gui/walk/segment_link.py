"""A button between two keyframe cards: the method, easing and hold of that segment."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from engine.methods.contract import methods
from engine.timing import EASINGS, Pace, easing_name
from gui.state.explorer_state import ExplorerState
from gui.state.walk_timing import with_pace
from gui.walk.pace_editor import PaceEditor, pace_text
from gui.widgets.fields import Button
from gui.widgets.text_format import EASING_TEXTS, keyframe_letter
from gui.widgets.theme import Theme


class SegmentLink(Button):
    """Shows the method, easing and hold of the segment with the number `index`, and changes them.
    It is hidden in a walk of one segment, which is edited in the panel below, and where the
    walk has no such segment: the one back to the first keyframe is that of a loop.

    Signals: chosen(index, name).
    """

    chosen = Signal(int, str)

    HOLDS = (0.0, 0.1, 0.25, 0.5)

    def __init__(
        self, state: ExplorerState, index: int, theme: Theme, parent: QWidget | None = None
    ) -> None:
        name = f"Segment from {keyframe_letter(index)}"
        super().__init__(name, "Method, easing and hold of this segment", parent=parent)
        self.setObjectName("link")
        self._state, self._index, self._theme = state, index, theme
        self._editor: PaceEditor | None = None
        self.setPopupMode(Button.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)

    def set_theme(self, theme: Theme, colour: str = "") -> None:
        self._theme = theme
        if self._editor is not None:
            self._editor.set_theme(theme)
        self.refresh()

    def refresh(self) -> None:
        """Show the segment, if there are several and no methods are compared."""
        walk = self._state.exploration.walk
        there = 1 < walk.segments > self._index
        self.setVisible(there and not self._state.exploration.side_by_side)
        if not there:
            return
        name, pace = walk.method_of(self._index).name, walk.pace_of(self._index)
        end = walk.end_of(self._index)
        parts = ["↓" if end > self._index else f"↺ {keyframe_letter(end)}"]
        parts.append(methods.get(name).label)
        parts += [f"· {text}"] if (text := pace_text(pace)) else []
        self.setText(" ".join((*parts, "▾")))
        # of the button alone: a rule without a selector would colour its menu, too
        self.setStyleSheet(f"QToolButton {{ color: {self._theme.method_ink(name)} }}")

    def _fill(self) -> None:
        menu, now = self.menu(), self._state.exploration.walk.method_of(self._index).name
        menu.clear()
        for name in methods.names():
            action = menu.addAction(methods.get(name).label)
            action.setCheckable(True)
            action.setChecked(name == now)
            choose = partial(self.chosen.emit, self._index, name)
            action.triggered.connect(lambda _=False, choose=choose: choose())
        self._fill_pace(menu, self._state.exploration.walk.pace_of(self._index))

    def _fill_pace(self, menu: QMenu, now: Pace) -> None:
        """Add the easings and holds below the methods."""
        menu.addSeparator()
        for name, easing in EASINGS.items():
            pace = replace(now, easing=easing)
            self._add(menu, EASING_TEXTS[name], pace, easing_name(now.easing) == name)
        menu.addSeparator()
        for hold in sorted({*self.HOLDS, now.hold}):
            text = f"Hold for {hold:.0%} of the segment" if hold else "No hold"
            self._add(menu, text, replace(now, hold=hold), now.hold == hold)
        menu.addSeparator()
        menu.addAction("Edit the curve and hold…", self.edit_pace)

    def edit_pace(self) -> None:
        """Open the editor of this segment's easing and hold."""
        if self._editor is None:
            self._editor = PaceEditor(self._state, self._theme, self)
        self._editor.open_below(self, self._index)

    def _add(self, menu: QMenu, text: str, pace: Pace, checked: bool) -> None:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(checked)
        action.triggered.connect(lambda: self._put(pace))

    def _put(self, pace: Pace) -> None:
        exploration = self._state.exploration
        walk = with_pace(exploration.walk, pace, self._index)
        self._state.edit(replace(exploration, walk=walk), "Easing")
