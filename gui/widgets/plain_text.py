"""Text from files and models, shown as it is written.

Qt reads what looks like HTML as HTML, and then shows the pictures that it names.
"""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget


class PlainLabel(QLabel):
    """A label that never reads its text as HTML."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)


class RichLabel(QLabel):
    """A label for HTML of the program's own; what comes from elsewhere is escaped before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)


def plain_tip(text: str) -> str:
    """`text` as a tooltip: tooltips have no format of their own, so HTML in it is escaped."""
    if "<" not in text:  # without, Qt takes nothing for HTML
        return text
    return f"<qt>{escape(text)}</qt>".replace("\n", "<br>")


def plain_title(text: str) -> str:
    """`text` for a button or a menu: there, & underlines a letter, and keys follow a tab."""
    return text.replace("&", "&&").replace("\t", " ").replace("\n", " ")
