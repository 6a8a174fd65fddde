"""Messages in the window, above the viewer. They never block it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from gui.state.explorer_state import ExplorerState
from gui.widgets.fields import Button
from gui.widgets.layouts import column, row
from gui.widgets.plain_text import PlainLabel
from gui.widgets.theme import UNIT, Theme

MOST = 3


class MessagesBar(QWidget):
    """Owns the messages that are shown: each once, the newest last, at most MOST of them.

    A message is removed when it is closed or when the next job starts. An offer stays until it is
    answered; there are at most MOST of these, too.
    """

    def __init__(self, state: ExplorerState, theme: Theme) -> None:
        super().__init__()
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
        """Show a message. If it is already shown, increase its counter instead."""
        for message in self._messages:
            if message.text == text:
                message.again()
                return
        message = Message(text, self._theme)
        if details:
            message.add_button("Copy details", lambda: _copy(f"{text}\n\n{details}"))
        self._add(message)

    def offer(
        self, text: str, label: str, accept: Callable[[], None], decline: Callable[[], None]
    ) -> None:
        """Show a message with a button. Closing the message calls `decline`."""
        message = Message(text, self._theme, "info", stays=True)

        def accepted() -> None:
            self._remove(message)
            accept()

        message.add_button(label, accepted)
        message.close_button.clicked.connect(decline)
        self._add(message)

    def withdraw(self, text: str) -> None:
        """Remove a message that is no longer true."""
        for message in [message for message in self._messages if message.text == text]:
            self._remove(message)

    def remark(self, text: str) -> None:
        """Show a sentence that stays until it is closed."""
        self._add(Message(text, self._theme, "info", stays=True))

    def clear(self) -> None:
        """Remove the messages of the previous job; keep the offers."""
        for message in [message for message in self._messages if not message.stays]:
            self._remove(message)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for message in self._messages:
            message.set_theme(theme)

    def _add(self, message: Message) -> None:
        message.close_button.clicked.connect(lambda: self._remove(message))
        self._messages.append(message)
        self._layout.addWidget(message)
        alike = [other for other in self._messages if other.stays == message.stays]
        if len(alike) > MOST:
            self._remove(alike[0])
        self.show()

    def _remove(self, message: Message) -> None:
        if message not in self._messages:
            return  # a second click on a message that was removed already
        self._messages.remove(message)
        self._layout.removeWidget(message)
        message.hide()
        message.deleteLater()
        self.setVisible(bool(self._messages))


class Message(QFrame):
    """A message: an icon, a sentence, buttons, and a button that closes it."""

    def __init__(
        self, text: str, theme: Theme, sign: str = "warning", *, stays: bool = False
    ) -> None:
        super().__init__()
        self.setObjectName("message")
        self.text, self.stays, self._times = text, stays, 1
        self._warns = sign == "warning"
        self._sign = Button("Message", picture=sign)
        self._sign.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._sign.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._label = PlainLabel(text)
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.close_button = Button("Close this message", picture="close")
        self._row = row(self._sign, self._label, self.close_button, spacing=2 * UNIT)
        self._row.setStretch(1, 1)
        self._row.setContentsMargins(2 * UNIT, UNIT, UNIT, UNIT)
        self.setLayout(self._row)
        self.set_theme(theme)

    def add_button(self, label: str, verb: Callable[[], None]) -> None:
        """Add a button that calls `verb`."""
        button = Button(label, text=label)
        button.setObjectName("pill")
        button.clicked.connect(lambda: verb())
        self._row.insertWidget(self._row.count() - 1, button)

    def again(self) -> None:
        """Count that the same message was posted again."""
        self._times += 1
        self._label.setText(f"{self.text} (×{self._times})")

    def set_theme(self, theme: Theme) -> None:
        self._sign.set_theme(theme, theme.warning if self._warns else theme.accent)
        self.close_button.set_theme(theme)


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
