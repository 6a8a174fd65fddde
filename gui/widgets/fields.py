"""Input fields with the behaviour that all fields of this window share.

- The wheel scrolls the panel, unless the field has the focus.
- Undo acts on the walk, not on the field.
- A number is taken over when it is complete.
- Space and letters control playback. A field for numbers passes them on. A button or a list takes
  no focus from a click; if Tab has focused it, Enter presses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QToolButton,
    QWidget,
)

from gui.widgets.icons import icon
from gui.widgets.plain_text import plain_tip
from gui.widgets.theme import UNIT, Theme

ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
ICON = QSize(16, 16)


def is_undo(event: QEvent) -> bool:
    """True if Qt asks the field whether it handles the keys of Undo or Redo itself."""
    return (
        event.type() == QEvent.Type.ShortcutOverride
        and isinstance(event, QKeyEvent)
        and (
            event.matches(QKeySequence.StandardKey.Undo)
            or event.matches(QKeySequence.StandardKey.Redo)
        )
    )


def is_letter(event: QEvent) -> bool:
    """True if a key types a letter or a blank, which no number contains."""
    kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
    if event.type() not in kinds or not isinstance(event, QKeyEvent):
        return False
    plain = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
    return event.modifiers() in plain and (event.text().isalpha() or event.text() == " ")


def passes_on(event: QEvent) -> bool:
    """Ignores an event that a field for numbers leaves to the window. True if it is one."""
    if is_undo(event) or is_letter(event):
        event.ignore()
        return True
    return False


def make_number_field(box: QAbstractSpinBox) -> None:
    """Sets the focus policy, no value before it is complete, and a left margin of the text, which
    a style sheet cannot. The window handles drops."""
    box.setKeyboardTracking(False)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.lineEdit().setTextMargins(UNIT + 2, 0, 0, 0)
    box.lineEdit().setAcceptDrops(False)


class IntField(QSpinBox):
    """A whole number."""

    def __init__(self, low: int, high: int, step: int = 1) -> None:
        super().__init__()
        self.setRange(low, high)
        self.setSingleStep(step)
        make_number_field(self)

    def event(self, event: QEvent) -> bool:
        return not passes_on(event) and super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()


class FloatField(QDoubleSpinBox):
    """A number with the decimals of its step."""

    def __init__(self, low: float, high: float, step: float = 0.1) -> None:
        super().__init__()
        self.setDecimals(3 if step < 0.01 else 2)
        self.setRange(low, high)
        self.setSingleStep(step)
        make_number_field(self)

    def textFromValue(self, value: float) -> str:
        return self.locale().toString(value, "g", 12)

    def event(self, event: QEvent) -> bool:
        return not passes_on(event) and super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()


class Choice(QComboBox):
    """One of a few named values."""

    def __init__(self, items: Iterable[tuple[str, object]] = ()) -> None:
        super().__init__()
        for text, value in items:
            self.addItem(text, value)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)

    def offer(self, items: Sequence[tuple[str, object]]) -> None:
        """Replace the list by these texts and values. Nothing is selected."""
        if [(self.itemText(k), self.itemData(k)) for k in range(self.count())] == list(items):
            return
        self.clear()
        for text, value in items:
            self.addItem(text, value)

    def choose(self, value: object) -> None:
        """Select the item with this `value`; select nothing if there is none."""
        self.setCurrentIndex(self.findData(value))

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()


class Button(QToolButton):
    """A button with an icon, a text or both. `name` is its accessible name, and its tooltip unless
    there is a `tip`."""

    def __init__(
        self,
        name: str,
        tip: str = "",
        *,
        picture: str = "",
        text: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._picture = picture
        self.setText(text)
        self.setAccessibleName(name)
        self.setToolTip(plain_tip(tip or name))
        self.setAutoRaise(True)
        self.setIconSize(ICON)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if text and picture:
            self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def set_theme(self, theme: Theme, colour: str = "") -> None:
        """Use this colour for the icon, or the theme's own."""
        if self._picture:
            self.setIcon(icon(self._picture, theme, colour))

    def set_picture(self, picture: str, theme: Theme, colour: str = "") -> None:
        """Change the icon."""
        self._picture = picture
        self.set_theme(theme, colour)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        opens = self.menu() is not None
        instantly = self.popupMode() is QToolButton.ToolButtonPopupMode.InstantPopup
        if opens and (event.key() == Qt.Key.Key_Down or (instantly and event.key() in ENTER_KEYS)):
            self.showMenu()
        elif event.key() in ENTER_KEYS:
            self.click()
        else:
            super().keyPressEvent(event)


def show_number(field: IntField | FloatField, value: float) -> None:
    """Show a value without the signal of an edit. What a person is typing stays unless the value
    is another one than before. The field may have rounded it."""
    decimals = field.decimals() if isinstance(field, FloatField) else 0
    if abs(field.value() - value) > 0.5 * 0.1**decimals + 1e-9:
        with QSignalBlocker(field):
            field.setValue(value)  # type: ignore[arg-type]


def leave_field() -> bool:
    """Move the focus from a text field to its window. Returns True if a text field had it.

    The field's text is committed. Space and letters then control playback.
    """
    field = QApplication.focusWidget()
    if not isinstance(field, QAbstractSpinBox | QLineEdit | QPlainTextEdit):
        return False
    field.window().setFocus()
    return True


def finish_writing() -> None:
    """Takes over the text of the focused field now, as if it lost the focus."""
    field = QApplication.focusWidget()
    if isinstance(field, QAbstractSpinBox):
        field.interpretText()
    if isinstance(field, QAbstractSpinBox | QLineEdit):
        field.editingFinished.emit()
