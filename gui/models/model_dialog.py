"""The model dialog: lists models, checks the selected one, and uses it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QPushButton, QVBoxLayout, QWidget

from engine.messages import DeviceMemory
from engine.models.hub.client import CachedModel, Hub
from engine.models.hub.required_files import diffusion_model
from engine.models.inspection.check import check_model
from engine.models.inspection.memory_need import memory_sentence
from engine.models.inspection.report import ModelReport
from engine.walk import STARTER
from gui.files.settings import Settings
from gui.files.timed_work import TimedWork
from gui.models.hub_panel import HubPanel
from gui.models.model_shelf import ModelShelf, Offer
from gui.models.weights_choice import WeightsChoice
from gui.widgets.background_work import Background
from gui.widgets.layouts import column, heading, row
from gui.widgets.plain_text import RichLabel
from gui.widgets.text_format import size_text
from gui.widgets.theme import UNIT

KIND = "models"
#: A check takes some milliseconds, longer from a network disk; one that hangs is given up.
DEADLINE_MS = 20_000
LATE = (
    "The model could not be checked within {seconds} s, because its disk or network does not "
    "answer. Select it again to try once more."
)
SCORES = "This is a CLIP model. It scores pictures and cannot render any."


def report_text(
    report: ModelReport,
    half: bool = False,
    memory: DeviceMemory | None = None,
    weight_bits: int = 0,
) -> str:
    """Formats the findings of a check as a few lines of rich text.

    `half` says that the model would be opened in half precision. `memory` is that of the chosen
    device, None if it is not known yet. `weight_bits` says that so many bits of each weight are
    wanted.
    """
    if not report.ok:
        return f"<p><b>This model cannot be opened.</b></p><p>{escape(report.problem)}</p>"
    free, gpu = (None, half) if memory is None else (memory.free, memory.gpu)
    lines = [
        f"<b>{escape(report.label)}</b>{escape(_prediction(report))}",
        escape(report.form or ""),
        f"{size_text(report.bytes)} of weights, only safetensors: the files cannot run code",
        escape(memory_sentence(report, half, free, weight_bits, gpu)),
        *map(escape, report.notes),
    ]
    return "".join(f"<p>{line}</p>" for line in lines if line)


def _prediction(report: ModelReport) -> str:
    kind = report.prediction.removesuffix("_prediction")
    return f", {kind} prediction" if kind else ""


class ModelDialog(QDialog):
    """Lists the built-in model, recent ones and the hub's cache, and checks the selected one.

    Signals: chosen(location, report); scorer_fetched(hub id) after the download of a CLIP model;
    unload_asked; memory_asked, to be answered by `show_memory`.
    """

    chosen = Signal(str, object)
    scorer_fetched = Signal(str)
    unload_asked = Signal()
    memory_asked = Signal()

    def __init__(
        self,
        settings: Settings,
        background: Background,
        parent: QWidget | None = None,
        make_hub: Callable[[], Hub] = Hub,
        deadline_ms: int = DEADLINE_MS,
    ) -> None:
        super().__init__(parent)
        self._settings, self._background, self._make_hub = settings, background, make_hub
        self._checking, self._listing = (TimedWork(deadline_ms, self) for _ in range(2))
        self._late = LATE.format(seconds=round(deadline_ms / 1000))
        self._report: ModelReport | None = None
        self._memory: DeviceMemory | None = None
        self._reports: dict[str, ModelReport] = {}
        self.setWindowTitle("Model")
        self.resize(180 * UNIT, 120 * UNIT)
        self.shelf = ModelShelf()
        self.shelf.selected.connect(self._selected)
        self.shelf.activated.connect(self.use)
        self.shelf.removal_confirmed.connect(self._remove)
        self.details = RichLabel()
        self.details.setWordWrap(True)
        self.details.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.details.setAccessibleName("Description of the selected model")
        self.weights = WeightsChoice(settings)
        self.weights.changed.connect(self._show_details)
        self.hub = HubPanel(settings, make_hub)
        self.hub.name_changed.connect(self._show_use)
        self.hub.busy_changed.connect(self._show_busy)
        self.hub.fetched.connect(self._fetched)
        self._make_buttons()
        self._lay_out()

    def _make_buttons(self) -> None:
        self.use_button = QPushButton("Use this model")
        self.use_button.setToolTip("Render with it, at its recommended size and steps")
        self.use_button.setDefault(True)
        self.use_button.clicked.connect(self.use)
        self._unload = QPushButton("Unload")
        self._unload.setToolTip("Free the memory of the loaded model")
        self._unload.clicked.connect(self.unload_asked)
        self._close = QPushButton("Close")
        self._close.clicked.connect(self.reject)
        for button in (self._unload, self._close):
            button.setAutoDefault(False)

    def _lay_out(self) -> None:
        right = QVBoxLayout()
        right.setSpacing(2 * UNIT)
        right.addWidget(heading("About this model"))
        right.addWidget(self.details, 1)
        right.addWidget(self.weights)
        right.addWidget(self.hub)
        middle = row(self.shelf, spacing=6 * UNIT)
        middle.setStretch(0, 1)
        middle.addLayout(right, 1)
        layout = column(self, 6 * UNIT, 6 * UNIT)
        layout.addLayout(middle, 1)
        layout.addLayout(row(self._unload, 1, self._close, self.use_button, spacing=2 * UNIT))

    # ── verbs ────────────────────────────────────────────────────────────────────────────────

    def open_for(self, location: str) -> None:
        """Show the dialog with the model that is in use selected."""
        self.hub.begin()
        self._reports.clear()
        self._memory = None
        self.shelf.fill(self._settings.recent(KIND), location)
        self._read_cache()
        self.show()
        self.raise_()

    def offer(self, location: str) -> None:
        """Put a folder or file into the list and select it."""
        self.shelf.offer(location)

    def show_memory(self, memory: DeviceMemory) -> None:
        """Show the free memory of the chosen device beside the need of the selected model."""
        self._memory, self.hub.half = memory, memory.half
        self._show_details()

    def use(self) -> None:
        """Use the selected model. If a hub id is entered, check that model first, then download
        it."""
        offer = self.shelf.current
        if self.hub.hub_id:
            self.hub.fetch()
        elif offer is not None and self._report is not None and self._report.ok:
            self._choose(offer.location, self._report)

    def reject(self) -> None:
        """Cancel the download; without one, close the dialog."""
        if self.hub.busy:
            self.hub.cancel()
        else:
            super().reject()

    def _choose(self, location: str, report: ModelReport) -> None:
        if location != STARTER:
            self._settings.remember(KIND, location)
        self.chosen.emit(location, report)
        self.accept()

    # ── the hub and its cache ────────────────────────────────────────────────────────────────

    def _fetched(self, model: str, report: ModelReport | None) -> None:
        self._read_cache()
        if report is None:
            self.hub.say(
                f"{model} is on this machine. It is a CLIP model, which can score pictures."
            )
            self.scorer_fetched.emit(model)
        elif report.ok:
            self._choose(model, report)
        else:
            self.hub.say(report.problem)

    def _read_cache(self) -> None:
        # Importing the hub's library and reading its cache are slow, so they run in the background.
        self._listing.run(lambda: self._make_hub().cached(), self._add_cached, late="")

    def _remove(self, model: str) -> None:
        self._background.run(lambda: self._make_hub().remove(model), partial(self._removed, model))

    def _removed(self, model: str, error: Exception | None) -> None:
        if error is not None:
            self.hub.say(f"{model} could not be deleted ({error}); close programs that use it.")
            return
        self._reports.pop(model, None)
        self.shelf.forget(model)

    def _add_cached(self, found: tuple[CachedModel, ...] | Exception) -> None:
        if isinstance(found, Exception):
            return  # the dialog is usable without the cache
        for model in found:
            problem = SCORES if model.scores else model.problem
            if problem:
                self._reports[model.id] = ModelReport(model.folder, problems=(problem,))
        self.shelf.add_cached(found, select=not self.hub.hub_id)

    # ── selection ────────────────────────────────────────────────────────────────────────────

    def _selected(self, offer: Offer | None) -> None:
        self._report = None
        self._show_use()
        if offer is None:
            self._checking.cancel()
            return
        self.memory_asked.emit()
        if not self.hub.busy:
            self.hub.name.clear()
        if offer.location in self._reports:
            self._show_report(offer.location, self._reports[offer.location])
            return
        self.details.setText("Checking the model…")
        look = partial(_check, offer, self._make_hub)
        self._checking.run(look, partial(self._show_report, offer.location), self._late)

    def _show_report(self, location: str, report: ModelReport | Exception) -> None:
        offer = self.shelf.current
        if offer is None or offer.location != location:
            return
        if isinstance(report, Exception):
            report = ModelReport(Path(location), problems=(str(report),))
        else:
            self._reports[location] = report
        self._report = report
        self._show_details()
        self._show_use()

    def _show_details(self) -> None:
        """Show the selected model's description, with its need at the chosen weights."""
        if self._report is None:
            return
        bits = self.weights.bits
        self.details.setText(report_text(self._report, self.hub.half, self._memory, bits))

    def _show_use(self) -> None:
        """Set the button's text and state from the entered hub id, or else from the selection."""
        from_hub = bool(self.hub.hub_id)
        hub_text = "Download and use" if self.hub.checked else "Check model"
        self.use_button.setText(hub_text if from_hub else "Use this model")
        usable = self._report is not None and self._report.ok
        self.use_button.setEnabled(self.hub.ready if from_hub else usable)

    def _show_busy(self, busy: bool) -> None:
        self._close.setText("Cancel" if busy else "Close")
        self.shelf.setEnabled(not busy)
        self._show_use()


def _check(offer: Offer, make_hub: Callable[[], Hub]) -> ModelReport:
    folder = offer.folder or make_hub().folder_of(offer.location, diffusion_model(half=False))
    if folder is None:
        return ModelReport(
            Path(offer.location),
            problems=("Its download is not complete; enter its name below to download the rest.",),
        )
    return check_model(folder)
