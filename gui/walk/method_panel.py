"""The panel for the interpolation method and its parameters."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QButtonGroup, QGridLayout, QSizePolicy, QWidget

from engine.methods.contract import methods
from engine.parameters import parameters_of
from engine.walk import MethodChoice, ParameterValue
from gui.state.explorer_state import ExplorerState
from gui.state.walk_edits import toggled, with_method
from gui.walk.method_buttons import MethodButton, MoreButton
from gui.walk.pace_editor import PaceEditor, pace_text
from gui.widgets.fields import Button, Choice
from gui.widgets.layouts import column, heading, row
from gui.widgets.parameter_form import ParameterForm
from gui.widgets.text_format import keyframe_letter
from gui.widgets.theme import UNIT, Theme

COLUMNS = 2
#: The methods with a button of their own; the others are in a menu.
FIRST = ("linear", "normalized", "slerp", "spline", "prompt-linear", "translation", "wipe")


def ordered_methods() -> list[str]:
    """Returns the methods' names: the planar ones of the article first, then the others."""
    return sorted(methods.names(), key=lambda name: not methods.get(name).planar)


class MethodPanel(QWidget):
    """Shows and changes the method of one segment or of the whole walk. While methods are compared,
    it shows these, and adds or removes methods."""

    def __init__(self, state: ExplorerState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._theme = state, theme
        self._segments = Choice()
        self._segments.setAccessibleName("Segment to show")
        self._segments.setToolTip("The part of the walk that uses the method below")
        self._segments.currentIndexChanged.connect(
            lambda _: state.set_view(segment=self._segments.currentData())
        )
        self._group = QButtonGroup(self)
        self._buttons = {name: MethodButton(name, theme) for name in FIRST}
        others = [name for name in ordered_methods() if name not in FIRST]
        self._more = MoreButton(others, self.choose, theme)
        self._form = ParameterForm()
        self._form.edited.connect(self._edit_parameter)
        self._pace = Button("Easing and hold", "Speed inside the segments, and how long they rest")
        self._pace.setObjectName("link")  # no higher than the title
        self._pace.clicked.connect(self.edit_pace)
        self._editor = PaceEditor(state, theme, self)
        layout = column(self)
        self._title = heading("Method")
        self._pace.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._pace.setMinimumWidth(1)  # a long text shrinks instead of widening the panel
        layout.addLayout(row(self._title, 1, self._pace, self._segments))
        layout.addLayout(self._grid())
        layout.addWidget(self._form)
        for signal in (state.exploration_changed, state.view_changed):
            signal.connect(self._refresh)
        self._refresh()

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(UNIT)
        for number, (name, button) in enumerate(self._buttons.items()):
            self._group.addButton(button)
            button.clicked.connect(lambda _=False, name=name: self.choose(name))
            grid.addWidget(button, number // COLUMNS, number % COLUMNS)
        grid.addWidget(self._more, len(self._buttons) // COLUMNS, len(self._buttons) % COLUMNS)
        return grid

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._editor.set_theme(theme)
        for button in (*self._buttons.values(), self._more):
            button.set_theme(theme)

    def edit_pace(self) -> None:
        """Open the editor of the easing and hold of the shown segment, or of all segments."""
        self._editor.open_below(self._pace, self._segment())

    def show_segment(self, segment: int) -> None:
        """Select a segment in the list, and show its method."""
        self._state.set_view(segment=segment)

    def _segment(self) -> int | None:
        """The segment that is shown; None for the whole walk, or if the segment was removed."""
        segment, exploration = self._state.view.segment, self._state.exploration
        there = segment is not None and 1 < exploration.walk.segments > segment
        return segment if there else None

    def _choice(self) -> MethodChoice:
        return self._state.exploration.walk.method_of(self._segment() or 0)

    def _refresh(self) -> None:
        compare = {choice.name for choice in self._state.exploration.side_by_side}
        self._title.setText("Side by side" if compare else "Method")
        self._list_segments()
        walk, segment = self._state.exploration.walk, self._segment()
        mixed = segment is None and len(set(walk.paces)) > 1
        text = "Several easings" if mixed else pace_text(walk.pace_of(segment or 0))
        self._pace.setText(f"{text or 'Easing'} ▾")
        if compare:
            self._group.setExclusive(False)
            for name, button in self._buttons.items():
                button.setChecked(name in compare)
            self._more.show_chosen(compare)
            self._form.hide()
        else:
            self._show_choice(self._choice())

    def _show_choice(self, choice: MethodChoice) -> None:
        walk = self._state.exploration.walk
        mixed = self._segment() is None and len(walk.methods) > 1
        self._group.setExclusive(False)
        for name, button in self._buttons.items():
            button.setChecked(name == choice.name and not mixed)
        self._more.show_chosen(() if mixed else (choice.name,))
        self._group.setExclusive(not mixed and choice.name in self._buttons)
        same_words = len({keyframe.prompt for keyframe in walk.keyframes}) == 1
        method = methods.get(choice.name)
        self._form.show_values(method, dict(choice.params), ("prompts",) if same_words else ())
        if mixed:
            self._form.hide()

    def _list_segments(self) -> None:
        count, segment = self._state.exploration.walk.segments, self._segment()
        self._segments.setVisible(count > 1 and not self._state.exploration.side_by_side)
        self._segments.blockSignals(True)
        ends = [self._state.exploration.walk.end_of(start) for start in range(count)]
        letters = [f"{keyframe_letter(k)} → {keyframe_letter(end)}" for k, end in enumerate(ends)]
        shown = [self._segments.itemText(k) for k in range(1, self._segments.count())]
        if shown != letters:
            self._segments.clear()
            self._segments.addItem("Whole walk", None)
            for start, text in enumerate(letters):
                self._segments.addItem(text, start)
        self._segments.setCurrentIndex(0 if segment is None else segment + 1)
        self._segments.blockSignals(False)

    def choose(self, name: str) -> None:
        """Use this method in the shown segment; while methods are compared, add or remove it."""
        exploration = self._state.exploration
        if exploration.side_by_side:
            self._state.edit(toggled(exploration, name), "Compare methods")
            self._refresh()
            return
        known = {parameter.name for parameter in parameters_of(methods.get(name))}
        kept = tuple(pair for pair in self._choice().params if pair[0] in known)
        self._put(MethodChoice(name, kept), f"Method {methods.get(name).label}")
        self._refresh()

    def _edit_parameter(self, name: str, value: ParameterValue) -> None:
        choice = self._choice()
        params = {**dict(choice.params), name: value}
        made = MethodChoice(choice.name, tuple(sorted(params.items())))
        self._put(made, "Parameter", f"param-{name}-{self._segment()}")

    def _put(self, choice: MethodChoice, label: str, merge: str = "") -> None:
        exploration = self._state.exploration
        walk = with_method(exploration.walk, choice, self._segment())
        self._state.edit(replace(exploration, walk=walk), label, merge)
