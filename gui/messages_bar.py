"""Sentences for the person, in the window and not in its way."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from gui.fields import Button, column, row
from gui.state import ExplorerState
from gui.theme import UNIT, Theme

MOST = 3


class MessagesBar(QWidget):
    """Owns the messages that are shown: each once, the newest last, at most MOST of them. They
    go when they are closed, or when a job begins that they are not about."""

    def __init__(self, state: ExplorerState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._messages: list[Message] = []
        self._layout = column(self, 0, UNIT)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.hide()
        state.message_posted.connect(self.show_message)
        state.results_reset.connect(self.clear)

    @property
    def texts(self) -> list[str]:
        """The sentences shown now."""
        return [message.text for message in self._messages]

    def show_message(self, text: str, details: str = "") -> None:
        """Show a sentence; one that is there already is counted instead."""
        for message in self._messages:
            if message.text == text:
                message.again()
                return
        message = Message(text, details, self._theme)
        message.close_button.clicked.connect(lambda: self._remove(message))
        self._messages.append(message)
        self._layout.addWidget(message)
        if len(self._messages) > MOST:
            self._remove(self._messages[0])
        self.show()

    def clear(self) -> None:
        for message in list(self._messages):
            self._remove(message)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for message in self._messages:
            message.set_theme(theme)

    def _remove(self, message: Message) -> None:
        self._messages.remove(message)
        self._layout.removeWidget(message)
        message.hide()
        message.deleteLater()
        self.setVisible(bool(self._messages))


class Message(QFrame):
    """One sentence, with a button that copies the details where there are any."""

    def __init__(self, text: str, details: str, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("message")
        self.text, self._details, self._times = text, details, 1
        self._sign = Button("Message", picture="warning")
        self._sign.setEnabled(False)
        self._label = QLabel(text)
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(
            self._label.textInteractionFlags().TextSelectableByMouse
        )
        self._copy = Button("Copy details", "Copy the technical details", picture="copy")
        self._copy.clicked.connect(self._copy_details)
        self._copy.setVisible(bool(details))
        self.close_button = Button("Close this message", picture="close")
        layout = row(self._sign, self._label, self._copy, self.close_button, spacing=2 * UNIT)
        layout.setStretch(1, 1)
        layout.setContentsMargins(2 * UNIT, UNIT, UNIT, UNIT)
        self.setLayout(layout)
        self.set_theme(theme)

    def again(self) -> None:
        """The same happened once more."""
        self._times += 1
        self._label.setText(f"{self.text} (×{self._times})")

    def set_theme(self, theme: Theme) -> None:
        self._sign.set_theme(theme, theme.warning)
        self._copy.set_theme(theme)
        self.close_button.set_theme(theme)

    def _copy_details(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.text}\n\n{self._details}")
