"""The toolbar: model, quality, Generate and Cancel, view modes, Record and Export."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QToolBar, QWidget

from engine.walk import STARTER
from gui.shell.actions import Actions
from gui.state.explorer_state import ExplorerState
from gui.state.walk_edits import DRAFT, NORMAL, PAPER, quality_of
from gui.widgets.fields import Button, Choice
from gui.widgets.plain_text import plain_title
from gui.widgets.theme import Theme
from gui.widgets.tick_menu import TickMenu

OWN = "Own settings"
#: The views of the walk, as their buttons call them.
TABS = {
    "single": "1-up",
    "compare": "Compare",
    "difference": "Difference",
    "sheet": "Sheet",
    "latent": "Latents",
}


def model_title(model: str) -> str:
    """Returns the last part of a model's path or hub id, for the button."""
    return "Starter model" if model == STARTER else Path(model).name or model


class Toolbar(QToolBar):
    """Shows the main actions as buttons. Owns no data."""

    def __init__(self, state: ExplorerState, actions: Actions, theme: Theme) -> None:
        super().__init__("Main tools")
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setFloatable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._state, self._actions = state, actions
        self._make_buttons()
        self._lay_out()
        self.set_theme(theme)
        state.exploration_changed.connect(self._refresh)
        state.model_changed.connect(self._refresh)
        self._actions["paper"].enabledChanged.connect(self._refresh)
        state.busy_changed.connect(self._show_busy)
        state.cells_busy_changed.connect(self._show_busy)
        self._refresh()
        self._show_busy()

    def _make_buttons(self) -> None:
        tip = self._tip
        self.model = Button("Model", tip("model"), picture="model", text="Starter model")
        self.model.setObjectName("pill")
        self.model.clicked.connect(self._actions["model"].trigger)
        self._quality = Choice((name, name) for name in (DRAFT, NORMAL, PAPER))
        self._quality.setAccessibleName("Quality")
        self._quality.setToolTip(
            "Draft: few steps. Normal: the model's settings. Paper: the article's settings"
        )
        self._quality.setPlaceholderText(OWN)
        self._quality.activated.connect(self._choose_quality)
        self.generate = Button("Generate", tip("generate"), picture="play", text="Generate")
        self.generate.setObjectName("primary")
        self.generate.clicked.connect(self._actions["generate"].trigger)
        self.stop = Button("Cancel", tip("cancel"), picture="stop", text="Cancel")
        self.stop.clicked.connect(self._state.cancel)
        self.record = Button("Record", tip("record"), picture="record", text="Record")
        self.record.setCheckable(True)
        self.record.clicked.connect(self._actions["record"].trigger)
        self._actions["record"].toggled.connect(self._show_recording)
        self.export = Button("Export", tip("export"), picture="export", text="Export")
        self.export.clicked.connect(self._actions["export"].trigger)
        self.methods = TickMenu(self)
        self.tabs = [self._tab(name) for name in TABS]
        self.tabs[1].setMenu(self.methods)
        self.tabs[1].setPopupMode(Button.ToolButtonPopupMode.MenuButtonPopup)

    def show_recorded(self, seconds: int) -> None:
        """Show on the Record button that a recording runs, and its time."""
        self.record.setText(f"REC {seconds // 60}:{seconds % 60:02d}")

    def _show_recording(self, recording: bool) -> None:
        self.record.setChecked(recording)
        if not recording:
            self.record.setText("Record")

    def _tip(self, name: str) -> str:
        return self._actions[name].toolTip()

    def _tab(self, name: str) -> Button:
        action = self._actions[name]
        tab = Button(TABS[name], action.toolTip(), text=TABS[name])
        tab.setObjectName("tab")
        tab.setCheckable(True)
        tab.clicked.connect(lambda: self._press_tab(name))
        action.toggled.connect(tab.setChecked)
        return tab

    def _press_tab(self, name: str) -> None:
        action = self._actions[name]
        # The click has toggled the button; set it back to the state of its action.
        self.tabs[list(TABS).index(name)].setChecked(action.isChecked())
        action.trigger()

    def _lay_out(self) -> None:
        tabs = QFrame()
        tabs.setObjectName("tabs")
        layout = QHBoxLayout(tabs)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(2)
        for tab in self.tabs:
            layout.addWidget(tab)
        left = [self.model, self._quality, self.generate, self.stop]
        right: list[QWidget] = [self.record, self.export]
        for part in (*left, _spring(), tabs, _spring(), *right):
            self.addWidget(part)

    def set_theme(self, theme: Theme) -> None:
        self.generate.set_theme(theme, theme.on_accent)
        self.record.set_theme(theme, theme.failed)
        for button in (self.model, self.stop, self.export):
            button.set_theme(theme)

    def _choose_quality(self) -> None:
        self._actions[self._quality.currentData().lower()].trigger()
        self._refresh()  # two qualities may be the same settings

    def _refresh(self) -> None:
        exploration = self._state.exploration
        self.model.setText(plain_title(model_title(exploration.model)))
        self._quality.choose(quality_of(exploration.sampling, self._state.recommended))
        items = self._quality.model()
        assert isinstance(items, QStandardItemModel)
        for row in range(items.rowCount()):
            items.item(row).setEnabled(self._actions[items.item(row).text().lower()].isEnabled())

    def _show_busy(self) -> None:
        busy = self._state.busy
        self._actions["finish"].setEnabled(busy)
        for control in (self.stop, self._actions["cancel"]):
            control.setEnabled(busy or self._state.cells_busy)


def _spring() -> QWidget:
    spring = QWidget()
    spring.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return spring
