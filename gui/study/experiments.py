"""The dialogs of all experiments that run as programs, each made at its first use."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from gui.state.explorer_state import ExplorerState
from gui.study.experiment_dialog import ExperimentDialog
from gui.study.kinds import EXPERIMENTS, NAMES
from gui.widgets.theme import Themed


class Experiments(QObject):
    """Opens the dialogs with the walk as it is. Their programs end with the window."""

    def __init__(
        self, state: ExplorerState, window: QWidget, follow_theme: Callable[[Themed], None]
    ) -> None:
        super().__init__(window)
        self._state, self._window, self._follow_theme = state, window, follow_theme
        self._dialogs: dict[str, ExperimentDialog] = {}

    def verbs(self) -> dict[str, Callable[[], object]]:
        """The functions of the actions; an action has the name of its command."""
        return {name: partial(self.open, name) for name in NAMES}

    def open(self, command: str) -> ExperimentDialog:
        """Show the dialog of an experiment by its command."""
        if command not in self._dialogs:
            experiment = next(e for e in EXPERIMENTS if e.command == command)
            folder = Path.home() / f"latent-trails-{command}"
            self._dialogs[command] = ExperimentDialog(
                experiment, folder, lambda: self._state.exploration, self._window
            )
            self._follow_theme(self._dialogs[command])
        dialog = self._dialogs[command]
        dialog.open_dialog()
        return dialog

    def close(self) -> None:
        """End all programs."""
        for dialog in self._dialogs.values():
            dialog.close_program()
