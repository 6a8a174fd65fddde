"""Downloads models from the Hugging Face hub: name, description, progress, offline switch."""

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
from gui.models.hub_task import HubTask, Task, check_task, download_task
from gui.widgets.layouts import column, heading, note
from gui.widgets.text_format import size_text
from gui.widgets.theme import UNIT

ONCE = "A model is downloaded once, into the hub's own cache."


def remote_text(found: RemoteModel) -> str:
    """Describes a model that is not downloaded yet."""
    kind = "A CLIP model for scoring" if found.scores else "A diffusion model"
    apart = max(found.text_encoders, found.rest)
    memory = (
        f"Its weights take {size_text(found.text_encoders + found.rest)} of memory as they are "
        f"stored, or {size_text(apart)} if its text encoders are freed before the rest is opened. "
    )
    return (
        f"{kind}: {size_text(found.bytes)} in {found.files} files. Its weights are safetensors, "
        f"which cannot run code. {'' if found.scores else memory}{ONCE}"
    )


class HubPanel(QWidget):
    """Owns the download in progress. A model is checked first; a second click on the button, when
    `checked` is True, downloads it. `half` prefers weights in half precision.

    Signals: name_changed; busy_changed(bool); fetched(hub id, report), with None as the report of
    a CLIP model.
    """

    name_changed = Signal()
    busy_changed = Signal(bool)
    fetched = Signal(str, object)

    def __init__(self, settings: Settings, make_hub: Callable[[], Hub]) -> None:
        super().__init__()
        self._settings, self._make_hub = settings, make_hub
        self.half = self.checked = False
        self._task: HubTask | None = None
        self._done: Callable[[Any], None] | None = None
        self.name = QLineEdit()
        self.name.setPlaceholderText("owner/name of a model on the hub")
        self.name.setAccessibleName("Model on the hub")
        self.name.setToolTip("Enter a hub id such as owner/model")
        self.name.textChanged.connect(self._renamed)
        self.name.returnPressed.connect(self.fetch)
        self.stage = note(ONCE)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(UNIT)
        self.progress.setRange(0, 1000)
        self.progress.setAccessibleName("Progress of the download")
        self.progress.hide()
        self.offline = QCheckBox("Offline: never use the network")
        self.offline.setToolTip("Open only models that are on this machine")
        self.offline.toggled.connect(self._set_offline)
        self._settings.changed.connect(self._show_offline)
        layout = column(self, 0, 2 * UNIT)
        for widget in (self.name, self.stage, self.progress, self.offline):
            layout.addWidget(widget)
        layout.insertWidget(0, heading("From the Hugging Face hub"))

    @property
    def hub_id(self) -> str:
        """The text of the field without surrounding blanks."""
        return self.name.text().strip()

    @property
    def ready(self) -> bool:
        """True if a valid hub id is entered and no request is running."""
        return self._task is None and is_hub_id(self.hub_id)

    @property
    def busy(self) -> bool:
        """True while a request or a download is running."""
        return self._task is not None

    def begin(self) -> None:
        """Reset the panel when the dialog opens."""
        self._show_offline(self._settings.preferences)
        if not self.busy:
            self.name.clear()
            self.say(ONCE)

    def say(self, text: str) -> None:
        """Show a sentence below the name."""
        self.stage.setText(text)

    def fetch(self) -> None:
        """Check the model whose hub id is entered. If it is already checked, download it."""
        if not self.ready:
            return
        model = self.hub_id  # the field may have changed when the answer arrives
        if self.checked:
            self._start(download_task(model, self.half), partial(self._on_downloaded, model))
        else:
            self._start(check_task(model, self.half), partial(self._on_checked, model))

    def _start(self, task: Task, done: Callable[[Any], None]) -> None:
        self._done = done
        self._task = HubTask(task, self._make_hub, self)
        self._task.progressed.connect(self._show_progress)
        self._task.ended.connect(self._ended)
        self._show_progress(f"Checking {self.hub_id}", 0.0)
        self._show_busy(True)
        self._task.start()

    def cancel(self) -> None:
        """Stop the download in progress."""
        if self._task is not None:
            self._task.cancel()

    def stop(self) -> None:
        """Cancel the download and wait for its thread, before the window closes."""
        if self._task is not None:
            self._task.cancel()
            self._task.wait()

    def _show_progress(self, stage: str, share: float) -> None:
        self.say(stage)
        self.progress.setValue(round(1000 * share))

    def _show_busy(self, busy: bool) -> None:
        self.progress.setVisible(busy)
        self.name.setEnabled(not busy)
        self.offline.setEnabled(not busy)
        self.busy_changed.emit(busy)

    def _ended(self, found: object, error: str) -> None:
        task, self._task = self._task, None
        if task is None:
            return
        task.wait()
        task.deleteLater()
        self._show_busy(False)
        if error:
            self.say(error)
        elif self._done is not None:
            self._done(found)

    def _on_checked(self, model: str, found: RemoteModel | None) -> None:
        if model != self.hub_id:
            self.say(ONCE)
            return
        self.checked = True
        if found is None:  # the model is already on this machine
            self.fetch()
            return
        self.say(remote_text(found))
        self.name.setFocus()
        self.name_changed.emit()

    def _on_downloaded(self, model: str, report: ModelReport | None) -> None:
        self.say(f"{model} is on this machine.")
        self.fetched.emit(model, report)

    def _renamed(self) -> None:
        if self.checked:
            self.checked = False
            self.say(ONCE)
        self.name_changed.emit()

    def _show_offline(self, preferences: Preferences) -> None:
        self.offline.setChecked(preferences.offline)

    def _set_offline(self, offline: bool) -> None:
        preferences = self._settings.preferences
        if preferences.offline != offline:
            self._settings.set_preferences(replace(preferences, offline=offline))
