"""A form made from the parameters of a method or measure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from secrets import randbits
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QWidget

from engine.parameters import Parameter, parameters_of
from engine.walk import ParameterValue
from gui.widgets.fields import Button, Choice, FloatField, IntField
from gui.widgets.layouts import add_row, form, row
from gui.widgets.plain_text import plain_tip
from gui.widgets.seed_field import SeedField

WIDEST_INT = 2**31 - 1


class ParameterForm(QWidget):
    """Owns one field for each parameter of a class. Another class replaces the fields.

    Signals: edited(name, value), when a person has changed a value.
    """

    edited = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self._owner: type[Any] | None = None
        self._hidden: tuple[str, ...] = ()
        self._setters: dict[str, Callable[[ParameterValue], None]] = {}
        self._defaults: dict[str, ParameterValue] = {}
        self._layout = form(self)

    def show_values(
        self, owner: type[Any], values: dict[str, ParameterValue], hidden: tuple[str, ...] = ()
    ) -> None:
        """Show these values of `owner`'s parameters, and the defaults for all others."""
        if owner is not self._owner or hidden != self._hidden:
            self._hidden = hidden
            self._build(owner)
        for name, setter in self._setters.items():
            setter(values.get(name, self._defaults[name]))
        self.setVisible(bool(self._setters))

    def _build(self, owner: type[Any]) -> None:
        self._owner = owner
        self._setters.clear()
        while self._layout.rowCount():
            self._layout.removeRow(0)
        for parameter in parameters_of(owner):
            if parameter.name not in self._hidden:
                self._add(parameter)

    def _add(self, parameter: Parameter) -> None:
        field, setter = self._make(parameter)
        field.setAccessibleName(parameter.label)
        add_row(self._layout, parameter.label, field, parameter.help)
        self._defaults[parameter.name] = parameter.default
        self._setters[parameter.name] = _quietly(field, setter)

    def _make(self, p: Parameter) -> tuple[QWidget, Callable[[Any], None]]:
        """Returns the field of a parameter, and a function that shows a value in it."""

        def send(value: object) -> None:
            self.edited.emit(p.name, value)

        if p.choices:
            choice = Choice((text.capitalize(), text) for text in p.choices)
            choice.activated.connect(lambda _: send(choice.currentData()))
            return choice, choice.choose
        if isinstance(p.default, bool):
            check = QCheckBox()
            check.clicked.connect(send)
            return check, check.setChecked
        if p.unit == "seed":  # Qt's box of whole numbers has 32 bits
            seed = SeedField(partial(randbits, 32))
            seed.seed_changed.connect(send)
            return seed, seed.set_seed
        if isinstance(p.default, int):
            low = -WIDEST_INT if p.low is None else int(p.low)
            high = WIDEST_INT if p.high is None else int(p.high)
            whole = IntField(low, high, int(p.step or 1))
            whole.setSuffix(f" {p.unit}" if p.unit else "")
            whole.setSpecialValueText(p.at_low)
            whole.valueChanged.connect(send)
            return whole, whole.setValue
        if isinstance(p.default, float):
            low_end = -1e9 if p.low is None else p.low
            high_end = 1e9 if p.high is None else p.high
            number = FloatField(low_end, high_end, p.step or 0.1)
            number.setSuffix(f" {p.unit}" if p.unit else "")
            number.valueChanged.connect(send)
            return number, number.setValue
        if p.unit == "folder":
            folder = FolderField()
            folder.chosen.connect(send)
            return folder, folder.set_folder
        line = QLineEdit()
        line.editingFinished.connect(lambda: send(line.text()))
        return line, line.setText


class FolderField(QWidget):
    """A field for the path of a folder, with a button that opens a dialog.

    Signals: chosen(path).
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._line = QLineEdit()
        self._line.editingFinished.connect(lambda: self.chosen.emit(self._line.text()))
        choose = Button("Choose a folder", text="Choose…")
        choose.clicked.connect(self._choose)
        self.setLayout(row(self._line, choose))
        self.setFocusProxy(self._line)

    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        self._line.setAccessibleName(name)

    def setToolTip(self, tip: str) -> None:
        self._line.setToolTip(plain_tip(tip))

    def set_folder(self, folder: ParameterValue) -> None:
        """Show a path, scrolled to its start."""
        self._line.setText(str(folder))
        self._line.setCursorPosition(0)

    def _choose(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Choose a folder", self._line.text())
        if folder:
            self._line.setText(folder)
            self.chosen.emit(folder)


def _quietly(field: QWidget, setter: Callable[[Any], None]) -> Callable[[ParameterValue], None]:
    """Returns `setter` without the signals that an edit emits."""

    def set_quietly(value: ParameterValue) -> None:
        with QSignalBlocker(field):
            setter(value)

    return set_quietly
