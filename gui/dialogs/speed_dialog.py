"""The dialog for a wanted speed of the walk."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QWidget

from engine.pacing.profiles import PROFILES
from gui.dialogs.speed_canvas import SpeedCanvas
from gui.state.explorer_state import ExplorerState
from gui.widgets.fields import Choice
from gui.widgets.layouts import add_row, column, form, note
from gui.widgets.theme import UNIT, Theme

STEPS, DRAWN = "step_length", "drawn"


class SpeedDialog(QDialog):
    """Chooses or draws a speed, over the measured steps.

    Signals: wanted(speed), with the speed [n] at equal shares of the frames, or None for a steady
    one.
    """

    wanted = Signal(object)

    def __init__(self, state: ExplorerState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Wanted speed")
        self._state = state
        self.canvas = SpeedCanvas(PROFILES["steady"].speed, theme)
        self.canvas.drawn.connect(self._show_drawn)
        self.profile = Choice([(profile.label, name) for name, profile in PROFILES.items()])
        self.profile.addItem("Drawn", DRAWN)
        self.profile.setAccessibleName("Speed")
        self.profile.currentIndexChanged.connect(self._choose)
        fields = form()
        add_row(fields, "Speed", self.profile, "The speed that the steps of the walk will follow")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.apply = buttons.addButton("Even out", QDialogButtonBox.ButtonRole.AcceptRole)
        self.apply.setToolTip("Give the frames new times, so that the steps follow this speed")
        self.apply.setDefault(True)
        buttons.accepted.connect(self._apply)
        buttons.rejected.connect(self.reject)
        layout = column(self, 6 * UNIT, 4 * UNIT)
        layout.addLayout(fields)
        layout.addWidget(self.canvas, 1)
        self.measured = note()
        self.measured.setAccessibleName("Progress of the measurement")
        layout.addWidget(self.measured)
        layout.addWidget(
            note(
                "Draw with the mouse; or choose a point with ← and →, and move it "
                "with ↑ and ↓. The grey line shows the steps of the walk now."
            )
        )
        layout.addWidget(buttons)
        state.measures_changed.connect(self._show_steps)
        state.results_reset.connect(self._show_steps)
        state.busy_changed.connect(self._show_steps)

    def open_now(self) -> None:
        """Show the dialog with the measured steps; request them if they are not shown yet."""
        measures = self._state.exploration.measures
        if STEPS not in measures:
            self._state.show_measures((*measures[-2:], STEPS))
        self._show_steps()
        self.show()
        self.raise_()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self.canvas.set_theme(theme)

    def _choose(self, _index: int) -> None:
        name = self.profile.currentData()
        if name in PROFILES:
            self.canvas.set_speed(PROFILES[name].speed)

    def _show_drawn(self) -> None:
        self.profile.choose(DRAWN)

    def _show_steps(self, *_: object) -> None:
        """Show the steps that are measured, and how many are missing."""
        results = self._state.results
        steps = results.steps(0, STEPS) if results.lanes else np.empty(0)
        self.canvas.show_steps(steps)
        known = int(np.isfinite(steps).sum())
        text = results.unmeasured.get(STEPS) or _progress(known, steps.size, self._state.busy)
        self.measured.setText(text)

    def _apply(self) -> None:
        steady = self.profile.currentData() == "steady"
        self.wanted.emit(None if steady else self.canvas.speed)
        self.accept()


def _progress(known: int, count: int, busy: bool) -> str:
    """Returns a sentence about the steps of a walk that are measured."""
    if known == count:
        return f"All {count} steps of the walk are measured." if count else ""
    if busy:
        return f"The steps are being measured: {known} of {count} are there."
    return f"{known} of {count} steps are measured; render the walk to measure the others."
