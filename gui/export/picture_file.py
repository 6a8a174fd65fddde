"""Saves one picture of the viewer to a file that the person names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.atomic import Existing, write_bytes
from engine.errors import InputError
from engine.export.metadata import Provenance
from engine.export.png import encode_png
from gui.export.export_dialog import export_folder
from gui.files.settings import Settings
from gui.state.explorer_state import ExplorerState
from gui.viewer.panes import Pane

SUFFIX = ".png"


class PictureFile(QObject):
    """Asks for a path and writes a pane's picture there as PNG. The finished frame of a walk says
    how it was made, if the preferences want that."""

    def __init__(self, state: ExplorerState, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._state, self._settings, self._window = state, settings, window

    def save(self, pane: Pane) -> None:
        """Save the picture of `pane`, if it has one. Errors become messages."""
        if pane.image is None:
            return
        text = self._text(pane)  # the walk may change while the dialog is open
        name = "picture" if pane.frame is None else f"frame-{pane.frame[1] + 1:05d}"
        start = export_folder(self._settings.preferences) / f"{name}{SUFFIX}"
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, "Save the picture", str(start), f"Pictures (*{SUFFIX})"
        )
        if not chosen:
            return
        named = chosen.lower().endswith(SUFFIX)
        # The dialog has asked about the name as it was typed, not about the one with the suffix.
        path = Path(chosen if named else f"{chosen}{SUFFIX}")
        existing = Existing.REPLACE if named else Existing.NUMBER
        try:
            write_bytes(path, encode_png(pane.image, text), existing)
        except (InputError, OSError) as error:
            self._state.post(str(error))

    def _text(self, pane: Pane) -> dict[str, str]:
        """Returns the text entries of the picture: none for what is not a frame of the walk as it
        is now. The pane may be older than the results."""
        exploration, results = self._state.exploration, self._state.results
        wanted = self._settings.preferences.metadata and results.are_of(exploration)
        if pane.frame is None or pane.image is None or not wanted:
            return {}
        now = results.image(*pane.frame)
        if now is None or not np.array_equal(now, pane.image):
            return {}
        info = self._state.model
        known = info if info is not None and info.location == exploration.model else None
        return Provenance.of(exploration, known, results.notes_of).picture_text(*pane.frame)
