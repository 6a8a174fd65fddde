"""A model from the hub: its name, what it is, the download with progress and cancel, offline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QProgressBar, QWidget

from engine.models.hub.client import Hub, RemoteModel, is_hub_id
from engine.models.inspection.report import ModelReport
from gui.files.settings import Preferences, Settings
from gui.models.hub_task import HubTask, Task, downloading, looking
from gui.widgets.layouts import column, heading, note
from gui.widgets.text_format import size_text
from gui.widgets.theme import UNIT

ONCE = "Downloaded once, into the hub's own cache."


def remote_text(found: RemoteModel) -> str:
    """What is known of a model before it is downloaded."""
    kind = "A CLIP model, which scores" if found.scores else "A diffusion model"
    return (
        f"{kind}: {size_text(found.bytes)} in {found.files} files. Its weights are safetensors, "
        f"and nothing in it can run code. {ONCE}"
    )


class HubPanel(QWidget):
    """Owns the download in progress: nothing else in the window fetches models. It is looked at
    first, `seen`, and downloaded when that is asked for again. `half` prefers weights in half
    precision.

    Signals: name_changed; busy_changed(bool); fetched(hub id, report), None for a CLIP model.
    """

    name_changed = Signal()
    busy_changed = Signal(bool)
    fetched = Signal(str, object)

    def __init__(self, settings: Settings, make_hub: Callable[[], Hub]) -> None:
        super().__init__()
        self._settings, self._make_hub = settings, make_hub
        self.half = self.seen = False
        self._fetching: HubTask | None = None
        self._done: Callable[[Any], None] | None = None
        self.name = QLineEdit()
        self.name.setPlaceholderText("owner/name of a model on the hub")
        self.name.setAccessibleName("Model on the hub")
        self.name.setToolTip("A name such as owner/model: other weights, other pictures")
        self.name.textChanged.connect(self._renamed)
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
        self._settings.changed.connect(self._show_offline)
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
        """Whether something is asked of the hub, or downloaded."""
        return self._fetching is not None

    def begin(self) -> None:
        """Nothing is asked for yet."""
        self._show_offline(self._settings.preferences)
        if not self.busy:
            self.name.clear()
            self.say(ONCE)

    def say(self, text: str) -> None:
        """Show a sentence below the name."""
        self.stage.setText(text)

    def fetch(self) -> None:
        """Look at the model whose name is written; download it once it was looked at."""
        if not self.ready:
            return
        model = self.wanted  # the field may be another by the time of the answer
        if self.seen:
            self._start(downloading(model, self.half), partial(self._came, model))
        else:
            self._start(looking(model, self.half), partial(self._saw, model))

    def _start(self, task: Task, done: Callable[[Any], None]) -> None:
        self._done = done
        self._fetching = HubTask(task, self._make_hub, self)
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

    def _ended(self, found: object, error: str) -> None:
        fetching, self._fetching = self._fetching, None
        if fetching is None:
            return
        fetching.wait()
        fetching.deleteLater()
        self._show_busy(False)
        if error:
            self.say(error)
        elif self._done is not None:
            self._done(found)

    def _saw(self, model: str, found: RemoteModel | None) -> None:
        if model != self.wanted:
            self.say(ONCE)
            return
        self.seen = True
        if found is None:  # it is on this machine
            self.fetch()
            return
        self.say(remote_text(found))
        self.name.setFocus()
        self.name_changed.emit()

    def _came(self, model: str, report: ModelReport | None) -> None:
        self.say(f"{model} is on this machine.")
        self.fetched.emit(model, report)

    def _renamed(self) -> None:
        if self.seen:
            self.seen = False
            self.say(ONCE)
        self.name_changed.emit()

    def _show_offline(self, preferences: Preferences) -> None:
        self.offline.setChecked(preferences.offline)

    def _set_offline(self, offline: bool) -> None:
        preferences = self._settings.preferences
        if preferences.offline != offline:
            self._settings.set_preferences(replace(preferences, offline=offline))
