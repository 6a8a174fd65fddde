"""A real window on a scripted engine, for every test that clicks and types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.walk import Exploration
from gui.main_window import MainWindow
from gui.session import Session
from gui.state.explorer_state import ExplorerState
from gui.widgets.theme import DARK, apply_theme
from tests.support.scripted_engine import MemoryFrames, ScriptedEngine
from tests.support.studio import Studio


class Desk:
    """The window with all that stands behind it."""

    def __init__(self) -> None:
        frames = MemoryFrames()
        engine = ScriptedEngine(frames)
        self.engine = engine
        self.state = ExplorerState(frames, Exploration())
        self.session = Session(self.state, lambda: engine)
        self.window = MainWindow(self.state, DARK)

    def finish(self) -> None:
        """Let the engine answer everything it was asked."""
        self.engine.play()
        QCoreApplication.processEvents()

    def close(self) -> None:
        """Take everything apart; the test's own reference must not keep the window."""
        self.session.shutdown()
        self.window.close()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(self.window, QEvent.Type.DeferredDelete)
        vars(self).clear()


@pytest.fixture
def desk(qapp: QApplication, qtbot: QtBot) -> Iterator[Desk]:
    """The window as it is shortly after its start, before the engine has answered."""
    apply_theme(qapp, DARK)
    desk = Desk()
    desk.window.show()
    qtbot.waitExposed(desk.window)
    desk.window.complete()
    desk.session.start()
    yield desk
    desk.close()


@pytest.fixture
def studio(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Studio]:
    """The whole program with its files and dialogs, on a scripted engine."""
    studio = Studio(qapp, tmp_path, "dark")
    yield studio
    studio.close()
