"""Input fields with the manners this window wants of them.

The wheel scrolls the page unless the field has the focus; undo belongs to the walk, not to the
field; a number counts once it is complete. Space and letters are the transport's: a field for
numbers passes them on, and a button or list clicked with the mouse does not keep the focus; one
reached with Tab is pressed with Enter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QWidget,
)

from gui.widgets.icons import icon
from gui.widgets.theme import UNIT, Theme

ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
ICON = QSize(16, 16)


def is_undo(event: QEvent) -> bool:
    """Whether a field is being asked if it wants Undo or Redo for itself."""
    return (
        event.type() == QEvent.Type.ShortcutOverride
        and isinstance(event, QKeyEvent)
        and (
            event.matches(QKeySequence.StandardKey.Undo)
            or event.matches(QKeySequence.StandardKey.Redo)
        )
    )


def is_letter(event: QEvent) -> bool:
    """Whether a key writes a letter or a blank, which no number has."""
    kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
    if event.type() not in kinds or not isinstance(event, QKeyEvent):
        return False
    plain = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
    return event.modifiers() in plain and (event.text().isalpha() or event.text() == " ")


def indent(box: QAbstractSpinBox) -> None:
    """Keep the text off the left edge; a style sheet's padding does not reach it there. Files that
    are dropped on it are for the window."""
    box.lineEdit().setTextMargins(UNIT + 2, 0, 0, 0)
    box.lineEdit().setAcceptDrops(False)


class IntField(QSpinBox):
    """A whole number."""

    def __init__(self, low: int, high: int, step: int = 1) -> None:
        super().__init__()
        self.setRange(low, high)
        self.setSingleStep(step)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        indent(self)

    def event(self, event: QEvent) -> bool:
        if is_undo(event) or is_letter(event):
            event.ignore()
            return False
        return super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()


class FloatField(QDoubleSpinBox):
    """A number, with as many decimals as its step needs."""

    def __init__(self, low: float, high: float, step: float = 0.1) -> None:
        super().__init__()
        self.setDecimals(3 if step < 0.01 else 2)
        self.setRange(low, high)
        self.setSingleStep(step)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        indent(self)

    def textFromValue(self, value: float) -> str:
        return self.locale().toString(value, "g", 6)

    def event(self, event: QEvent) -> bool:
        if is_undo(event) or is_letter(event):
            event.ignore()
            return False
        return super().event(event)

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
        """List these texts and values in place of what is listed; nothing is chosen then."""
        if [(self.itemText(k), self.itemData(k)) for k in range(self.count())] == list(items):
            return
        self.clear()
        for text, value in items:
            self.addItem(text, value)

    def choose(self, value: object) -> None:
        """Show the item that stands for `value`; nothing is shown as chosen where none does."""
        self.setCurrentIndex(self.findData(value))

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()


class Button(QToolButton):
    """A button with an icon, a text or both; `name` is read aloud and shown as its tooltip."""

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
        self.setToolTip(tip or name)
        self.setAutoRaise(True)
        self.setIconSize(ICON)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if text and picture:
            self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def set_theme(self, theme: Theme, colour: str = "") -> None:
        """Draw the icon in this colour, or in the theme's own."""
        if self._picture:
            self.setIcon(icon(self._picture, theme, colour))

    def set_picture(self, picture: str, theme: Theme, colour: str = "") -> None:
        """Show another icon from now on."""
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


def finish_writing() -> None:
    """Let what is written in the field in focus count now, as when the field is left."""
    field = QApplication.focusWidget()
    if isinstance(field, QAbstractSpinBox):
        field.interpretText()
    if isinstance(field, QAbstractSpinBox | QLineEdit):
        field.editingFinished.emit()
