"""The parts that are added after the first paint: files, dialogs, recovery, drops, experiments."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QWidget

from engine.documents.presets import MODEL_NAMES, Preset, presets, with_own_content
from engine.models.inspection.recommended_settings import recommended
from engine.models.inspection.report import ModelReport
from gui.dialogs.about_dialog import AboutDialog
from gui.dialogs.log_view import LogView
from gui.dialogs.preferences import PreferencesDialog
from gui.dialogs.shortcuts_dialog import ShortcutsDialog
from gui.dialogs.speed_dialog import SpeedDialog
from gui.even_out import EvenOutRun
from gui.export.analysis_files import FIGURE_KIND, analysis_kinds, figure_kinds
from gui.export.atlas_kinds import atlas_kinds
from gui.export.export_dialog import ExportDialog
from gui.export.export_plan import frame_kinds
from gui.export.paper_figure import FigureParts
from gui.export.picture_file import PictureFile
from gui.export.recorder import Recorder, probed_keyframe
from gui.export.recording_folder import recording_folder
from gui.files.app_folders import AppFolders
from gui.files.documents import Documents
from gui.files.drops import Drops
from gui.files.recovery import Recovery
from gui.files.settings import Settings
from gui.main_window import MainWindow
from gui.models.model_dialog import ModelDialog
from gui.pacing_verbs import put_tipping_points
from gui.shell.hints import HintBar
from gui.shell.offers import Offers
from gui.state.explorer_state import ExplorerState
from gui.state.missing_frames import MissingFrames
from gui.state.results import FrameReader
from gui.state.walk_edits import with_point
from gui.study.experiments import Experiments
from gui.widgets.background_work import Background
from gui.widgets.plain_text import plain_tip
from gui.widgets.theme import Theme, paper_theme


class Companions(QObject):
    """Owns everything except the views, and connects it to the window's actions."""

    def __init__(
        self,
        state: ExplorerState,
        frames: FrameReader,
        missing: MissingFrames,
        settings: Settings,
        folders: AppFolders,
        background: Background,
        window: MainWindow,
        theme: Theme,
    ) -> None:
        super().__init__(window)
        self._state, self._settings, self._window = state, settings, window
        self._theme = theme
        self._frames, self._missing, self._folders = frames, missing, folders
        self.background = background
        self.documents = Documents(state, settings, window)
        self.recovery = Recovery(state, folders.recovery, self)
        self.recorder = Recorder(
            state, self._film_folder, window.frame_view.shown, self._film_scale, self
        )
        self.picture_file = PictureFile(state, settings, window)
        self.even_out = EvenOutRun(state, frames, self)
        self.experiments = Experiments(state, window, window.follow_theme)
        self.drops = Drops(window, self.documents)
        self.hints = HintBar(state, settings, theme)
        window.add_below_picture(self.hints)
        self._bind()
        self._connect()
        self._fill_menus()
        self._offers = Offers(
            state, window.messages, self.documents, self.recovery, self.recorder, self.get_model
        )

    # ── dialogs, each created at its first use ───────────────────────────────────────────────

    @cached_property
    def preferences(self) -> PreferencesDialog:
        """The preferences dialog."""
        return PreferencesDialog(self._settings, self._window)

    @cached_property
    def shortcuts(self) -> ShortcutsDialog:
        """The list of all keys."""
        return ShortcutsDialog(self._window)

    @cached_property
    def about(self) -> AboutDialog:
        """The About dialog."""
        return AboutDialog(self._window)

    @cached_property
    def speed(self) -> SpeedDialog:
        """The dialog for a wanted speed of the walk."""
        dialog = SpeedDialog(self._state, self._theme, self._window)
        dialog.wanted.connect(self.even_out.even_out)
        self._window.follow_theme(dialog)
        return dialog

    @cached_property
    def log(self) -> LogView:
        """The log dialog."""
        return LogView(self._folders.log, self._window)

    @cached_property
    def model(self) -> ModelDialog:
        """The model dialog. Closing the window cancels its download."""
        dialog = ModelDialog(self._settings, self.background, self._window)
        dialog.chosen.connect(self.use_model)
        dialog.scorer_fetched.connect(self._scorer_fetched)
        self._window.closing.connect(dialog.hub.stop)
        dialog.unload_asked.connect(self._state.pause)
        dialog.memory_asked.connect(self._state.ask_memory)
        self._state.memory_told.connect(dialog.show_memory)
        return dialog

    @cached_property
    def export(self) -> ExportDialog:
        """The export dialog. Closing the window cancels its export."""
        window = self._window
        plane, figure = window.trajectory.picture, window.measures.on_paper
        kinds = (
            *frame_kinds(),
            *analysis_kinds(self._state, plane, figure),
            *atlas_kinds(window.trajectory.atlas, window.trajectory.basins.names, self._frames),
            *figure_kinds(FigureParts(self._plane_on_paper, self._curves_on_paper)),
        )
        dialog = ExportDialog(
            self._state, self._frames, self._missing, self._settings, kinds, self._window
        )
        self._window.closing.connect(dialog.stop)
        return dialog

    def _bind(self) -> None:
        documents = self.documents
        self._window.actions_table.bind(
            {
                "new": documents.new,
                "open": documents.ask_open,
                "save": documents.save,
                "save_as": documents.ask_save,
                "model": self.choose_model,
                "export": lambda: self.export.open_now(),
                "figure": lambda: self.export.open_now(FIGURE_KIND),
                "record": self.recorder.set_recording,
                "keep_point": self.keep_point,
                "tipping_points": lambda: put_tipping_points(self._state),
                "even_out": lambda: self.even_out.even_out(),
                "speed": lambda: self.speed.open_now(),
                "perfect": self.even_out.perfect,
                **self.experiments.verbs(),
                "preferences": lambda: self.preferences.show(),
                "shortcuts": lambda: self.shortcuts.show(),
                "log": self._show_log,
                "about": lambda: self.about.show(),
            }
        )

    def _connect(self) -> None:
        self.documents.path_changed.connect(self._window.set_document)
        self.documents.model_found.connect(self.show_model)
        self.documents.remarked.connect(self._window.messages.remark)
        self.recorder.recording_changed.connect(self._window.actions_table["record"].setChecked)
        self.recorder.time_changed.connect(self._window.toolbar.show_recorded)
        self._window.frame_view.save_requested.connect(self.picture_file.save)
        self._window.closing.connect(self.close)

    def _fill_menus(self) -> None:
        files = self._window.menus["&File"]
        recent = QMenu("Open &recent", files)
        recent.setToolTipsVisible(True)
        recent.aboutToShow.connect(lambda: self.documents.fill_recent(recent))
        files.insertMenu(self._window.actions_table["save"], recent)
        menu = self._window.menus["E&xperiments"]
        others = {family: QMenu(f"With {name}", menu) for family, name in MODEL_NAMES.items()}
        for preset in presets():
            self._add_experiment(others.get(preset.family, menu), preset)
        menu.addSeparator()
        for other in others.values():
            menu.addMenu(other)
        menu.addSeparator()
        self._own = menu.addAction("With my prompt and noise")
        self._own.setCheckable(True)
        tip = "Open experiments with the prompts and noises of the walk as it is"
        self._own.setToolTip(plain_tip(tip))
        self._own.setStatusTip(tip)

    def _add_experiment(self, menu: QMenu, preset: Preset) -> None:
        menu.setToolTipsVisible(True)
        action = menu.addAction(preset.title)
        action.triggered.connect(lambda: self.open_experiment(preset))
        action.setToolTip(plain_tip(preset.about))
        action.setStatusTip(preset.about)

    # ── verbs ────────────────────────────────────────────────────────────────────────────────

    def open_experiment(self, preset: Preset) -> None:
        """Open one of the article's experiments in its best view mode. This can be undone."""
        current, exploration = self._state.exploration, preset.exploration
        if self._own.isChecked():
            exploration = with_own_content(exploration, current)
        chosen = exploration.view
        view = replace(
            current.view,
            mode=chosen.mode,
            plane=chosen.plane,
            through=chosen.through,
            atlas=chosen.atlas,
            clusters=chosen.clusters,
            regions=chosen.regions,
            segment=None,
        )
        exploration = replace(
            exploration, view=view, measures=exploration.measures or current.measures
        )
        if exploration.model == current.model:
            exploration = replace(exploration, sampling=current.sampling)
        self._state.edit(exploration, preset.title)
        self._window.trajectory.reset_view()
        if preset.even:
            self.even_out.even_out()

    def keep_point(self) -> None:
        """Insert the probed point of the plane as a keyframe at the playhead."""
        state = self._state
        point = probed_keyframe(state)
        if point is None:
            state.message_posted.emit(
                "Click a point of the plane first, then add it as a keyframe.", ""
            )
            return
        walk = with_point(
            state.exploration.walk, point, state.exploration.walk.time_of(state.playhead)
        )
        state.edit(replace(state.exploration, walk=walk), "Add point as keyframe")

    def _plane_on_paper(self) -> QWidget:
        return self._window.trajectory.on_paper(paper_theme())

    def _curves_on_paper(self) -> QWidget | None:
        measures = self._window.measures
        return measures.on_paper(paper_theme()) if measures.shown else None

    def _film_scale(self) -> int:
        return self._settings.preferences.recording_scale

    def _film_folder(self) -> Path | None:
        """Returns the folder of recordings; the first recording asks for it."""
        return recording_folder(self._settings, self._window)

    def choose_model(self) -> None:
        """Open the model dialog. Downloads prefer weights of the precision in use."""
        info = self._state.model
        self.model.hub.half = info is not None and info.precision != "float32"
        self.model.open_for(self._state.exploration.model)

    def show_model(self, location: str) -> None:
        """Open the model dialog with a folder or file selected."""
        self.choose_model()
        self.model.offer(location)

    def get_model(self, name: str) -> None:
        """Open the model dialog with a hub id entered, ready to download."""
        self.choose_model()
        self.model.hub.name.setText(name)
        self.model.hub.name.setFocus()

    def use_model(self, location: str, report: ModelReport) -> None:
        """Use another model, at its recommended size and steps."""
        state = self._state
        if location == state.exploration.model:
            state.generate()  # the model was missing; the walk has sizes for it
            return
        sampling = recommended(report.path, report)
        state.edit(replace(state.exploration, model=location, sampling=sampling), "Model")

    def _scorer_fetched(self, model: str) -> None:
        if model == self._state.exploration.scorer:
            self._state.generate()

    def _show_log(self) -> None:
        self.log.read()
        self.log.show()

    def close(self) -> None:
        """Cancel running work and write the recovery file, before the window closes."""
        self.experiments.close()
        self.recorder.close()
        self.recovery.close()
