"""The folder of recordings, which the first recording asks for."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from gui.export.export_dialog import export_folder
from gui.files.settings import Settings


def recording_folder(settings: Settings, window: QWidget) -> Path | None:
    """Returns the folder of the preferences. If there is none, a dialog asks for it, and the answer
    becomes the preference. Returns None after Cancel."""
    preferences = settings.preferences
    if preferences.recording_folder:
        # pathlib raises an error for an unknown home folder; os.path does not.
        return Path(os.path.expanduser(preferences.recording_folder))
    start = str(export_folder(preferences))
    chosen = QFileDialog.getExistingDirectory(window, "Folder for recordings", start)
    if not chosen:
        return None
    settings.set_preferences(replace(preferences, recording_folder=chosen))
    return Path(chosen)
