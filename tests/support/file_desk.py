"""Sessions and files around a state, without a window's views; and a person who answers a box."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from engine.walk import Exploration, Keyframe, NoiseSource, Walk
from gui.files.documents import Documents
from gui.files.settings import Settings
from gui.state.explorer_state import ExplorerState
from tests.support.scripted_engine import MemoryFrames

OTHER = Exploration(
    walk=Walk(
        (Keyframe("a fox", NoiseSource(5, 2)), Keyframe("an owl", NoiseSource(2**64 - 1, 1))),
        frames=5,
    )
)


class FileDesk:
    """`said` are the sentences that were posted."""

    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        self.state = ExplorerState(MemoryFrames(), Exploration())
        self.settings = Settings(folder / "settings.ini")
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self._qtbot = qtbot
        self.documents = Documents(self.state, self.settings, self.window)
        self.said: list[str] = []
        self.state.message_posted.connect(lambda text, _: self.said.append(text))

    def open(self, path: Path) -> None:
        """Open a file, and wait until it was looked at."""
        self.documents.open(path)
        self.wait()

    def wait(self) -> None:
        """Wait until no file is being looked at."""
        self._qtbot.waitUntil(lambda: not self.documents.busy)


def answer_box(label: str, look: Callable[[QMessageBox], None] = lambda _: None) -> list[str]:
    """Look at the next message box and click its button `label`; returns where its text will be."""
    seen: list[str] = []

    def answer() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(5, answer)
            return
        seen.append(box.text())
        look(box)
        next(button for button in box.buttons() if button.text() == label).click()

    QTimer.singleShot(0, answer)
    return seen
