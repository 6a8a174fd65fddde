"""What of the walk is to be taken away, and how: the fields of an export, and how large it gets."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QSlider, QWidget

from engine.export.contract import COLUMNS
from engine.export.open_export import estimate_bytes
from engine.walk import lanes_of
from gui.export.export_plan import FRAMES, LOSSY, MOVING, TITLES, Kind, Wishes, order_for
from gui.state.explorer_state import ExplorerState
from gui.widgets.fields import Choice, FloatField, IntField
from gui.widgets.layouts import add_row, column, form, note
from gui.widgets.parameter_form import FolderField
from gui.widgets.theme import UNIT


class ExportForm(QWidget):
    """Owns the fields, of which those are seen that the kind of export has, and an estimate.

    Signals: refreshed, when other rows may be seen, or another estimate.
    """

    refreshed = Signal()

    def __init__(self, state: ExplorerState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._folder = Path()
        self._make_choices()
        self._make_fields()
        self._lay_out()
        self._connect()

    def _make_choices(self) -> None:
        self.kind = Choice((title, kind) for kind, title in TITLES.items())
        self.kind.setAccessibleName("What to export")
        self.span = Choice()
        self.span.setAccessibleName("Which frames")
        self.show_as = Choice()
        self.show_as.setAccessibleName("Pictures or differences")
        self.metadata = QCheckBox("Write how it was made into the file")
        self.session = QCheckBox("Put the session beside it")
        self.session.setChecked(True)

    def _make_fields(self) -> None:
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
        self.estimate = note()

    def _lay_out(self) -> None:
        self._rows = form()
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
            add_row(self._rows, label, field, tip)
        layout = column(self, 0, 4 * UNIT)
        layout.addLayout(self._rows)
        layout.addWidget(self.estimate)

    def _connect(self) -> None:
        self._state.results_reset.connect(self._list_spans)
        for signal in (self._state.exploration_changed, self._state.view_changed):
            signal.connect(self._list_differences)
        self._state.range_changed.connect(self._list_spans)
        self.kind.currentIndexChanged.connect(self.refresh)
        self.span.currentIndexChanged.connect(self.refresh)
        self.columns.valueChanged.connect(self.refresh)
        self.name.textChanged.connect(self.refresh)
        self.folder.chosen.connect(self._choose_folder)

    # ── verbs ────────────────────────────────────────────────────────────────────────────────

    def begin(self, folder: Path, metadata: bool) -> None:
        """Ask anew: for the walk as it is, its range if it has one, and these preferences."""
        self._folder = folder
        self.folder.set_folder(str(folder))
        self.metadata.setChecked(metadata)
        self.fps.setValue(self._state.exploration.fps)
        self._list_differences()
        self._list_spans()
        self.span.setCurrentIndex(self.span.count() - 1 if self._state.range else 0)

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

    def refresh(self) -> None:
        """Show the fields that the chosen kind has, and the estimate as the disk is now."""
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
            self._rows.setRowVisible(field, visible)
        self.estimate.setText(self._estimate_text())
        self.updateGeometry()  # at once: Qt would tell the layout around it with the next events
        self.refreshed.emit()

    # ── what there is to choose ──────────────────────────────────────────────────────────────

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
        for choice in self._state.exploration.side_by_side:
            self.show_as.addItem(f"Differences from {choice.name}", choice.name)
        self.show_as.setCurrentIndex(max(self.show_as.findData(chosen), 0))
        self.refresh()

    def _choose_folder(self, folder: str) -> None:
        self._folder = Path(os.path.expanduser(folder))
        self.refresh()

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


def _existing(folder: Path) -> Path:
    """The nearest folder above that there is."""
    here = folder.absolute()
    return next(place for place in (here, *here.parents) if place.is_dir())
