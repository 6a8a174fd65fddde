"""Taking something away: what, which part of it, where to, how large, and how far it is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSlider,
    QWidget,
)

from engine.errors import InputError
from engine.export.atomic import Existing, choose_path
from engine.export.contract import COLUMNS
from engine.export.open_export import check_export, estimate_bytes, settle_path
from engine.walk import lanes_of
from gui.export_job import ExportJob
from gui.export_plan import FRAMES, LOSSY, MOVING, TITLES, Kind, Wishes, order_for
from gui.fields import Choice, FloatField, IntField, add_row, column, form, note, row
from gui.parameter_form import FolderField
from gui.results import FrameReader
from gui.settings import Preferences, Settings
from gui.state import ExplorerState
from gui.theme import UNIT

#: Writes something that is not made of frames (a table, a plot) to a path.
Writer = Callable[[Path], None]


class ExportDialog(QDialog):
    """Asks for an export and follows it. `writers` write what is not made of frames."""

    def __init__(
        self,
        state: ExplorerState,
        frames: FrameReader,
        settings: Settings,
        writers: dict[Kind, Writer],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._frames, self._settings = state, frames, settings
        self._writers = writers
        self._job: ExportJob | None = None
        self._done: Path | None = None
        self._folder = export_folder(settings.preferences)
        self.setWindowTitle("Export")
        self.setMinimumWidth(130 * UNIT)
        self._make_fields()
        self._make_buttons()
        self._lay_out()
        self._connect()

    def _make_fields(self) -> None:
        self.kind = Choice((title, kind) for kind, title in TITLES.items())
        self.kind.setAccessibleName("What to export")
        self.span = Choice()
        self.span.setAccessibleName("Which frames")
        self.show_as = Choice()
        self.show_as.setAccessibleName("Pictures or differences")
        self.folder = FolderField()
        self.folder.setAccessibleName("Folder")
        self.name = QLineEdit("walk")
        self.name.setAccessibleName("Name")
        self.template = QLineEdit("{index:05d}.png")
        self.template.setAccessibleName("Names of the pictures")
        self.fps = FloatField(1.0, 120.0, 1.0)
        self.fps.setSuffix(" fps")
        self.fps.setAccessibleName("Frames a second")
        self.quality = QSlider(Qt.Orientation.Horizontal)
        self.quality.setRange(20, 100)
        self.quality.setValue(85)
        self.quality.setAccessibleName("Quality")
        self.columns = IntField(1, 64)
        self.columns.setValue(COLUMNS)
        self.columns.setAccessibleName("Columns of the sheet")
        self.metadata = QCheckBox("Write how it was made into the file")
        self.session = QCheckBox("Put the session beside it")
        self.session.setChecked(True)
        self.estimate = note()
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(UNIT)
        self.progress.setAccessibleName("Progress of the export")
        self.outcome = QLabel()
        self.outcome.setWordWrap(True)

    def _make_buttons(self) -> None:
        self.export_button = QPushButton("Export")
        self.export_button.setDefault(True)
        self.cancel_button = QPushButton("Close")
        self.open_button = QPushButton("Open folder")
        self.export_button.setToolTip("Write it; frames that are missing are rendered first")
        self.cancel_button.setToolTip("Close; an export under way is stopped, and leaves nothing")
        self.open_button.setToolTip("Show where it was written")
        for button in (self.cancel_button, self.open_button):
            button.setAutoDefault(False)

    def _lay_out(self) -> None:
        fields = form()
        rows: list[tuple[str, QWidget, str]] = [
            ("What", self.kind, "Pictures, a film, a sheet, numbers or the plot"),
            ("Frames", self.span, "The whole walk, its range, or the picture at the playhead"),
            ("Show", self.show_as, "The pictures, or where the methods differ, as heat maps"),
            ("Rate", self.fps, "Frames a second of the film; the number of frames stays"),
            ("Quality", self.quality, "To the right: finer pictures, and a larger file"),
            ("Columns", self.columns, "Pictures beside each other on the sheet"),
            ("Folder", self.folder, "Where it goes"),
            ("Name", self.name, "A number is added where it is taken; nothing is overwritten"),
            ("Pictures", self.template, "Their names; {index:05d} is a number in five digits"),
            ("", self.metadata, "Prompt, seed and settings: dropped on the window, it goes on"),
            ("", self.session, "The walk as a file of its own, to open or render again"),
        ]
        for label, field, tip in rows:
            add_row(fields, label, field, tip)
        self._form = fields
        layout = column(self, 6 * UNIT, 4 * UNIT)
        layout.addLayout(fields)
        layout.addWidget(self.estimate)
        layout.addWidget(self.progress)
        layout.addWidget(self.outcome)
        layout.addStretch(1)
        layout.addLayout(
            row(self.open_button, 1, self.cancel_button, self.export_button, spacing=2 * UNIT)
        )

    def _connect(self) -> None:
        self._state.results_reset.connect(self._list_spans)
        self._state.exploration_changed.connect(self._list_differences)
        self._state.range_changed.connect(self._list_spans)
        self.kind.currentIndexChanged.connect(self._refresh)
        self.span.currentIndexChanged.connect(self._refresh)
        self.columns.valueChanged.connect(self._refresh)
        self.name.textChanged.connect(self._refresh)
        self.folder.chosen.connect(self._choose_folder)
        self.export_button.clicked.connect(self.start)
        self.cancel_button.clicked.connect(self.cancel)
        self.open_button.clicked.connect(self._open_folder)

    # ── verbs ────────────────────────────────────────────────────────────────────────────────

    def open_now(self) -> None:
        """Show the dialog for the walk as it is."""
        if self._job is None:
            preferences = self._settings.preferences
            self._folder = export_folder(preferences)
            self.folder.set_folder(str(self._folder))
            self.metadata.setChecked(preferences.metadata)
            self.fps.setValue(self._state.exploration.fps)
            self._list_differences()
            self._list_spans()
            self.span.setCurrentIndex(self.span.count() - 1 if self._state.range else 0)
            self._show_idle("")
        self.show()
        self.raise_()

    def wishes(self) -> Wishes:
        """What is chosen now."""
        return Wishes(
            kind=self.kind.currentData(),
            folder=self._folder,
            name=self.name.text(),
            span=self.span.currentData(),
            difference=self.show_as.currentData() or "",
            fps=self.fps.value(),
            quality=self.quality.value(),
            columns=self.columns.value(),
            template=self.template.text(),
            metadata=self.metadata.isChecked(),
            session=self.session.isChecked(),
        )

    def start(self) -> None:
        """Begin the export, or say in one sentence why it cannot be."""
        wishes = self.wishes()
        try:
            if wishes.kind in FRAMES:
                if self._edited_since():
                    self._state.generate()  # other pictures, and perhaps other spans
                self._start_job(self.wishes())
            else:
                path = choose_path(wishes.path, Existing.NUMBER)
                self._writers[wishes.kind](path)
                self._finished(path)
        except (InputError, OSError) as error:
            self._show_idle(str(error))

    def _start_job(self, wishes: Wishes) -> None:
        wishes.folder.mkdir(parents=True, exist_ok=True)
        exploration = self._state.exploration
        path = settle_path(wishes.path, Existing.NUMBER)
        info = self._state.model
        known = info is not None and info.location == exploration.model
        order = order_for(wishes, exploration, path, info if known else None)
        sampling = exploration.sampling
        check_export(path, order.plan, sampling.width, sampling.height)
        if not self._state.busy and not self._all_there(wishes.span):
            self._state.generate()
        self._job = ExportJob(self._state, self._frames, order, self)
        self._job.progressed.connect(self._progressed)
        self._job.ended.connect(self._ended)
        self.progress.setRange(0, len(order.plan.indices))
        self.progress.setValue(0)
        self._show_busy()
        self._job.start()

    def cancel(self) -> None:
        """Stop the export; without one, close the dialog."""
        if self._job is not None:
            self._job.cancel()
        else:
            self.reject()

    def stop(self) -> None:
        """The window goes: end the export and wait for its thread."""
        if self._job is not None:
            self._job.cancel()
            self._job.wait()

    # ── the job ──────────────────────────────────────────────────────────────────────────────

    def _edited_since(self) -> bool:
        """Whether the walk is another than was rendered; at what rate it plays changes nothing."""
        rendered, wanted = self._state.rendered, self._state.exploration
        return rendered is None or replace(rendered, fps=wanted.fps) != wanted

    def _all_there(self, span: tuple[int, int]) -> bool:
        lanes = self._state.results.lanes
        wanted = range(span[0], span[1] + 1)
        return bool(lanes) and all(index in lane.keys for lane in lanes for index in wanted)

    def _progressed(self, done: int, total: int) -> None:
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self.outcome.setText(f"{done} of {total} frames")

    def _ended(self, error: str) -> None:
        job, self._job = self._job, None
        if job is None:
            return
        job.wait()
        job.deleteLater()
        if error == "cancelled":
            self._show_idle("Cancelled; nothing was written.")
        elif error:
            self._show_idle(error)
        else:
            self._finished(job.order.path)

    def _finished(self, path: Path) -> None:
        self._done = path
        self._show_idle(f"Written: {path}")
        self.open_button.setVisible(True)

    # ── what is shown ────────────────────────────────────────────────────────────────────────

    def _list_spans(self) -> None:
        """What can be exported; the choice stays where it is still there."""
        last, chosen = self._state.frame_count - 1, self.span.currentIndex()
        self.span.clear()
        self.span.addItem(f"Whole walk, {last + 1} frames", (0, last))
        here = self._state.playhead
        self.span.addItem(f"Frame {here} alone", (here, here))
        if self._state.range is not None:
            first, end = self._state.range
            self.span.addItem(f"Range, {first} to {end}", (first, end))
        self.span.setCurrentIndex(chosen if 0 <= chosen < self.span.count() else 0)

    def _list_differences(self) -> None:
        """What of the compared methods can be shown; the choice stays where it is still there."""
        chosen = self.show_as.currentData()
        self.show_as.clear()
        self.show_as.addItem("Pictures", "")
        for choice in self._state.exploration.compare:
            self.show_as.addItem(f"Differences from {choice.name}", choice.name)
        self.show_as.setCurrentIndex(max(self.show_as.findData(chosen), 0))
        self._refresh()

    def _show_busy(self) -> None:
        self.export_button.setEnabled(False)
        self.cancel_button.setText("Cancel")
        self.open_button.setVisible(False)
        self.progress.setVisible(True)
        self.outcome.setText("Waiting for the first frame")
        self.outcome.setVisible(True)

    def _show_idle(self, text: str) -> None:
        self.export_button.setEnabled(True)
        self.cancel_button.setText("Close")
        self.open_button.setVisible(False)
        self.progress.setVisible(False)
        self.outcome.setText(text)
        self.outcome.setVisible(bool(text))
        self._refresh()

    def _refresh(self) -> None:
        kind = self.kind.currentData()
        if self.span.currentData() is None:
            return
        shown = {
            self.span: kind in FRAMES,
            self.show_as: kind in FRAMES and self.show_as.count() > 2,
            self.fps: kind in MOVING,
            self.quality: kind in LOSSY,
            self.columns: kind is Kind.SHEET,
            self.template: kind is Kind.PICTURES,
            self.metadata: kind in FRAMES,
            self.session: kind in FRAMES,
        }
        for field, visible in shown.items():
            self._form.setRowVisible(field, visible)
        self.estimate.setText(self._estimate_text())
        self.adjustSize()  # as high as its fields, which are others for each kind

    def _estimate_text(self) -> str:
        wishes = self.wishes()
        free = shutil.disk_usage(_existing(wishes.folder)).free
        if wishes.kind not in FRAMES:
            return f"{wishes.path.name} · {free / 1e9:.0f} GB free"
        exploration = self._state.exploration
        order = order_for(wishes, exploration, wishes.path)
        sampling = exploration.sampling
        size = estimate_bytes(wishes.path, order.plan, sampling.width, sampling.height)
        lanes = len(lanes_of(exploration))
        beside = f"{lanes} methods side by side · " if lanes > 1 else ""
        return f"{beside}about {max(size / 1e6, 0.1):.1f} MB · {free / 1e9:.0f} GB free"

    def _choose_folder(self, folder: str) -> None:
        self._folder = Path(os.path.expanduser(folder))
        self._refresh()

    def _open_folder(self) -> None:
        if self._done is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._done.parent)))


def export_folder(preferences: Preferences) -> Path:
    """Where exports go at first: as it is wished, or where the system keeps a person's pictures."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    # Not by pathlib, which raises where it knows no such home.
    return Path(os.path.expanduser(preferences.export_folder or place or "~"))


def _existing(folder: Path) -> Path:
    """The nearest folder above that there is."""
    here = folder.absolute()
    return next(place for place in (here, *here.parents) if place.is_dir())
