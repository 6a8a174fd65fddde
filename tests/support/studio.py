"""The whole program in one process on a scripted engine, for pictures of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEvent, QEventLoop, QThreadPool
from PySide6.QtWidgets import QApplication

from engine.walk import Exploration
from gui.app import Program
from gui.companions import Companions
from gui.files.app_folders import AppFolders
from gui.files.settings import Preferences, Settings
from gui.main_window import MainWindow
from gui.state.explorer_state import ExplorerState
from tests.support.scripted_engine import MemoryFrames, ScriptedEngine


class StudioFrames(MemoryFrames):
    """Frames that take budgets, as the real store does."""

    def set_budgets(self, memory_bytes: int, disk_bytes: int) -> None:
        """Everything is kept."""


#: Milliseconds after which waiting for anything is given up.
PATIENCE_MS = 30_000


class Studio:
    """Owns the program; `wait` lets it work until something holds, `settle` for a moment."""

    def __init__(self, app: QApplication, folder: Path, scheme: str, safe: bool = False) -> None:
        self.frames = frames = StudioFrames()
        self.engine = engine = ScriptedEngine(frames)
        folders = AppFolders.within(folder)
        self.settings = settings = Settings(folders.settings)
        out = str(folder / "out")
        settings.set_preferences(Preferences(theme=scheme, export_folder=out, recording_folder=out))
        self._program = Program(
            app,
            Exploration(),
            frames,  # type: ignore[arg-type]
            lambda: engine,
            settings,
            folders,
            safe=safe,
        )
        self.window.show()
        self.wait(lambda: hasattr(self._program, "companions"))

    @property
    def window(self) -> MainWindow:
        return self._program.window

    @property
    def state(self) -> ExplorerState:
        return self._program.state

    @property
    def companions(self) -> Companions:
        return self._program.companions

    def settle(self) -> None:
        """Let timers, background work and paint events run for a moment, for a picture."""
        deadline = QDeadlineTimer(250)
        while not deadline.hasExpired():
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        assert QThreadPool.globalInstance().waitForDone(PATIENCE_MS)

    def wait(self, until: Callable[[], bool]) -> None:
        """Let everything run until something holds. Raises TimeoutError."""
        deadline = QDeadlineTimer(PATIENCE_MS)
        while not until():
            if deadline.hasExpired():
                raise TimeoutError
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)

    def finish(self) -> None:
        """Let the engine answer all that was edited."""
        self.state.generate()
        self.engine.play()
        self.wait(lambda: not self.state.busy)

    def close(self) -> None:
        """Take everything apart; nobody's reference must keep the window."""
        program = self._program
        program.session.shutdown()
        self.window.close()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(self.window, QEvent.Type.DeferredDelete)
        program.appearance.deleteLater()
        program.deleteLater()
        for owner in (program, self):
            vars(owner).clear()
