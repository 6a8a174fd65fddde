"""The choice of the bits of weights, in the model dialog."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.requests import WEIGHT_BITS, weights_offered
from gui.files.settings import Preferences, Settings
from gui.widgets.fields import Choice
from gui.widgets.layouts import add_row, form

TIP = "Weights of 8 or 4 bits let large models fit into small memories; pictures differ a little"


class WeightsChoice(QWidget):
    """Shows the preference of the weights and changes it. Hidden where there is no choice.

    Signals: changed, when the preference has another value.
    """

    changed = Signal()

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        offered = weights_offered()
        self.choice = Choice((name.capitalize(), name) for name in offered)
        self.choice.setAccessibleName("Weights")
        self.choice.activated.connect(self._choose)
        add_row(form(self), "Weights", self.choice, TIP)
        settings.changed.connect(self._show)
        self._show(settings.preferences)
        self.setVisible(len(offered) > 1)

    @property
    def bits(self) -> int:
        """The chosen bits; 0 for those of the precision."""
        return WEIGHT_BITS[self._settings.preferences.weights]

    def _choose(self) -> None:
        weights = str(self.choice.currentData())
        self._settings.set_preferences(replace(self._settings.preferences, weights=weights))

    def _show(self, preferences: Preferences) -> None:
        if self.choice.currentData() != preferences.weights:
            self.choice.choose(preferences.weights)
        self.changed.emit()
