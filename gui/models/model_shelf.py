"""The list of models on this machine: the built-in one, recent ones, and the hub's cache."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QWidget,
)

from engine.models.hub.client import CachedModel
from engine.models.inspection.check import STARTER_FOLDER
from engine.walk import STARTER
from gui.widgets.layouts import column, heading, row
from gui.widgets.plain_text import plain_tip
from gui.widgets.questions import PlainBox
from gui.widgets.text_format import size_text
from gui.widgets.theme import UNIT

ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Offer:
    """A model in the list: its location, its title, and the folder or file to check. Without
    `folder`, the model is in the hub's cache."""

    location: str
    title: str
    folder: Path | None = None


class ModelShelf(QWidget):
    """Owns the list. Models of the hub's cache show their size and can be deleted.

    Signals: selected(offer or None); activated, after a double click or Enter;
    removal_confirmed(hub id), after the person has confirmed to delete that model.
    """

    selected = Signal(object)
    activated = Signal()
    removal_confirmed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._cached: dict[str, CachedModel] = {}
        self._select_later = ""
        self.list = QListWidget()
        self.list.setAccessibleName("Models on this machine")
        self.list.setToolTip("Select a model to check it; it is not loaded yet")
        self.list.currentItemChanged.connect(self._select)
        self.list.itemSelectionChanged.connect(self._keep_choice)
        self.list.itemActivated.connect(lambda _: self.activated.emit())
        folder, file = QPushButton("Folder…"), QPushButton("File…")
        folder.setToolTip("A folder in the diffusers layout")
        folder.clicked.connect(self._ask_folder)
        file.setToolTip("A single .safetensors file")
        file.clicked.connect(self._ask_file)
        self.remove_button = QPushButton("Delete…")
        self.remove_button.setToolTip("Delete the selected model from the hub's cache")
        self.remove_button.clicked.connect(self.ask_remove)
        for button in (folder, file, self.remove_button):
            button.setAutoDefault(False)
        layout = column(self, 0, 2 * UNIT)
        layout.addWidget(heading("On this machine"))
        layout.addWidget(self.list, 1)
        layout.addLayout(row(folder, file, 1, self.remove_button, spacing=2 * UNIT))

    @property
    def current(self) -> Offer | None:
        """The selected model, or None."""
        item = self.list.currentItem()
        return None if item is None else item.data(ROLE)

    def fill(self, recent: Iterable[str], in_use: str) -> None:
        """List the built-in model and the recent ones that still exist. Select the one in use."""
        self.list.clear()
        self._add(Offer(STARTER, "Starter model", STARTER_FOLDER))
        for name in recent:
            if os.path.exists(name):
                self._add(Offer(name, Path(name).name, Path(name)))
        if in_use == STARTER:
            self.list.setCurrentRow(0)
        elif os.path.exists(in_use):
            self.offer(in_use)
        else:
            self._select_later = in_use  # a model of the cache, which is still being read

    def offer(self, location: str) -> None:
        """Add a folder or file to the list, if it is not in it, and select it."""
        number = self._number_of(location)
        if number is None:
            path = Path(location)
            self._add(Offer(location, path.name, path))
            number = self.list.count() - 1
        self.list.setCurrentRow(number)

    def add_cached(self, models: Iterable[CachedModel], select: bool = True) -> None:
        """List the models of the hub's cache with their sizes. `select` selects the one in use."""
        self._cached = {model.id: model for model in models}
        for model in self._cached.values():
            if self._number_of(model.id) is None:
                self._add(Offer(model.id, f"{model.id}   {size_text(model.bytes)}"))
        number = self._number_of(self._select_later)
        if select and number is not None:
            self.list.setCurrentRow(number)
        self._select_later = ""

    def forget(self, model: str) -> None:
        """Remove a deleted model from the list."""
        self._cached.pop(model, None)
        number = self._number_of(model)
        if number is not None:
            self.list.takeItem(number)

    def ask_remove(self) -> None:
        """Ask for confirmation to delete the selected model from the hub's cache."""
        model = self._cached.get(self.current.location) if self.current else None
        if model is None:
            return
        box = PlainBox(
            self,
            "Delete a model",
            f"Delete {model.id} from this machine? This frees {size_text(model.bytes)}. "
            "You can download it again.",
        )
        box.add("Cancel", QMessageBox.ButtonRole.RejectRole)
        delete = box.add("Delete", QMessageBox.ButtonRole.DestructiveRole)
        delete.clicked.connect(partial(self.removal_confirmed.emit, model.id))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _add(self, offer: Offer) -> None:
        item = QListWidgetItem(offer.title)
        item.setData(ROLE, offer)
        item.setToolTip(plain_tip(offer.location))
        self.list.addItem(item)

    def _number_of(self, location: str) -> int | None:
        numbers = range(self.list.count())
        return next((n for n in numbers if self.list.item(n).data(ROLE).location == location), None)

    def _select(self) -> None:
        offer = self.current
        self.remove_button.setEnabled(offer is not None and offer.location in self._cached)
        self.selected.emit(offer)

    def _keep_choice(self) -> None:
        """Do not select the model in use later, because another one was chosen meanwhile."""
        if self.list.selectedItems():  # the focus makes the first item the current one only
            self._select_later = ""

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Open a folder in the diffusers layout")
        if folder:
            self.offer(folder)

    def _ask_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Open a single-file model", "", "Weights (*.safetensors);;All files (*)"
        )
        if name:
            self.offer(name)
