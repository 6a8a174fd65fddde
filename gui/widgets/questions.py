"""Questions that a person must answer before the program goes on."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget


class PlainBox(QMessageBox):
    """A box that shows its text as it is written: file names and models are not read as HTML."""

    def __init__(self, parent: QWidget, title: str, text: str) -> None:
        super().__init__(QMessageBox.Icon.Question, title, "", parent=parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def add(self, label: str, role: QMessageBox.ButtonRole) -> QPushButton:
        """Add a button; the last one added with the role of rejection is the default."""
        button = self.addButton(label, role)
        if role is QMessageBox.ButtonRole.RejectRole:
            self.setDefaultButton(button)
            self.setEscapeButton(button)
        return button


def ask(parent: QWidget, title: str, text: str, *choices: str) -> str:
    """Show a box with a button for each of the `choices` and one that cancels; wait for the answer.

    Returns the choice, or "" where the person cancelled.
    """
    box = PlainBox(parent, title, text)
    buttons = {choice: box.add(choice, QMessageBox.ButtonRole.AcceptRole) for choice in choices}
    box.add("Cancel", QMessageBox.ButtonRole.RejectRole)
    box.exec()
    clicked = box.clickedButton()
    box.deleteLater()
    return next((choice for choice, button in buttons.items() if button is clicked), "")
