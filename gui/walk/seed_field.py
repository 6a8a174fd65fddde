"""A field for seeds: whole numbers of 64 bits, which Qt's own spin box (31 bits) cannot hold.

superqt has such a box, but importing it takes longer than the first paint may.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QWidget

from engine.walk import MAX_SEED
from gui.widgets.fields import indent, is_letter, is_undo

#: What other programs write for "any seed".
ANY = "-1"


class SeedField(QAbstractSpinBox):
    """Owns one seed. "-1" draws a random one, which is then shown and kept.

    Signals: seed_changed(seed), a Python int, when the person has finished a change.
    """

    seed_changed = Signal(object)

    def __init__(self, draw: Callable[[], int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draw = draw
        self._seed = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setKeyboardTracking(False)
        self.lineEdit().setText("0")
        indent(self)
        self.editingFinished.connect(self._take_text)

    @property
    def seed(self) -> int:
        """The seed that counts, which what is being typed does not yet."""
        return self._seed

    def set_seed(self, seed: int) -> None:
        """Show a seed, without a signal; what is being typed is not disturbed by the same seed."""
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
        """Digits, also pasted with blanks around them, or "-1"."""
        stripped = text.strip()
        fine = stripped.isdecimal() and stripped.isascii() and int(stripped) <= MAX_SEED
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
        if is_undo(event) or is_letter(event):
            event.ignore()
            return False
        return super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()
