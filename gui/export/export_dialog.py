"""The export dialog: its form, the progress of the export, and its outcome or error."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QStandardPaths, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QDialog,
    QProgressBar,
    QPushButton,
    QWidget,
)

from engine.atomic import Existing, choose_path
from engine.errors import InputError
from engine.export.metadata import Provenance
from engine.export.open_export import check_export, settle_path
from engine.walk import Exploration
from gui.export.export_form import ExportForm
from gui.export.export_job import ExportJob
from gui.export.export_plan import ExportKind, Wishes, Writer, order_for
from gui.export.paper_figure import FigureFile
from gui.files.settings import Preferences, Settings
from gui.measures.summary import certificates_of
from gui.state.explorer_state import ExplorerState
from gui.state.missing_frames import MissingFrames
from gui.state.results import FrameReader
from gui.widgets.background_work import Background
from gui.widgets.layouts import column, row
from gui.widgets.plain_text import PlainLabel
from gui.widgets.theme import UNIT

CHANGED = "The walk was changed before its figure was written; export the figure again."


class ExportDialog(QDialog):
    """Starts an export of one of the `kinds` and shows its progress and its errors."""

    def __init__(
        self,
        state: ExplorerState,
        frames: FrameReader,
        missing: MissingFrames,
        settings: Settings,
        kinds: Sequence[ExportKind],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._frames, self._settings = state, frames, settings
        self._missing = missing
        self._job: ExportJob | None = None
        self._figure: FigureFile | None = None
        self._drawn: Exploration | None = None  # the walk of a figure whose frames are written
        self._background = Background(self)
        self._done: Path | None = None
        self._writing = False
        self.form = ExportForm(state, kinds)
        self.setWindowTitle("Export")
        self.setMinimumWidth(130 * UNIT)
        self._make_progress()
        self._make_buttons()
        self._lay_out()
        self._connect()

    def _make_progress(self) -> None:
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(UNIT)
        self.progress.setAccessibleName("Progress of the export")
        self.outcome = PlainLabel()
        self.outcome.setWordWrap(True)

    def _make_buttons(self) -> None:
        self.export_button = QPushButton("Export")
        self.export_button.setDefault(True)
        self.cancel_button = QPushButton("Close")
        self.open_button = QPushButton("Open folder")
        self.export_button.setToolTip("Start the export; missing frames are rendered first")
        self.open_button.setToolTip("Open the folder of the export")
        for button in (self.cancel_button, self.open_button):
            button.setAutoDefault(False)

    def _lay_out(self) -> None:
        layout = column(self, 6 * UNIT, 4 * UNIT)
        layout.addWidget(self.form)
        layout.addWidget(self.progress)
        layout.addWidget(self.outcome)
        layout.addStretch(1)
        layout.addLayout(
            row(self.open_button, 1, self.cancel_button, self.export_button, spacing=2 * UNIT)
        )

    def _connect(self) -> None:
        self.form.refreshed.connect(self.adjustSize)  # each kind has other fields
        self.export_button.clicked.connect(self.start)
        self.cancel_button.clicked.connect(self.cancel)
        self.open_button.clicked.connect(self._open_folder)
        for signal in (self._state.busy_changed, self._state.results_reset):
            signal.connect(self._make_figure)

    # ── verbs ────────────────────────────────────────────────────────────────────────────────

    def open_now(self, kind: str = "") -> None:
        """Show the dialog for the current walk, with the kind of this name chosen, if any."""
        if self._job is None and not self._writing:
            if kind:
                self.form.choose_kind(kind)
            preferences = self._settings.preferences
            self.form.begin(export_folder(preferences), preferences.metadata)
            self._show_idle("")
        self.show()
        self.raise_()

    def start(self) -> None:
        """Start the export, or show the reason why it cannot start."""
        try:
            self._start(self.form.wishes())
        except (InputError, OSError) as error:
            self._show_idle(str(error))
        except Exception as error:
            logging.getLogger("latent_trails").exception("export failed")
            self._show_idle(f"The export failed ({type(error).__name__}: {error}); see the log.")

    def _start(self, wishes: Wishes) -> None:
        if wishes.kind.write is not None:
            path = choose_path(wishes.path, Existing.NUMBER)
            wishes.kind.write(path)
            self._finished(path)
            return
        if wishes.kind.prepare is not None:
            self._write_beside(wishes, wishes.kind.prepare())
            return
        if self._edited_since():
            self._state.generate()  # render the edited walk first
        self._start_job(self.form.wishes())

    def _write_beside(self, wishes: Wishes, write: Writer) -> None:
        """Write a file in the background. This cannot be cancelled: it takes a moment."""
        path = choose_path(wishes.path, Existing.NUMBER)
        self.progress.setRange(0, 0)
        self._writing = True
        self._show_busy("Writing", stops=False)
        self._background.run(partial(_written, write, path), self._show_written)

    def _show_written(self, result: Path | Exception) -> None:
        self._writing = False
        self._show_idle(str(result)) if isinstance(result, Exception) else self._finished(result)

    def _start_job(self, wishes: Wishes) -> None:
        wishes.folder.mkdir(parents=True, exist_ok=True)
        exploration = self._state.exploration
        session = exploration if wishes.session else None
        info = self._state.model
        known = info if info is not None and info.location == exploration.model else None
        notes = partial(_notes_of, self._state)  # holds no reference to this dialog
        if wishes.kind.finish is None:
            path = settle_path(wishes.path, Existing.NUMBER, session)
        else:
            text = Provenance.of(exploration, known, notes).walk_text()
            self._figure = FigureFile(wishes, text, session)
            path, wishes = self._figure.frames, replace(wishes, session=False)
        measured = self._state.results.are_of(exploration)
        numbers = certificates_of(self._state) if measured else ()
        order = order_for(wishes, exploration, path, known, notes, numbers)
        sampling = exploration.sampling
        check_export(path, order.plan, sampling.width, sampling.height)
        if not self._state.busy and not self._all_there(wishes.span):
            self._state.generate()
        self._job = ExportJob(self._state, self._frames, self._missing, order, self)
        self._job.progressed.connect(self._progressed)
        self._job.ended.connect(self._ended)
        self.progress.setRange(0, self._job.total)
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
        """Cancel the export and wait for its thread, before the window closes."""
        if self._job is not None:
            self._job.cancel()
            self._job.wait()
        self._background.close()

    # ── the job ──────────────────────────────────────────────────────────────────────────────

    def _edited_since(self) -> bool:
        """True if the walk was edited since it was rendered. The frame rate does not count."""
        return not self._state.results.are_of(self._state.exploration)

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
        if not error and self._figure is not None and job.cancelled:
            error = "cancelled"  # its frames were there already, in a folder that goes
        if not error and self._figure is not None:
            self._drawn, self._writing = job.order.exploration, True
            self.progress.setRange(0, 0)
            self._show_busy("Measuring", stops=False)
            self._make_figure()
            return
        self._figure = None
        if error == "cancelled":
            self._show_idle("Cancelled; nothing was written.")
        elif error:
            self._show_idle(error)
        else:
            self._finished(job.order.path)

    def _make_figure(self, *_: object) -> None:
        """Make the figure from its frames, once the job has measured them: its plane, curves and
        table are those of the window."""
        figure, drawn, state = self._figure, self._drawn, self._state
        if figure is None or drawn is None or (state.busy and state.results.are_of(drawn)):
            return
        self._figure = self._drawn = None
        self._writing = False
        try:
            if not state.results.are_of(drawn):
                raise InputError(CHANGED)
            self._finished(figure.make())
        except (InputError, OSError) as error:
            self._show_idle(str(error))

    def _finished(self, path: Path) -> None:
        self._done = path
        self._show_idle(f"Written: {path}")
        self.open_button.setVisible(True)

    # ── display ──────────────────────────────────────────────────────────────────────────────

    def _show_busy(self, text: str = "Waiting for the first frame", stops: bool = True) -> None:
        self.export_button.setEnabled(False)
        self.cancel_button.setText("Cancel" if stops else "Close")
        self.cancel_button.setToolTip("Cancel the export; it leaves no file" if stops else "")
        self.open_button.setVisible(False)
        self.progress.setVisible(True)
        self.outcome.setText(text)
        self.outcome.setVisible(True)

    def _show_idle(self, text: str) -> None:
        """Show that nothing is written, and the outcome; in the window, if this is closed."""
        if text and not self.isVisible():
            self._state.post(text)
        self.export_button.setEnabled(True)
        self.cancel_button.setText("Close")
        self.cancel_button.setToolTip("")
        self.open_button.setVisible(False)
        self.progress.setVisible(False)
        self.outcome.setText(text)
        self.outcome.setVisible(bool(text))
        self.form.refresh()

    def _open_folder(self) -> None:
        if self._done is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._done.parent)))


def export_folder(preferences: Preferences) -> Path:
    """Returns the default folder: the one of the preferences, or the system's picture folder."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    # pathlib raises an error for an unknown home folder; os.path does not.
    return Path(os.path.expanduser(preferences.export_folder or place or "~"))


def _written(write: Writer, path: Path) -> Path:
    """Writes a file and returns its path."""
    write(path)
    return path


def _notes_of(state: ExplorerState, lane: int, index: int) -> tuple[str, ...]:
    """Returns the notes of a frame of the newest job. May run on any thread."""
    return state.results.notes_of(lane, index)
