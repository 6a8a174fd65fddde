"""The dialog of one experiment: its plan or options, its folder, its progress and its result."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QFontDatabase
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from engine.atomic import numbered_paths, person_path
from engine.errors import InputError
from engine.walk import Exploration
from gui.study.kinds import STUDY, Experiment
from gui.study.live_means import HEAD, read_live
from gui.study.live_plot import LivePlot
from gui.study.option_form import OptionForm
from gui.study.plan_editor import KNOWN_PLAN, PlanEditor
from gui.study.program import Program
from gui.study.walk_settings import WalkSettings
from gui.widgets.fields import finish_writing
from gui.widgets.layouts import column, note
from gui.widgets.plain_text import plain_tip
from gui.widgets.theme import UNIT, Theme

#: Most rows of the result that the dialog shows; the page has all.
MOST_ROWS = 200
_MOST_LINES = 1000
#: Time between two looks at the means of a running study.
_LIVE_MS = 2000


class ExperimentDialog(QDialog):
    """Starts, stops and resumes one experiment. Closing the dialog does not stop it.

    `current` returns the walk as it is, from which plan and options are filled.
    """

    def __init__(
        self,
        experiment: Experiment,
        folder: Path,
        current: Callable[[], Exploration],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._experiment = experiment
        self._program = Program(self)
        self.setWindowTitle(experiment.title)
        self.resize(190 * UNIT, 150 * UNIT)
        self.editor = PlanEditor() if self._is_study else OptionForm(experiment)
        self.settings = WalkSettings(self.editor, current)
        self.folder = QLineEdit(str(folder))
        self.lines = QPlainTextEdit()
        self.table = QTableWidget()
        self.run_button = self._button("Run", "Run it; a stopped study goes on", self.run)
        self._choose = self._button("Folder…", "Choose the folder", self._choose_folder)
        self.stop_button = self._button("Stop", "Stop; what is finished is kept", self.stop)
        self.page_button = self._button("Open report", "Open it in the browser", self.open_page)
        tip = "Write the plots of the finished cells as PDF, SVG or PNG"
        self.figure_button = self._button("Figure for a paper…", tip, self.choose_figure)
        self.curves = LivePlot()
        self._running_in = folder
        self._timer = QTimer(self)
        self._timer.setInterval(_LIVE_MS)
        self._timer.timeout.connect(self._read_live)
        self._lay_out()
        self._program.line_read.connect(self.lines.appendPlainText)
        self._program.ended.connect(self._end)
        self.folder.textChanged.connect(self._refresh)
        self.editor.changed.connect(self._refresh)
        self._refresh()

    def set_theme(self, theme: Theme) -> None:
        self.curves.set_theme(theme)

    @property
    def running(self) -> bool:
        """True while the experiment runs."""
        return self._program.running

    @property
    def _is_study(self) -> bool:
        return self._experiment.command == STUDY

    def open_dialog(self) -> None:
        """Show the dialog. While nothing runs, plan and options are filled from the walk, unless
        a person has edited them."""
        if not self.running:
            self.settings.open()
            self.settings.parts()[0].setFocus()
        self.show()
        self.raise_()

    def arguments(self) -> tuple[str, ...]:
        """The arguments of the command line. Writes the plan of a study beside its folder's
        files. Raises InputError without a folder, and OSError."""
        folder = self._folder()
        own = self.editor.arguments(folder)
        return (self._experiment.command, *own, "--out", str(folder))

    def run(self) -> None:
        """Start the experiment, or go on with the study in the folder."""
        finish_writing()
        if self.running or self.editor.problem():
            return
        self.lines.clear()
        self.table.setRowCount(0)
        self.table.hide()
        try:
            arguments = self.arguments()
        except InputError as error:
            self.lines.appendPlainText(str(error))
            return
        except OSError as error:
            self.lines.appendPlainText(f"The folder cannot be written ({error.strerror}).")
            return
        self.curves.hide()
        self._timer.start()
        self._start(self._folder(), arguments)

    def choose_figure(self) -> None:
        """Ask for a file, and write the plots of the study into it."""
        folder, kinds = self._folder(), ("PDF (*.pdf)", "SVG (*.svg)", "PNG (*.png)")
        start, title = str(folder / "figure.pdf"), "Figure for a paper"
        chosen, kind = QFileDialog.getSaveFileName(self, title, start, ";;".join(kinds))
        if chosen:
            path = Path(chosen)
            if not path.suffix:  # the dialog has asked about the name as it was typed
                numbered = numbered_paths(path.with_suffix(kind[-5:-1]))
                path = next(each for each in numbered if not each.exists())
            self.write_figure(path)

    def write_figure(self, path: Path) -> None:
        """Write the plots of the study in the folder, of the cells that are finished."""
        if not self.running:
            folder = self._folder()
            plan, out = str(folder / KNOWN_PLAN), str(folder)
            self._start(folder, (STUDY, plan, "--out", out, "--figure", str(path)))

    def _start(self, folder: Path, arguments: tuple[str, ...]) -> None:
        self._running_in = folder  # another one may be named meanwhile
        self._program.start(arguments)
        self._refresh()

    def stop(self) -> None:
        """Stop the experiment; finished cells of a study are kept."""
        self._program.stop()

    def close_program(self) -> None:
        """End the experiment, because the window closes."""
        self._program.close()

    def open_page(self) -> None:
        """Open the report in the browser."""
        page = self._found(self._experiment.page)
        if page is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(page)))

    def _folder(self) -> Path:
        """The folder of the results. Raises InputError if none is named."""
        text = self.folder.text().strip()
        if not text:
            raise InputError("Name a folder for the results.")
        return person_path(text)

    def _found(self, name: str) -> Path | None:
        """The path of a result, if it is there."""
        try:
            path = self._folder() / name
        except InputError:
            return None
        return path if path.exists() else None

    def _read_live(self) -> None:
        """Show the means so far of the study that runs."""
        live = read_live(self._running_in) if self._is_study else None
        if live is not None:
            self.curves.show_curves(live.curves)
            self.curves.setVisible(bool(self.curves.curves))
            self._fill_table(HEAD, live.rows)

    def _end(self, code: int) -> None:
        self._timer.stop()
        self._read_live()
        if code == 0:
            self._show_table()
        self._refresh()

    def _refresh(self) -> None:
        self.run_button.setEnabled(not self.running and not self.editor.problem())
        self.stop_button.setEnabled(self.running)
        self.page_button.setEnabled(
            not self.running and self._found(self._experiment.page) is not None
        )
        known = self._is_study and self._found(KNOWN_PLAN) is not None
        self.figure_button.setEnabled(not self.running and known)

    def _show_table(self) -> None:
        try:
            with (self._running_in / self._experiment.table).open(
                encoding="utf-8", newline=""
            ) as file:
                head, *rows = list(csv.reader(file)) or [[]]
        except (OSError, ValueError, csv.Error):
            return  # not written by this program
        if "gamma" in head:  # the table of a study: over all frames
            place = head.index("gamma")
            rows = [row for row in rows if not row[place]]
        self._fill_table(head, rows)

    def _fill_table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.table.setColumnCount(len(head))
        self.table.setHorizontalHeaderLabels(head)
        self.table.setRowCount(min(len(rows), MOST_ROWS))
        for number, row in enumerate(rows[:MOST_ROWS]):
            for k, text in enumerate(row):
                self.table.setItem(number, k, QTableWidgetItem(_short(text)))
        self.table.resizeColumnsToContents()
        self.table.setVisible(bool(rows))

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder", self.folder.text())
        if chosen:
            self.folder.setText(chosen)

    def _order_keys(self) -> None:
        """Tab goes from top to bottom."""
        parts = [*self.settings.parts(), self.folder, self._choose, *self._buttons()]
        parts += [self.lines, self.curves.measure, self.table]
        for before, after in pairwise(parts):
            QWidget.setTabOrder(before, after)

    def _buttons(self) -> tuple[QPushButton, ...]:
        return self.run_button, self.stop_button, self.page_button, self.figure_button

    def _lay_out(self) -> None:
        self.lines.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.lines.setTabChangesFocus(True)
        self.lines.setAccessibleName("Progress")
        self.lines.setReadOnly(True)
        self.lines.setMaximumBlockCount(_MOST_LINES)
        self.lines.setPlaceholderText("The progress appears here after Run.")
        self.table.setAccessibleName("Result")
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.folder.setAccessibleName("Folder")
        self.folder.setToolTip(plain_tip("The folder of the tables and the report"))
        row, buttons = QHBoxLayout(), QHBoxLayout()
        row.addWidget(self.folder)
        row.addWidget(self._choose)
        for button in self._buttons():
            buttons.addWidget(button)
        self.figure_button.setVisible(self._is_study)
        buttons.addStretch()
        layout = column(self, 4 * UNIT, 4 * UNIT)
        layout.addWidget(note(self._experiment.about))
        layout.addWidget(self.settings, 3 if self._is_study else 0)
        layout.addLayout(row)
        layout.addLayout(buttons)
        layout.addWidget(self.lines, 2)
        layout.addWidget(self.curves, 3)
        layout.addWidget(self.table, 2)
        self._order_keys()
        self.curves.hide()  # until there is something to see
        self.table.hide()

    def _button(self, text: str, tip: str, verb: object) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.setToolTip(plain_tip(tip))
        button.clicked.connect(verb)
        return button


def _short(text: str) -> str:
    """A number with four digits; another text as it is."""
    try:
        return f"{float(text):.4g}" if "." in text else text
    except ValueError:
        return text
