"""The small editor of a segment's easing and hold."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, QSignalBlocker, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from engine.timing import EASINGS, MAX_DRIFT, MAX_HOLD, Easing, Pace, easing_name
from engine.walk import Walk
from gui.state.explorer_state import ExplorerState
from gui.state.walk_timing import with_pace
from gui.walk.curve_canvas import CurveCanvas
from gui.widgets.fields import Choice, FloatField, IntField
from gui.widgets.layouts import add_row, column, form, heading
from gui.widgets.plain_text import PlainLabel, plain_tip
from gui.widgets.text_format import EASING_TEXTS, keyframe_letter
from gui.widgets.theme import UNIT, Theme

HANDLES = ("x1", "y1", "x2", "y2")


def pace_text(pace: Pace) -> str:
    """Describes an easing and a hold; "" for constant speed without a hold."""
    parts = [] if pace.easing.linear else [EASING_TEXTS[easing_name(pace.easing)]]
    parts += [f"hold {pace.hold:.0%}"] if pace.hold else []
    return " · ".join(parts)


class PaceEditor(QFrame):
    """Edits the easing and the hold of a segment, or (None) of all segments, while it is open.

    All changes until it is closed are one undo step. A click beside it or Esc closes it.
    """

    def __init__(self, state: ExplorerState, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popover")
        self.setAccessibleName("Editor of an easing")
        self._state, self._segment, self._opened = state, 0, 0
        self._whole = False
        self._title = heading("")
        self._canvas = CurveCanvas(theme)
        self._canvas.edited.connect(self._put_easing)
        self._easing = Choice()
        self._easing.setAccessibleName("Easing")
        self._easing.activated.connect(self._choose)
        self._handles = {name: FloatField(0.0, 1.0, 0.05) for name in HANDLES}
        self._hold = IntField(0, round(100 * MAX_HOLD), 5)
        self._drift = FloatField(0.0, MAX_DRIFT, 1.0)
        self._lay_out()
        state.exploration_changed.connect(self._follow)

    def _lay_out(self) -> None:
        layout = column(self, 3 * UNIT)
        layout.addWidget(self._title)
        layout.addWidget(self._canvas)
        grid = QGridLayout()
        for number, (name, field) in enumerate(self._handles.items()):
            first = name.endswith("1")
            field.setAccessibleName(
                f"{'First' if first else 'Second'} handle, {'time' if name[0] == 'x' else 'γ'}"
            )
            field.setToolTip(plain_tip(field.accessibleName()))
            field.valueChanged.connect(partial(self._put_handle, name))
            grid.addWidget(field, number // 2, 1 + number % 2)
        for line, text in enumerate(("First handle", "Second handle")):
            grid.addWidget(PlainLabel(text), line, 0)
        fields = form()
        add_row(fields, "Easing", self._easing, "Speed inside the segment")
        layout.addLayout(fields)
        layout.addLayout(grid)
        rest = form()
        self._hold.setAccessibleName("Hold")
        self._drift.setAccessibleName("Drift")
        self._hold.setSuffix(" %")
        self._drift.setSuffix(" °")
        add_row(rest, "Hold", self._hold, "Share of the segment that shows its first picture")
        add_row(rest, "Drift", self._drift, "Largest angle by which the noise moves in the hold")
        self._hold.valueChanged.connect(lambda v: self._put(hold=v / 100))
        self._drift.valueChanged.connect(lambda v: self._put(drift=v))
        layout.addLayout(rest)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._canvas.set_theme(theme)

    def open_below(self, anchor: QWidget, segment: int | None) -> None:
        """Open for a segment, or (None) for all segments, below a widget or above it."""
        self._whole, self._segment = segment is None, segment or 0
        self._opened += 1
        self._refresh()
        self.adjustSize()
        place = anchor.mapToGlobal(QPoint(0, anchor.height()))
        room = anchor.screen().availableGeometry()
        if place.y() + self.height() > room.bottom():
            above = place.y() - anchor.height() - self.height()
            place.setY(max(above, room.top()))
        self.move(min(place.x(), room.right() - self.width()), place.y())
        self.show()
        self._easing.setFocus(Qt.FocusReason.PopupFocusReason)

    @property
    def _walk(self) -> Walk:
        return self._state.exploration.walk

    @property
    def _pace(self) -> Pace:
        return self._walk.pace_of(min(self._segment, self._walk.segments - 1))

    def _choose(self, _index: int) -> None:
        name = self._easing.currentData()
        if name in EASINGS:
            self._put_easing(EASINGS[name])

    def _put_easing(self, easing: Easing) -> None:
        self._put(easing=easing)

    def _put_handle(self, name: str, value: float) -> None:
        """Move one handle. The others may have more digits than their fields show."""
        self._put_easing(replace(self._pace.easing, **{name: value}))

    def _put(self, **changes: Any) -> None:
        """Change some fields of the pace of the segment, or of each segment."""
        walk = self._walk
        for number in range(walk.segments) if self._whole else (self._segment,):
            walk = with_pace(walk, replace(walk.pace_of(number), **changes), number)
        exploration = replace(self._state.exploration, walk=walk)
        self._state.edit(exploration, "Easing", f"pace {id(self)} {self._opened}")

    def _follow(self) -> None:
        """Show a changed walk, unless it lost this segment."""
        if self._walk.segments <= self._segment:
            self.hide()
        elif self.isVisible():
            self._refresh()

    def _refresh(self) -> None:
        pace, start = self._pace, self._segment
        ends = f"{keyframe_letter(start)} → {keyframe_letter(self._walk.end_of(start))}"
        whole = self._whole and self._walk.segments > 1
        self._title.setText("Easing of all segments" if whole else f"Easing {ends}")
        self._canvas.show_easing(pace.easing)
        name = easing_name(pace.easing)
        shown = [*EASINGS, *(["curve"] if name == "curve" else [])]
        self._easing.offer([(EASING_TEXTS[each], each) for each in shown])
        self._easing.choose(name)
        for handle, field in self._handles.items():
            with QSignalBlocker(field):
                field.setValue(getattr(pace.easing, handle))
        with QSignalBlocker(self._hold):
            self._hold.setValue(round(100 * pace.hold))
        with QSignalBlocker(self._drift):
            self._drift.setValue(pace.drift)
        self._drift.setEnabled(pace.hold > 0.0)
