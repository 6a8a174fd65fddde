"""A dialog that shows the log file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QWidget

from gui.widgets.layouts import column
from gui.widgets.plain_text import plain_tip
from gui.widgets.theme import UNIT

MOST_BYTES = 256 * 1024


def tail(path: Path, size: int = MOST_BYTES) -> str:
    """Returns the last `size` bytes of a text file from the start of a line; "" without a file."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        length = path.stat().st_size
        file.seek(max(length - size, 0))
        data = file.read()
    if length > size:
        data = data.partition(b"\n")[2]
    return data.decode("utf-8", "replace")


class LogView(QDialog):
    """Shows the end of the log file."""

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self.setWindowTitle("Log")
        self.resize(200 * UNIT, 120 * UNIT)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Log")
        self.text.setToolTip("Messages of the program, Python and Qt; the newest last")
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        role = QDialogButtonBox.ButtonRole.ActionRole
        for text, tip, verb in (
            ("Reload", "Show what was written since", self.read),
            ("Copy", "Copy the text, for a bug report", self._copy),
            ("Open folder", "Open the folder of the log file", self._open_folder),
        ):
            button = buttons.addButton(text, role)
            button.setToolTip(plain_tip(tip))
            button.clicked.connect(verb)
        buttons.rejected.connect(self.accept)
        layout = column(self, 4 * UNIT, 4 * UNIT)
        layout.addWidget(self.text)
        layout.addWidget(buttons)
        self.read()

    def read(self) -> None:
        """Read the log again and scroll to its end."""
        self.text.setPlainText(tail(self._path) or "The log is empty.")
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._path.parent)))
