"""The field of each kind of option."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import SignalInstance
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from engine.atomic import person_path
from engine.errors import InputError
from gui.state.walk_edits import draw_seed
from gui.study import kinds
from gui.study.number_list import NumberList, RegionField
from gui.widgets.fields import Button, Choice, FloatField, IntField
from gui.widgets.layouts import grow, row
from gui.widgets.seed_field import SeedField

#: Decimals of a guidance scale, as many as a walk may have.
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Field:
    """The field of one option. `text` returns its value as the command line takes it. `problem`
    returns the end of a sentence that says what is wrong, or "". `parts` take the focus."""

    widget: QWidget
    changed: SignalInstance
    text: Callable[[], str]
    set_text: Callable[[str], None]
    problem: Callable[[], str]
    parts: tuple[QWidget, ...]


def make_field(option: kinds.Option) -> Field:
    """Makes the field of an option, without its value."""
    match option.kind:
        case kinds.Text():
            return _text(option.kind)
        case kinds.File():
            return _file(option.label)
        case kinds.Whole():
            return _whole(option.kind)
        case kinds.Seed():
            return _seed(option.kind)
        case kinds.Number():
            return _number(option.kind)
        case kinds.Numbers():
            numbers = NumberList(option.kind.low, option.kind.high)
            return _line(numbers, numbers.problem)
        case kinds.Choices():
            return _choices(option.kind)
        case kinds.Region():
            region = RegionField()
            parts = (region.named, region.numbers)
            said = region.problem
            return Field(region, region.changed, region.text, region.set_text, said, parts)


def _none() -> str:
    return ""


def _line(line: QLineEdit, problem: Callable[[], str]) -> Field:
    def text() -> str:
        return line.text().strip()

    return Field(line, line.textChanged, text, line.setText, problem, (line,))


def _text(kind: kinds.Text) -> Field:
    line = QLineEdit()
    return _line(line, lambda: "" if line.text().strip() else kind.needed)


def _file(label: str) -> Field:
    """A path with a button that chooses one."""
    whole, line = QWidget(), QLineEdit()
    button = Button(f"Choose: {label}", text="…")

    def choose() -> None:
        name, _ = QFileDialog.getOpenFileName(whole, label, line.text())
        if name:
            line.setText(name)

    def problem() -> str:
        text = line.text().strip()
        try:
            is_there = not text or os.path.isfile(person_path(text))
        except InputError as error:
            return str(error)
        return "" if is_there else f"there is no file {text}"

    button.clicked.connect(choose)
    whole.setLayout(row(grow(line), button))
    whole.setFocusProxy(line)
    field = _line(line, problem)
    return Field(whole, field.changed, field.text, field.set_text, problem, (line, button))


def _whole(kind: kinds.Whole) -> Field:
    box = IntField(kind.low, kind.high)

    def set_text(text: str) -> None:
        box.setValue(int(text))

    return Field(box, box.valueChanged, lambda: str(box.value()), set_text, _none, (box,))


def _seed(kind: kinds.Seed) -> Field:
    box = SeedField(draw_seed)

    def set_text(text: str) -> None:
        box.set_seed(int(text))

    def problem() -> str:
        return f"{box.seed} is more than {kind.high}" if box.seed > kind.high else ""

    return Field(box, box.seed_changed, lambda: str(box.seed), set_text, problem, (box,))


def _number(kind: kinds.Number) -> Field:
    box = FloatField(kind.low, kind.high, kind.step)
    box.setDecimals(_DECIMALS)

    def set_text(text: str) -> None:
        box.setValue(float(text))

    return Field(box, box.valueChanged, lambda: f"{box.value():.12g}", set_text, _none, (box,))


def _choices(kind: kinds.Choices) -> Field:
    box = Choice(kind.items)
    changed = box.currentIndexChanged
    return Field(box, changed, lambda: str(box.currentData() or ""), box.choose, _none, (box,))
