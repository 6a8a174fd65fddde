"""The fields of an export: its kind, its frames and parameters, its path, and an estimate."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QWidget

from engine.errors import InputError
from engine.export.open_export import estimate_bytes
from engine.parameters import parameters_of
from engine.walk import ParameterValue, frame_text, lanes_of
from gui.export.export_plan import FIRST_KIND, ExportKind, Wishes, order_for
from gui.export.rate_field import RateField
from gui.state.explorer_state import ExplorerState
from gui.widgets.fields import Choice
from gui.widgets.layouts import add_row, column, form, note
from gui.widgets.parameter_form import FolderField, ParameterForm
from gui.widgets.theme import UNIT


class ExportForm(QWidget):
    """Owns the fields and an estimate of the size. Shows the fields of the chosen kind.

    Signals: refreshed, when the visible rows or the estimate may have changed.
    """

    refreshed = Signal()

    def __init__(
        self, state: ExplorerState, kinds: Sequence[ExportKind], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._kinds = {kind.name: kind for kind in sorted(kinds, key=lambda kind: kind.label)}
        self._values: dict[str, ParameterValue] = {}
        self._folder: Path | None = None
        self._make_choices()
        self._make_fields()
        self._lay_out()
        self._connect()

    def _make_choices(self) -> None:
        self.kind = Choice((kind.label, kind.name) for kind in self._kinds.values())
        self.kind.choose(FIRST_KIND)
        self.kind.setAccessibleName("What to export")
        self.span = Choice()
        self.span.setAccessibleName("Which frames")
        self.show_as = Choice()
        self.show_as.setAccessibleName("Pictures or differences")
        self.metadata = QCheckBox("Write prompt, seed and settings into the file")
        self.session = QCheckBox("Save the session next to it")
        self.session.setChecked(True)

    def _make_fields(self) -> None:
        self.folder = FolderField()
        self.folder.setAccessibleName("Folder")
        self.name = QLineEdit("walk")
        self.name.setAccessibleName("Name")
        self.fps = RateField()
        self.parameters = ParameterForm()
        self.estimate = note()

    def _lay_out(self) -> None:
        self._rows = form()
        rows: list[tuple[str, QWidget, str]] = [
            ("What", self.kind, "Pictures, a video, a contact sheet, a table or a plot"),
            ("Frames", self.span, "The whole walk, its range, or the picture at the playhead"),
            ("Show", self.show_as, "Pictures, or heat maps of the methods' differences"),
            ("Rate", self.fps, "Frames a second; the number of frames stays the same"),
            ("Folder", self.folder, "Folder of the export"),
            ("Name", self.name, "A number is added if the name is taken; no file is replaced"),
            ("", self.metadata, "Prompt, seed and settings, so that the file can be opened here"),
            ("", self.session, "Save the walk as a session file, to open or render again"),
        ]
        for label, field, tip in rows:
            add_row(self._rows, label, field, tip)
            if field is self.fps:
                self._rows.addRow(self.parameters)
        layout = column(self, 0, 4 * UNIT)
        layout.addLayout(self._rows)
        layout.addWidget(self.estimate)

    def _connect(self) -> None:
        self._state.results_reset.connect(self._list_spans)
        for signal in (self._state.exploration_changed, self._state.view_changed):
            signal.connect(self._list_differences)
        self._state.range_changed.connect(self._list_spans)
        self._state.playhead_changed.connect(self._follow_playhead)
        self.kind.currentIndexChanged.connect(self.refresh)
        self.span.currentIndexChanged.connect(self.refresh)
        self.fps.valueChanged.connect(self.refresh)
        self.parameters.edited.connect(self._choose_value)
        self.name.textChanged.connect(self.refresh)
        self.folder.chosen.connect(self._choose_folder)

    # ── verbs ────────────────────────────────────────────────────────────────────────────────

    def choose_kind(self, name: str) -> None:
        """Choose what to export by its name."""
        self.kind.choose(name)

    def begin(self, folder: Path, metadata: bool) -> None:
        """Reset the fields for the current walk, its range if there is one, and the preferences."""
        self._folder = folder
        self.folder.set_folder(str(folder))
        self.metadata.setChecked(metadata)
        self.fps.setValue(self._state.exploration.fps)
        self._list_differences()
        self._list_spans()
        self.span.setCurrentIndex(self.span.count() - 1 if self._state.range else 0)

    def wishes(self) -> Wishes:
        """Returns the present values of the fields. Raises InputError without a folder."""
        if self._folder is None:
            raise InputError("Name a folder for the export.")
        return Wishes(
            kind=self._kind,
            folder=self._folder,
            name=self.name.text(),
            span=self.span.currentData(),
            difference=self.show_as.currentData() or "",
            fps=self.fps.value(),
            parameters=dict(self._values),
            metadata=self.metadata.isChecked(),
            session=self.session.isChecked(),
        )

    def refresh(self) -> None:
        """Show the fields of the chosen kind, and update the estimate."""
        if self.span.currentData() is None:
            return
        format_ = self._kind.format
        if format_ is not None:
            self.parameters.show_values(format_, self._values)
            self._align_labels()
            self.fps.set_format(format_)
        shown = {
            self.span: format_ is not None,
            self.show_as: format_ is not None and self.show_as.count() > 2,
            self.fps: self._kind.moves,
            self.parameters: format_ is not None and bool(parameters_of(format_)),
            self.metadata: self._kind.has_metadata,
            self.session: format_ is not None,
        }
        for field, visible in shown.items():
            self._rows.setRowVisible(field, visible)
        self.estimate.setText(self._estimate_text())
        self.updateGeometry()  # at once; otherwise Qt informs the parent layout later
        self.refreshed.emit()

    def _align_labels(self) -> None:
        """Align the fields of the format with the others."""
        labels: list[QWidget] = self.parameters.findChildren(QLabel)
        labels.append(self._rows.labelForField(self.kind))
        width = max(label.sizeHint().width() for label in labels)
        for label in labels:
            label.setMinimumWidth(width)

    @property
    def _kind(self) -> ExportKind:
        return self._kinds[self.kind.currentData()]

    # ── choices ──────────────────────────────────────────────────────────────────────────────

    def _list_spans(self) -> None:
        """Fill the list of spans. Keep the choice if it is still in the list."""
        last, chosen = self._state.frame_count - 1, self.span.currentIndex()
        self.span.clear()
        count = "1 frame" if last == 0 else f"{last + 1} frames"
        self.span.addItem(f"Whole walk, {count}", (0, last))
        self.span.addItem("")
        self._follow_playhead(self._state.playhead)
        if self._state.range is not None:
            first, end = self._state.range
            self.span.addItem(f"Range, {frame_text(first)} to {end + 1}", (first, end))
        self.span.setCurrentIndex(chosen if 0 <= chosen < self.span.count() else 0)

    def _follow_playhead(self, here: int) -> None:
        """Name the picture at the playhead, which the second choice of the list exports."""
        self.span.setItemText(1, f"Only {frame_text(here)}")
        self.span.setItemData(1, (here, here))

    def _list_differences(self) -> None:
        """Fill the list of differences. Keep the choice if it is still in the list."""
        chosen = self.show_as.currentData()
        self.show_as.clear()
        self.show_as.addItem("Pictures", "")
        for choice in self._state.exploration.side_by_side:
            self.show_as.addItem(f"Differences from {choice.name}", choice.name)
        self.show_as.setCurrentIndex(max(self.show_as.findData(chosen), 0))
        self.refresh()

    def _choose_value(self, name: str, value: ParameterValue) -> None:
        self._values[name] = value
        self.refresh()

    def _choose_folder(self, folder: str) -> None:
        self._folder = Path(os.path.expanduser(folder)) if folder.strip() else None
        self.refresh()

    def _estimate_text(self) -> str:
        try:
            wishes = self.wishes()
        except InputError as error:
            return str(error)
        free = f"{shutil.disk_usage(_existing(wishes.folder)).free / 1e9:.0f} GB free"
        if wishes.kind.format is None or wishes.kind.finish is not None:
            return f"{wishes.path.name} · {free}"
        exploration = self._state.exploration
        try:
            order = order_for(wishes, exploration, wishes.path)
            sampling = exploration.sampling
            size = estimate_bytes(wishes.path, order.plan, sampling.width, sampling.height)
        except InputError as error:
            return str(error)
        lanes = len(lanes_of(exploration))
        beside = f"{lanes} methods side by side · " if lanes > 1 else ""
        text = f"{beside}about {max(size / 1e6, 0.1):.1f} MB · {free}"
        note = wishes.kind.format.rate_note(wishes.fps)
        return f"{note}\n{text}" if note else text


def _existing(folder: Path) -> Path:
    """Returns the nearest parent folder that exists."""
    here = folder.absolute()
    return next(place for place in (here, *here.parents) if os.path.isdir(place))
