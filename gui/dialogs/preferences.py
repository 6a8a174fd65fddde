"""The preferences as a form. Every change is applied at once."""

from __future__ import annotations

from dataclasses import asdict

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QWidget

from engine.parameters import build
from engine.walk import ParameterValue
from gui.files.settings import Preferences, Settings
from gui.widgets.layouts import column
from gui.widgets.parameter_form import ParameterForm
from gui.widgets.theme import UNIT


class PreferencesDialog(QDialog):
    """Shows the preferences and changes them as they are edited."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.setWindowTitle("Preferences")
        self.setMinimumWidth(150 * UNIT)
        self.form = ParameterForm()
        self.form.edited.connect(self._edit)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.RestoreDefaults | QDialogButtonBox.StandardButton.Close
        )
        buttons.rejected.connect(self.accept)
        restore = buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults)
        restore.setToolTip("Set all preferences to their defaults")
        restore.clicked.connect(lambda: settings.set_preferences(Preferences()))
        layout = column(self, 6 * UNIT, 6 * UNIT)
        layout.addWidget(self.form)
        layout.addStretch(1)
        layout.addWidget(buttons)
        settings.changed.connect(self._show)
        self._show(settings.preferences)

    def _show(self, preferences: Preferences) -> None:
        self.form.show_values(Preferences, asdict(preferences))

    def _edit(self, name: str, value: ParameterValue) -> None:
        values = {**asdict(self._settings.preferences), name: value}
        self._settings.set_preferences(build(Preferences, tuple(values.items())))
