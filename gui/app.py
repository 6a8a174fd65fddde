"""Runs the window: paints it first, then starts the engine and imports the rest."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QMessageLogContext,
    QObject,
    QTimer,
    QtMsgType,
    Signal,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication, QDockWidget

from engine.models.hub.offline import set_offline
from engine.requests import WEIGHT_BITS, Machine
from engine.store.frame_store import MEBIBYTE, FrameStore
from engine.walk import Exploration
from gui.files.app_folders import AppFolders
from gui.files.log_file import Log
from gui.files.settings import AUTOMATIC, Preferences, Settings
from gui.files.start_guard import StartGuard
from gui.main_window import MainWindow
from gui.session import Engine, Session
from gui.shell.appearance import Appearance
from gui.shell.signal_handlers import SignalHandlers
from gui.shell.window_place import fit_to_screen, hide_floating
from gui.state.explorer_state import ExplorerState
from gui.state.walk_edits import DRAFT_STEPS
from gui.widgets.background_work import Background
from gui.widgets.icons import app_icon
from gui.widgets.theme import application

if TYPE_CHECKING:
    from gui.companions import Companions

UNREACHABLE = (
    "No window can be opened here: the display cannot be reached, or a library of Qt is missing; "
    "./run.sh doctor says which, and render --out FOLDER needs no window."
)
NO_DISPLAY = (
    "There is no display to open a window on; set DISPLAY or WAYLAND_DISPLAY, or render without "
    "a window: render --out FOLDER."
)
#: Device and precision of safe mode.
SAFE_MACHINE = Machine("cpu", "fp32")
SAFE = (
    "Safe mode: the CPU, the starter model and the default panels are used. The program chooses it "
    "after two failed starts, or with --safe. The next start is normal again."
)
#: Python's thread switch interval, in seconds: a computing thread delays the window by this much.
SWITCH_INTERVAL = 0.001


def has_display() -> bool:
    """True if a window can be opened: always on Windows and macOS, elsewhere with a display."""
    if sys.platform in ("win32", "darwin"):
        return True
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if platform.split(":")[0] in ("offscreen", "minimal", "vnc", "linuxfb", "eglfs"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def run_window(
    argv: Sequence[str],
    exploration: Exploration,
    store: FrameStore,
    make_engine: Callable[[], Engine],
    folders: AppFolders,
    file: Path | None = None,
    safe: bool = False,
) -> int:
    """Open the window and return the program's exit code once it is closed.

    `make_engine` is called after the first paint, so it may import large libraries. `file` is a
    session or an exported picture to open. Safe mode (`safe`, or after two failed starts in a row)
    uses the CPU and the default panels; after failed starts, `file` is not opened.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    app = _named_application(argv)
    log, settings, guard = _open_files(folders)
    if guard.alarmed:
        file = None
    program = Program(
        app, exploration, store, make_engine, settings, folders, file, safe or guard.alarmed
    )
    program.started_well.connect(guard.passed)
    signals = SignalHandlers(app)
    for request in (signals.quit_requested, app.commitDataRequest):  # the latter at a logout
        request.connect(guard.passed)
    signals.quit_requested.connect(app.quit)
    log.report = program.state.post
    program.window.show()
    code = app.exec()
    stopped = program.session.shutdown()
    log.report = None
    _delete_window(app, program)
    if not (stopped and program.background_ended):
        # A thread that does not end must not keep the process alive.
        sys.stderr.flush()
        os._exit(code)
    return code


