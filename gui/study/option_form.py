"""The options of an experiment as fields."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from engine.walk import Exploration
from gui.study.kinds import Experiment, Option, Text
from gui.study.option_fields import Field, make_field
from gui.study.options import options_of
from gui.widgets.layouts import OneLine, column
from gui.widgets.plain_text import PlainLabel, plain_tip
from gui.widgets.theme import UNIT

#: Least width of a field.
_LEAST = 28 * UNIT


class OptionForm(QWidget):
    """Two options a row, so that a low screen shows all; an odd first one has a row alone.

    A line below the fields says what is wrong. Signals: `changed` after each change of a field.
    """

    changed = Signal()

    def __init__(self, experiment: Experiment, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._experiment = experiment
        self._options = options_of(experiment, Exploration())
        self._labels = {option.name: PlainLabel(option.label) for option in self._options}
        self.fields = {option.name: make_field(option) for option in self._options}
        self.said = OneLine()
        self.said.setObjectName("problem")
        grid = QGridLayout()
        grid.setVerticalSpacing(2 * UNIT)
        grid.setHorizontalSpacing(4 * UNIT)
        self._place(grid)
        layout = column(self, 0, 2 * UNIT)
        layout.addLayout(grid)
        layout.addWidget(self.said)
        self._refresh()

    def fill(self, exploration: Exploration) -> None:
        """Set all fields from a walk."""
        for option in options_of(self._experiment, exploration):
            self.fields[option.name].set_text(option.value)

    def content(self) -> object:
        """Return what is chosen; equal contents compare equal."""
        return {name: field.text() for name, field in self.fields.items()}

    def problem(self) -> str:
        """Return a sentence that says what is wrong with a field, or ""."""
        for option in self._used():
            said = self.fields[option.name].problem()
            if said:
                return f"{option.label}: {said}."
        return ""

    def arguments(self, _folder: Path) -> tuple[str, ...]:
        """Return the options of the command line."""
        texts = ((option, self.fields[option.name].text()) for option in self._used())
        return tuple(f"--{o.name}={text}" for o, text in texts if text or o.kind == Text(kept=True))

    def parts(self) -> tuple[QWidget, ...]:
        """Return the widgets that take the focus, in the order of Tab."""
        return tuple(part for field in self.fields.values() for part in field.parts)

    def _used(self) -> tuple[Option, ...]:
        """The options without those that another one makes needless."""
        return tuple(option for option in self._options if self._is_used(option))

    def _is_used(self, option: Option) -> bool:
        if option.only is None:
            return True
        name, filled = option.only
        return bool(self.fields[name].text()) == filled

    def _refresh(self) -> None:
        for option in self._options:
            for widget in (self._labels[option.name], self.fields[option.name].widget):
                widget.setEnabled(self._is_used(option))
        self.said.set_whole(self.problem())
        self.said.setVisible(bool(self.problem()))
        self.changed.emit()

    def _place(self, grid: QGridLayout) -> None:
        alone = len(self._options) % 2
        for number, option in enumerate(self._options):
            label, field = self._labels[option.name], self.fields[option.name]
            self._name(option, label, field)
            line, side = divmod(number + alone if number else 0, 2)
            grid.addWidget(label, line, 2 * side)
            wide = alone and not number
            grid.addWidget(field.widget, line, 2 * side + 1, 1, 3 if wide else 1)
        for side in (1, 3):
            grid.setColumnStretch(side, 1)

    def _name(self, option: Option, label: PlainLabel, field: Field) -> None:
        label.setBuddy(field.parts[0])
        field.widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        field.widget.setMinimumWidth(_LEAST)
        for widget in (field.widget, *field.parts):
            if not widget.accessibleName():
                widget.setAccessibleName(option.label)
            widget.setToolTip(plain_tip(option.tip))
        field.changed.connect(self._refresh)
