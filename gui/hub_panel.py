"""Getting a model from the hub: its name, the download with progress and cancel, and offline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QProgressBar, QWidget

from engine.models.hub import Hub, is_hub_id
from engine.models.report import ModelReport
from gui.fetching import Fetching
from gui.fields import column, heading, note
from gui.settings import Settings
from gui.theme import UNIT

ONCE = "Downloaded once, into the hub's own cache."


class HubPanel(QWidget):
    """Owns the download in progress: nothing else in the window fetches models. `half` prefers
    weights in half precision.

    Signals: name_changed; busy_changed(bool); fetched(hub id, report), None for a CLIP model.
    """

    name_changed = Signal()
    busy_changed = Signal(bool)
    fetched = Signal(str, object)

    def __init__(
        self, settings: Settings, make_hub: Callable[[], Hub], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._settings, self._make_hub = settings, make_hub
        self.half = False
        self._fetching: Fetching | None = None
        self.name = QLineEdit()
        self.name.setPlaceholderText("owner/name of a model on the hub")
        self.name.setAccessibleName("Model on the hub")
        self.name.setToolTip("A name such as owner/model: other weights, other pictures")
        self.name.textChanged.connect(self.name_changed)
        self.name.returnPressed.connect(self.fetch)
        self.stage = note(ONCE)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(UNIT)
        self.progress.setRange(0, 1000)
        self.progress.setAccessibleName("Progress of the download")
        self.progress.hide()
        self.offline = QCheckBox("Offline: never ask the network")
        self.offline.setToolTip("Only what is on this machine is opened")
        self.offline.toggled.connect(self._set_offline)
        layout = column(self, 0, 2 * UNIT)
        for widget in (self.name, self.stage, self.progress, self.offline):
            layout.addWidget(widget)
        layout.insertWidget(0, heading("From the Hugging Face hub"))

    @property
    def wanted(self) -> str:
        """What is written, "" where it is nothing."""
        return self.name.text().strip()

    @property
    def ready(self) -> bool:
        """Whether a hub's name is written and nothing is on its way."""
        return self._fetching is None and is_hub_id(self.wanted)

    @property
    def busy(self) -> bool:
        return self._fetching is not None

    def begin(self) -> None:
        """Nothing is asked for yet."""
        self.offline.setChecked(self._settings.preferences.offline)
        if not self.busy:
            self.name.clear()
            self.say(ONCE)

    def say(self, text: str) -> None:
        """Show a sentence below the name."""
        self.stage.setText(text)

    def fetch(self) -> None:
        """Download the model whose name is written."""
        if not self.ready:
            return
        self._fetching = Fetching(self.wanted, self.half, self._make_hub, self)
        self._fetching.progressed.connect(self._show_progress)
        self._fetching.ended.connect(self._ended)
        self._show_progress(f"Looking for {self.wanted}", 0.0)
        self._show_busy(True)
        self._fetching.start()

    def cancel(self) -> None:
        """Stop the download in progress."""
        if self._fetching is not None:
            self._fetching.cancel()

    def stop(self) -> None:
        """The window goes: end the download and wait for its thread."""
        if self._fetching is not None:
            self._fetching.cancel()
            self._fetching.wait()

    def _show_progress(self, stage: str, share: float) -> None:
        self.say(stage)
        self.progress.setValue(round(1000 * share))

    def _show_busy(self, busy: bool) -> None:
        self.progress.setVisible(busy)
        self.name.setEnabled(not busy)
        self.offline.setEnabled(not busy)
        self.busy_changed.emit(busy)

    def _ended(self, report: ModelReport | None, error: str) -> None:
        fetching, self._fetching = self._fetching, None
        if fetching is None:
            return
        fetching.wait()
        fetching.deleteLater()
        self._show_busy(False)
        if error:
            self.say(error)
            return
        self.say(f"{fetching.model} is on this machine.")
        self.fetched.emit(fetching.model, report)

    def _set_offline(self, offline: bool) -> None:
        preferences = self._settings.preferences
        if preferences.offline != offline:
            self._settings.set_preferences(replace(preferences, offline=offline))
