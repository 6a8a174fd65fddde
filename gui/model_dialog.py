"""Choosing a model: what is at hand, what it is, and whether it is safe, before it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.models.check import STARTER_FOLDER, check_model
from engine.models.hub import CachedModel, Hub
from engine.models.report import ModelReport
from engine.models.wanted import diffusion_model
from engine.walk import STARTER
from gui.background import Background
from gui.fields import column, heading, row
from gui.hub_panel import HubPanel
from gui.settings import Settings
from gui.theme import UNIT

KIND = "models"
ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that could be opened: where it is, what it is called, and how to check it."""

    location: str
    title: str
    folder: Path | None = None


def size_text(size: int) -> str:
    """An amount of bytes as people say it."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def report_text(report: ModelReport) -> str:
    """What was found, in a few lines of rich text."""
    if not report.ok:
        return f"<p><b>It cannot be opened.</b></p><p>{report.problem}</p>"
    kind = {"folder": "Folder in the diffusers layout", "file": "Single file"}
    lines = [
        f"<b>{report.family}</b>, {report.prediction} prediction",
        kind.get(report.kind, report.kind),
        f"{size_text(report.bytes)} of weights, safetensors only: nothing in it can run code",
        *report.notes,
    ]
    return "".join(f"<p>{line}</p>" for line in lines if line)


class ModelDialog(QDialog):
    """Lists the built-in model, recent ones and the hub's cache, and checks the selected one.

    Signals: chosen(location, report); scorer_fetched(hub id), a CLIP model has come; unload_asked.
    """

    chosen = Signal(str, object)
    scorer_fetched = Signal(str)
    unload_asked = Signal()

    def __init__(
        self,
        settings: Settings,
        background: Background,
        parent: QWidget | None = None,
        make_hub: Callable[[], Hub] = Hub,
    ) -> None:
        super().__init__(parent)
        self._settings, self._background, self._make_hub = settings, background, make_hub
        self._cached: dict[str, CachedModel] = {}
        self._report: ModelReport | None = None
        self._reports: dict[str, ModelReport] = {}
        self.setWindowTitle("Model")
        self.resize(180 * UNIT, 120 * UNIT)
        self.list = QListWidget()
        self.list.setAccessibleName("Models at hand")
        self.list.currentItemChanged.connect(self._selected)
        self.list.itemActivated.connect(self.use)
        self.details = QLabel()
        self.details.setWordWrap(True)
        self.details.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.details.setAccessibleName("What is known of the selected model")
        self.hub = HubPanel(settings, make_hub)
        self.hub.name_changed.connect(self._show_use)
        self.hub.busy_changed.connect(self._show_busy)
        self.hub.fetched.connect(self._fetched)
        self._make_buttons()
        self._lay_out()

    def _make_buttons(self) -> None:
        self.use_button = QPushButton("Use this model")
        self.use_button.setDefault(True)
        self.remove_button = QPushButton("Delete…")
        self.remove_button.setToolTip("Delete the selected model from the hub's cache")
        self.remove_button.clicked.connect(self.ask_remove)
        self.use_button.clicked.connect(self.use)
        self._folder = QPushButton("Folder…")
        self._folder.setToolTip("A folder in the diffusers layout")
        self._folder.clicked.connect(self._ask_folder)
        self._file = QPushButton("File…")
        self._file.setToolTip("A single .safetensors file")
        self._file.clicked.connect(self._ask_file)
        self._unload = QPushButton("Unload")
        self._unload.setToolTip("Give back the memory that the loaded model takes")
        self._unload.clicked.connect(self.unload_asked)
        self._close = QPushButton("Close")
        self._close.clicked.connect(self.reject)
        for button in (self._folder, self._file, self._unload, self._close, self.remove_button):
            button.setAutoDefault(False)

    def _lay_out(self) -> None:
        left, right = QVBoxLayout(), QVBoxLayout()
        for side in (left, right):
            side.setSpacing(2 * UNIT)
        left.addWidget(heading("At hand"))
        left.addWidget(self.list, 1)
        left.addLayout(row(self._folder, self._file, 1, self.remove_button, spacing=2 * UNIT))
        right.addWidget(heading("Before it is loaded"))
        right.addWidget(self.details, 1)
        right.addWidget(self.hub)
        middle = row(spacing=6 * UNIT)
        middle.addLayout(left, 1)
        middle.addLayout(right, 1)
        layout = column(self, 6 * UNIT, 6 * UNIT)
        layout.addLayout(middle, 1)
        layout.addLayout(row(self._unload, 1, self._close, self.use_button, spacing=2 * UNIT))

    # ── verbs ────────────────────────────────────────────────────────────────────────────────

    def open_for(self, location: str) -> None:
        """Show the dialog with the model that is in use selected."""
        self.hub.begin()
        self._fill(location)
        self._read_cache()
        self.show()
        self.raise_()

    def offer(self, location: str) -> None:
        """Put a folder or file into the list and select it."""
        for number in range(self.list.count()):
            if self.list.item(number).data(ROLE).location == location:
                self.list.setCurrentRow(number)
                return
        path = Path(location)
        self._add(Offer(location, path.name, path))
        self.list.setCurrentRow(self.list.count() - 1)

    def use(self) -> None:
        """Use the selected model, or download the one of the hub whose name is written."""
        item = self.list.currentItem()
        if self.hub.wanted:
            self.hub.fetch()
        elif item is not None and self._report is not None and self._report.ok:
            self._choose(item.data(ROLE).location, self._report)

    def reject(self) -> None:
        """Cancel the download; without one, close the dialog."""
        if self.hub.busy:
            self.hub.cancel()
        else:
            super().reject()

    def ask_remove(self) -> None:
        """Delete the selected model from the hub's cache, once the person has confirmed it."""
        model = self._selected_cached()
        if model is None:
            return
        box = QMessageBox(
            QMessageBox.Icon.Question,
            "Delete a model",
            f"Delete {model.id} from this machine? {size_text(model.bytes)} become free; "
            "it can be downloaded again.",
            QMessageBox.StandardButton.Cancel,
            self,
        )
        delete = box.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        delete.clicked.connect(partial(self._remove, model.id))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _choose(self, location: str, report: ModelReport) -> None:
        if location != STARTER:
            self._settings.remember(KIND, location)
        self.chosen.emit(location, report)
        self.accept()

    # ── the hub and its cache ────────────────────────────────────────────────────────────────

    def _fetched(self, model: str, report: ModelReport | None) -> None:
        self._read_cache()
        if report is None:
            self.hub.say(f"{model} is on this machine; it is a CLIP model, which can score.")
            self.scorer_fetched.emit(model)
        elif report.ok:
            self._choose(model, report)
        else:
            self.hub.say(report.problem)

    def _read_cache(self) -> None:
        # The hub's library takes a while to import, and its cache to be read: not on this thread.
        self._background.run(lambda: self._make_hub().cached(), self._add_cached)

    def _remove(self, model: str) -> None:
        self._background.run(lambda: self._make_hub().remove(model), partial(self._removed, model))

    def _removed(self, model: str, error: Exception | None) -> None:
        if error is not None:
            self.hub.say(f"{model} could not be deleted ({error}); close what uses it.")
            return
        self._cached.pop(model, None)
        self._reports.pop(model, None)
        for number in reversed(range(self.list.count())):
            if self._offer(number).location == model:
                self.list.takeItem(number)

    def _selected_cached(self) -> CachedModel | None:
        item = self.list.currentItem()
        return None if item is None else self._cached.get(item.data(ROLE).location)

    # ── the list ─────────────────────────────────────────────────────────────────────────────

    def _fill(self, location: str) -> None:
        self.list.clear()
        self._reports.clear()
        self._add(Offer(STARTER, "Starter model", STARTER_FOLDER))
        for name in self._settings.recent(KIND):
            if Path(name).exists():
                self._add(Offer(name, Path(name).name, Path(name)))
        if location != STARTER and Path(location).exists():
            self.offer(location)
        elif location == STARTER:
            self.list.setCurrentRow(0)

    def _add(self, offer: Offer) -> None:
        item = QListWidgetItem(offer.title)
        item.setData(ROLE, offer)
        item.setToolTip(offer.location)
        self.list.addItem(item)

    def _add_cached(self, found: tuple[CachedModel, ...] | Exception) -> None:
        if isinstance(found, Exception):
            return  # what is in the cache is an offer; without one there are others
        self._cached = {model.id: model for model in found}
        for model in found:
            if not any(self._offer(n).location == model.id for n in range(self.list.count())):
                self._add(Offer(model.id, f"{model.id}   {size_text(model.bytes)}"))
                if model.problem:
                    self._reports[model.id] = ModelReport(model.folder, problems=(model.problem,))

    def _offer(self, number: int) -> Offer:
        offer: Offer = self.list.item(number).data(ROLE)
        return offer

    def _selected(self, item: QListWidgetItem | None) -> None:
        self._report = None
        self.remove_button.setEnabled(self._selected_cached() is not None)
        self._show_use()
        if item is None:
            return
        offer: Offer = item.data(ROLE)
        self.hub.name.clear()
        if offer.location in self._reports:
            self._show_report(offer.location, self._reports[offer.location])
            return
        self.details.setText("Looking at it…")
        look = partial(_check, offer, self._make_hub)
        self._background.run(look, partial(self._show_report, offer.location))

    def _show_report(self, location: str, report: ModelReport | Exception) -> None:
        item = self.list.currentItem()
        if item is None or item.data(ROLE).location != location:
            return
        if isinstance(report, Exception):
            report = ModelReport(Path(location), problems=(str(report),))
        self._reports[location] = self._report = report
        self.details.setText(report_text(report))
        self._show_use()

    # ── the rest ─────────────────────────────────────────────────────────────────────────────

    def _show_use(self) -> None:
        """What the button does depends on what is written, and on what is selected."""
        from_hub = bool(self.hub.wanted)
        self.use_button.setText("Download and use" if from_hub else "Use this model")
        sound = self._report is not None and self._report.ok
        self.use_button.setEnabled(self.hub.ready if from_hub else sound)

    def _show_busy(self, busy: bool) -> None:
        self._close.setText("Cancel" if busy else "Close")
        self.list.setEnabled(not busy)
        self._show_use()

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "A model in the diffusers layout")
        if folder:
            self.offer(folder)

    def _ask_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "A single file with a model", "", "Weights (*.safetensors);;All files (*)"
        )
        if name:
            self.offer(name)


def _check(offer: Offer, make_hub: Callable[[], Hub]) -> ModelReport:
    folder = offer.folder or make_hub().folder_of(offer.location, diffusion_model(half=False))
    if folder is None:
        return ModelReport(
            Path(offer.location),
            problems=("It is not whole in the cache; write its name below to fetch the rest.",),
        )
    return check_model(folder)
