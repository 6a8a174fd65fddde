"""A spin box for seeds of 64 bits. Qt's own spin box holds 32 bits.

superqt has such a widget, but its import would delay the first paint.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QFocusEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QWidget

from engine.walk import MAX_SEED
from gui.widgets.fields import make_number_field, passes_on

#: The text that other programs use for "random seed".
ANY = "-1"
#: Digits of the largest seed. Python refuses to read some thousands of them.
MOST_DIGITS = 20


class SeedField(QAbstractSpinBox):
    """Holds one seed. The text "-1" draws a random seed.

    Signals: seed_changed(seed), a Python int, when a person has finished a change.
    """

    seed_changed = Signal(object)

    def __init__(self, draw: Callable[[], int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draw = draw
        self._seed = 0
        self.lineEdit().setText("0")
        make_number_field(self)
        self.editingFinished.connect(self._take_text)

    @property
    def seed(self) -> int:
        """The present seed. Text that is still being typed does not change it."""
        return self._seed

    def set_seed(self, seed: int) -> None:
        """Show a seed without a signal. If it is the present one, text being typed stays."""
        if seed != self._seed or not self.hasFocus():
            self._seed = seed
            self.lineEdit().setText(str(seed))

    def roll(self) -> None:
        """Draw a random seed."""
        self._change(self._draw())

    def _take_text(self) -> None:
        text = self.lineEdit().text().strip()
        if text == ANY:
            self.roll()
        elif text.isdecimal():
            self._change(min(int(text), MAX_SEED))
        else:
            self._change(self._seed)

    def _change(self, seed: int) -> None:
        self.lineEdit().setText(str(seed))
        if seed != self._seed:
            self._seed = seed
            self.seed_changed.emit(seed)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Accept digits, with blanks around them when pasted, or "-1". An exception in here would
        end the process."""
        stripped = text.strip()
        digits = stripped.isdecimal() and stripped.isascii() and len(stripped) <= MOST_DIGITS
        fine = digits and int(stripped) <= MAX_SEED
        if fine or stripped == ANY:
            return QValidator.State.Acceptable, stripped, min(position, len(stripped))
        if stripped in ("", "-"):
            return QValidator.State.Intermediate, stripped, len(stripped)
        return QValidator.State.Invalid, text, position

    def stepBy(self, steps: int) -> None:
        text = self.lineEdit().text()
        here = int(text) if text.isdecimal() else self._seed
        self._change(min(max(here + steps, 0), MAX_SEED))

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        flags = QAbstractSpinBox.StepEnabledFlag.StepNone
        if self._seed < MAX_SEED:
            flags |= QAbstractSpinBox.StepEnabledFlag.StepUpEnabled
        if self._seed > 0:
            flags |= QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        return flags

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.selectAll()

    def event(self, event: QEvent) -> bool:
        return not passes_on(event) and super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()