def _end_without_display(kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
    """End with one sentence where Qt would abort: it has no other way to say so."""
    if kind == QtMsgType.QtFatalMsg:
        sys.stderr.write(f"{UNREACHABLE}\n")
        sys.stderr.flush()
        os._exit(1)
    sys.stderr.write(f"{message}\n")


def _named_application(argv: Sequence[str]) -> QApplication:
    qInstallMessageHandler(_end_without_display)  # the log's takes its place
    app = QApplication.instance() or application(argv)
    assert isinstance(app, QApplication)
    QCoreApplication.setApplicationName("Latent Trails")
    app.setWindowIcon(app_icon())
    return app


def _open_files(folders: AppFolders) -> tuple[Log, Settings, StartGuard]:
    """Opens the log, the settings and the start guard. Starts to log."""
    log = Log(folders.log)
    log.start()
    return log, Settings(folders.settings), StartGuard(folders.recovery)


def _delete_window(app: QApplication, program: Program) -> None:
    """Deletes the window before the state whose signals it uses."""
    program.window.deleteLater()
    app.sendPostedEvents(program.window, QEvent.Type.DeferredDelete)


class Program(QObject):
    """Creates and owns the parts of a running window.

    Signals: started_well, when the first job has ended or the window is closed.
    """

    started_well = Signal()

    def __init__(
        self,
        app: QApplication,
        exploration: Exploration,
        store: FrameStore,
        make_engine: Callable[[], Engine],
        settings: Settings,
        folders: AppFolders,
        file: Path | None = None,
        safe: bool = False,
    ) -> None:
        super().__init__(app)
        self._store, self._settings, self._folders = store, settings, folders
        self._file, self._safe = file, safe
        self._preferences = settings.preferences
        if settings.preferences.offline:
            set_offline(True)  # otherwise the environment variable HF_HUB_OFFLINE is left as it is
        self._background = Background(self)
        self.appearance = Appearance(app, settings.preferences.theme)
        self.state = ExplorerState(store, exploration)
        machine = SAFE_MACHINE if safe else machine_of(settings.preferences)
        self.session = Session(self.state, make_engine, machine)
        self.window = MainWindow(self.state, self.appearance.theme)
        self._floating: list[QDockWidget] = []
        if not safe:  # safe mode neither reads nor stores a layout
            self._restore_layout()
            self.window.closing.connect(self._keep_layout)
        fit_to_screen(self.window)
        self.appearance.changed.connect(self.window.set_theme)
        settings.changed.connect(self._follow_preferences)
        self.window.status.fp32_wanted.connect(self._use_fp32)
        self.window.painted.connect(self._begin)
        self.window.closing.connect(self._background.close)
        self.window.closing.connect(self.started_well)
        self.state.busy_changed.connect(self._busy_changed)

    def _restore_layout(self) -> None:
        layout = self._settings.layout()
        if layout is not None:
            self.window.restoreGeometry(layout[0])
            self.window.restoreState(layout[1])
            self.window.panels.fitted_timeline = self._settings.fitted_timeline()
            self._floating = hide_floating(self.window)

    def _keep_layout(self) -> None:
        window = self.window
        self._settings.keep_layout(
            window.saveGeometry(), window.saveState(), window.panels.fitted_timeline
        )

    def _begin(self) -> None:
        """Start the engine and import the rest, after the first paint."""
        for dock in self._floating:
            dock.show()
        self.session.start()
        self._keep_budgets(self._preferences)
        if self._safe:
            use_mine = partial(self.session.use_machine, machine_of(self._preferences))
            self.window.messages.offer(SAFE, "Use my device", use_mine, lambda: None)
        self._background.run(_import_the_rest, self._complete)

    def _busy_changed(self, busy: bool) -> None:
        if not busy:
            self.started_well.emit()

    @property
    def background_ended(self) -> bool:
        """True if the background thread has ended, after the window was closed."""
        return self._background.idle

    def _complete(self, make_companions: Callable[..., Companions] | Exception) -> None:
        if isinstance(make_companions, Exception):
            reason = f"{type(make_companions).__name__}: {make_companions}"
            self.state.post(f"The plots and dialogs could not be loaded ({reason}); see the log.")
            return
        self.window.complete()
        # Later, so that the window handles its events in between.
        QTimer.singleShot(0, partial(self._add_companions, make_companions))

    def _add_companions(self, make_companions: Callable[..., Companions]) -> None:
        self.companions = make_companions(
            self.state,
            self._store,
            self.session.missing_frames,
            self._settings,
            self._folders,
            self._background,
            self.window,
            self.appearance.theme,
        )
        if self._file is not None:
            self.companions.documents.open(self._file)

    def _follow_preferences(self, preferences: Preferences) -> None:
        before, self._preferences = self._preferences, preferences
        self.appearance.set_wish(preferences.theme)
        if preferences.offline != before.offline:
            set_offline(preferences.offline)
        if (preferences.memory, preferences.disk) != (before.memory, before.disk):
            self._keep_budgets(preferences)
        if machine_of(preferences) != machine_of(before):
            self.session.use_machine(machine_of(preferences))

    def _use_fp32(self) -> None:
        """Render in fp32 from now on."""
        self._settings.set_preferences(replace(self._settings.preferences, precision="fp32"))

    def _keep_budgets(self, preferences: Preferences) -> None:
        """Set the limits of the frame store. Runs in the background, because it reads the disk."""
        memory, disk = preferences.memory * MEBIBYTE, preferences.disk * MEBIBYTE
        self._background.run(partial(self._store.set_budgets, memory, disk), lambda _: None)


def _import_the_rest() -> Callable[..., Companions]:
    """Imports the plots and the companions. Takes about a second, so it runs in the background."""
    import gui.measures.metrics_plot
    import gui.trajectory.trajectory_plot  # noqa: F401 — for the window, which builds them
    from gui.companions import Companions
    from gui.trajectory.views.contract import view_names

    view_names()  # imports the views
    return Companions


def machine_of(preferences: Preferences) -> Machine:
    """Returns the device, precision and weights of the preferences, with "" for automatic."""
    choices = preferences.device, preferences.precision
    device, precision = ("" if choice == AUTOMATIC else choice for choice in choices)
    drafts = DRAFT_STEPS if preferences.drafts else 0
    return Machine(device, precision, drafts, weight_bits=WEIGHT_BITS[preferences.weights])
