"""Choosing a model: what is at hand, what it is, and whether it is safe, before it is loaded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.models.check import STARTER_FOLDER, check_model
from engine.models.hub import CachedModel, Hub, is_hub_id
from engine.models.report import ModelReport
from engine.models.wanted import diffusion_model
from engine.walk import STARTER
from gui.background import Background
from gui.fields import column, heading, note, row
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

    Signals: chosen(location, report or None for one that is on the hub only); unload_asked.
    """

    chosen = Signal(str, object)
    unload_asked = Signal()

    def __init__(
        self, settings: Settings, background: Background, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._settings, self._background = settings, background
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
        self.hub = QLineEdit()
        self.hub.setPlaceholderText("owner/name of a model on the hub")
        self.hub.setAccessibleName("Model on the hub")
        self.hub.textChanged.connect(self._hub_changed)
        self.hub.returnPressed.connect(self.use)
        self.offline = QCheckBox("Offline: never ask the network")
        self.offline.toggled.connect(self._set_offline)
        self._make_buttons()
        self._lay_out()

    def _make_buttons(self) -> None:
        self.use_button = QPushButton("Use this model")
        self.use_button.setDefault(True)
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
        for button in (self._folder, self._file, self._unload, self._close):
            button.setAutoDefault(False)

    def _lay_out(self) -> None:
        left, right = QVBoxLayout(), QVBoxLayout()
        for side in (left, right):
            side.setSpacing(2 * UNIT)
        left.addWidget(heading("At hand"))
        left.addWidget(self.list, 1)
        left.addLayout(row(self._folder, self._file, 1, spacing=2 * UNIT))
        right.addWidget(heading("Before it is loaded"))
        right.addWidget(self.details, 1)
        right.addWidget(heading("From the Hugging Face hub"))
        right.addWidget(self.hub)
        right.addWidget(note("Downloaded once, with progress in the status bar; Esc cancels."))
        right.addWidget(self.offline)
        middle = row(spacing=6 * UNIT)
        middle.addLayout(left, 1)
        middle.addLayout(right, 1)
        layout = column(self, 6 * UNIT, 6 * UNIT)
        layout.addLayout(middle, 1)
        layout.addLayout(row(self._unload, 1, self._close, self.use_button, spacing=2 * UNIT))

    # ── verbs ────────────────────────────────────────────────────────────────────────────────

    def open_for(self, location: str) -> None:
        """Show the dialog with the model that is in use selected."""
        self.offline.setChecked(self._settings.preferences.offline)
        self.hub.clear()
        self._fill(location)
        self._background.run(Hub().cached, self._add_cached)
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
        """Load the selected model, or the one of the hub whose name is written."""
        wanted = self.hub.text().strip()
        item = self.list.currentItem()
        if wanted:
            location, report = wanted, None
        elif item is not None and self._report is not None and self._report.ok:
            location, report = item.data(ROLE).location, self._report
        else:
            return
        if location != STARTER:
            self._settings.remember(KIND, location)
        self.chosen.emit(location, report)
        self.accept()

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
        self.use_button.setEnabled(False)
        if item is None:
            return
        offer: Offer = item.data(ROLE)
        self.hub.clear()
        if offer.location in self._reports:
            self._show_report(offer.location, self._reports[offer.location])
            return
        self.details.setText("Looking at it…")
        self._background.run(partial(_check, offer), partial(self._show_report, offer.location))

    def _show_report(self, location: str, report: ModelReport | Exception) -> None:
        item = self.list.currentItem()
        if item is None or item.data(ROLE).location != location:
            return
        if isinstance(report, Exception):
            report = ModelReport(Path(location), problems=(str(report),))
        self._reports[location] = self._report = report
        self.details.setText(report_text(report))
        self.use_button.setEnabled(report.ok)

    # ── the rest ─────────────────────────────────────────────────────────────────────────────

    def _hub_changed(self, text: str) -> None:
        if not text.strip():
            self.use_button.setEnabled(self._report is not None and self._report.ok)
            return
        self.use_button.setEnabled(is_hub_id(text.strip()))

    def _set_offline(self, offline: bool) -> None:
        preferences = self._settings.preferences
        if preferences.offline != offline:
            self._settings.set_preferences(replace(preferences, offline=offline))

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


def _check(offer: Offer) -> ModelReport:
    folder = offer.folder or Hub().folder_of(offer.location, diffusion_model(half=False))
    if folder is None:
        return ModelReport(
            Path(offer.location),
            problems=("It is not whole in the cache; write its name below to fetch the rest.",),
        )
    return check_model(folder)
