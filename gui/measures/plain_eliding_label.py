"""A label that shortens its text. Imports superqt, so nothing of the first paint may use it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from superqt import QElidingLabel


class PlainElidingLabel(QElidingLabel):
    """A label of one line that ends in "…" where there is no room, and is never read as HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
