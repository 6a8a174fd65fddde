"""Fields for the weights of a mix, and the verbs of its point, in the menu of a button."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget, QWidgetAction

from engine.messages import Points
from gui.widgets.fields import Button, FloatField
from gui.widgets.layouts import add_row, form
from gui.widgets.text_format import keyframe_letter

#: Limits of a typed weight.
MOST_WEIGHT = 10.0


class MixMenu(Button):
    """A button that opens the weights, one field for each anchor, and the verbs.

    Signals: typed(weights, a list of numbers); keep_requested; start_requested.
    """

    typed = Signal(list)
    keep_requested = Signal()
    start_requested = Signal()

    def __init__(self) -> None:
        tip = "Type the weights, keep the mix, or walk from it"
        super().__init__("Weights", tip, text="Weights ▾")
        self.fields: list[FloatField] = []
        self._menu = QMenu(self)
        self._holder: QWidgetAction | None = None
        self._keep = self._menu.addAction("Keep as keyframe", self.keep_requested.emit)
        self._start = self._menu.addAction("Walk from here", self.start_requested.emit)
        self._keep.setToolTip("Insert the mix as a keyframe at the playhead")
        self._start.setToolTip("Make the mix the first keyframe of the walk")
        self._menu.setToolTipsVisible(True)
        self.setMenu(self._menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.set_ready(False)

    @property
    def verbs(self) -> tuple[QAction, QAction]:
        """The actions that keep the mix and that start the walk at it."""
        return self._keep, self._start

    def set_ready(self, ready: bool) -> None:
        """Enable the verbs if there is a mix."""
        for action in self.verbs:
            action.setEnabled(ready)

    def show_weights(self, weights: Points) -> None:
        """Show these weights [n]."""
        if len(weights) != len(self.fields):
            self._make_fields(len(weights))
        for field, weight in zip(self.fields, weights, strict=True):
            with QSignalBlocker(field):
                field.setValue(float(weight))

    def _make_fields(self, count: int) -> None:
        if self._holder is not None:
            self._menu.removeAction(self._holder)
            self._holder.deleteLater()
        page = QWidget()
        layout, self.fields = form(page), []
        for number in range(count):
            field = FloatField(-MOST_WEIGHT, MOST_WEIGHT, 0.05)
            letter = keyframe_letter(number)
            field.setAccessibleName(f"Weight of {letter}")
            add_row(layout, letter, field, "Weights may be negative; their size does not matter")
            field.valueChanged.connect(self._type)
            self.fields.append(field)
        self._holder = QWidgetAction(self._menu)
        self._holder.setDefaultWidget(page)
        self._menu.insertAction(self._keep, self._holder)

    def _type(self) -> None:
        self.typed.emit([field.value() for field in self.fields])
