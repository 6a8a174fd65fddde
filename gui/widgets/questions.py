"""Modal questions."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget


class PlainBox(QMessageBox):
    """A message box that shows plain text, so that names of files and models are not read as
    HTML."""

    def __init__(self, parent: QWidget, title: str, text: str) -> None:
        super().__init__(QMessageBox.Icon.Question, title, "", parent=parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def add(self, label: str, role: QMessageBox.ButtonRole) -> QPushButton:
        """Add a button. The last one with RejectRole is the default."""
        button = self.addButton(label, role)
        if role is QMessageBox.ButtonRole.RejectRole:
            self.setDefaultButton(button)
            self.setEscapeButton(button)
        return button


def ask(parent: QWidget, title: str, text: str, *choices: str) -> str:
    """Shows a box with a button for each of the `choices` and Cancel, and waits for the answer.

    Returns the choice, or "" after Cancel.
    """
    box = PlainBox(parent, title, text)
    buttons = {choice: box.add(choice, QMessageBox.ButtonRole.AcceptRole) for choice in choices}
    box.add("Cancel", QMessageBox.ButtonRole.RejectRole)
    box.exec()
    clicked = box.clickedButton()
    box.deleteLater()
    return next((choice for choice, button in buttons.items() if button is clicked), "")
