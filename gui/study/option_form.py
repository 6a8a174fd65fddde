"""The options of an experiment as fields."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from engine.walk import Exploration
from gui.study.kinds import Experiment, Option, options_of
from gui.widgets.plain_text import PlainLabel, plain_tip
from gui.widgets.theme import UNIT


class OptionForm(QWidget):
    """Two options a row, so that a low screen shows all; an odd first one has a row alone.

    Signals: `changed` after each change of a field.
    """

    changed = Signal()

    def __init__(self, experiment: Experiment, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._experiment = experiment
        self._fields: dict[str, QLineEdit] = {}
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setVerticalSpacing(2 * UNIT)
        self._layout.setHorizontalSpacing(4 * UNIT)
        self._add_fields(options_of(experiment, Exploration()))

    def fill(self, exploration: Exploration) -> None:
        """Set all fields from a walk."""
        for option in options_of(self._experiment, exploration):
            self._fields[option.name].setText(option.value)

    def content(self) -> object:
        """Return what is chosen; equal contents compare equal."""
        return {name: field.text() for name, field in self._fields.items()}

    def arguments(self, _folder: Path) -> tuple[str, ...]:
        """Return the options of the command line. An empty field is left out."""
        texts = {name: field.text().strip() for name, field in self._fields.items()}
        return tuple(f"--{name}={text}" for name, text in texts.items() if text)

    def parts(self) -> tuple[QWidget, ...]:
        """Return the widgets that take the focus, in the order of Tab."""
        return tuple(self._fields.values())

    def _add_fields(self, options: tuple[Option, ...]) -> None:
        alone = len(options) % 2
        for number, option in enumerate(options):
            self._fields[option.name] = field = QLineEdit()
            field.setToolTip(plain_tip(option.tip))
            field.setAccessibleName(option.label)
            field.textChanged.connect(self.changed)
            line, side = divmod(number + alone if number else 0, 2)
            self._layout.addWidget(PlainLabel(option.label), line, 2 * side)
            wide = alone and not number
            self._layout.addWidget(field, line, 2 * side + 1, 1, 3 if wide else 1)
