"""The export dialog beside a scripted engine."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine.walk import Exploration, Sampling, Walk
from gui.export.analysis_files import analysis_kinds
from gui.export.export_dialog import ExportDialog
from gui.export.export_plan import frame_kinds
from gui.files.settings import Preferences, Settings
from gui.session import Session
from gui.state.explorer_state import ExplorerState
from tests.support.scripted_engine import MemoryFrames, ScriptedEngine

SMALL = Exploration(walk=Walk(frames=5), sampling=Sampling(4, 4.0, 64, 64))


class ExportDesk:
    """The dialog with its state, session and engine."""

    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        frames = MemoryFrames()
        self.out = folder / "out"
        self.engine = engine = ScriptedEngine(frames)
        self.state = ExplorerState(frames, SMALL)
        self.session = Session(self.state, lambda: engine)
        self.session.start()
        self.settings = settings = Settings(folder / "settings.ini")
        settings.set_preferences(Preferences(export_folder=str(self.out)))
        self.plot = QLabel("plot")
        self.parent = QWidget()
        qtbot.addWidget(self.parent)
        qtbot.addWidget(self.plot)
        kinds = (*frame_kinds(), *analysis_kinds(self.state, self.plot, QLabel))
        missing = self.session.missing_frames
        self.dialog = ExportDialog(self.state, frames, missing, settings, kinds, self.parent)
        self.dialog.open_now()

    def choose(self, kind: str) -> None:
        self.dialog.form.kind.choose(kind)

    def export(self, qtbot: QtBot) -> str:
        """Export as it is chosen, and say what the dialog says at the end."""
        self.dialog.export_button.click()
        qtbot.waitUntil(self.is_done, timeout=20000)
        return self.dialog.outcome.text()

    def is_done(self) -> bool:
        """Answer all requests that have come so far; True at the end of the export."""
        self.finish()
        return self.dialog.export_button.isEnabled()

    def finish(self) -> None:
        self.engine.play()
        QCoreApplication.processEvents()
