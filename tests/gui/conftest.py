"""A real window on a scripted engine, for every test that clicks and types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.walk import Exploration
from gui.main_window import MainWindow
from gui.session import Session
from gui.state import ExplorerState
from gui.theme import DARK, apply_theme
from tests.gui.scripted_engine import MemoryFrames, ScriptedEngine


@dataclass
class Desk:
    """The window with all that stands behind it."""

    state: ExplorerState
    engine: ScriptedEngine
    session: Session
    window: MainWindow

    def finish(self) -> None:
        """Let the engine answer everything it was asked."""
        self.engine.play()
        QCoreApplication.processEvents()


@pytest.fixture
def desk(qapp: QApplication, qtbot: QtBot) -> Iterator[Desk]:
    """The window as it is shortly after its start, before the engine has answered."""
    apply_theme(qapp, DARK)
    frames = MemoryFrames()
    engine = ScriptedEngine(frames)
    state = ExplorerState(frames, Exploration())
    session = Session(state, lambda: engine)
    window = MainWindow(state, DARK)
    window.show()
    qtbot.waitExposed(window)
    window.complete()
    session.start()
    yield Desk(state, engine, session, window)
    session.shutdown()
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(window, QEvent.Type.DeferredDelete)
