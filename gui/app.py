"""The window as a program: first its picture on the screen, then everything that takes time."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from engine.models.hub.offline import set_offline
from engine.requests import Machine
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
from gui.state.explorer_state import ExplorerState
from gui.state.walk_edits import DRAFT_STEPS
from gui.widgets.background_work import Background
from gui.widgets.icons import app_icon
from gui.widgets.theme import application

if TYPE_CHECKING:
    from gui.companions import Companions

NO_DISPLAY = (
    "There is no display to open a window on; set DISPLAY or WAYLAND_DISPLAY, or render without "
    "a window: render --out FOLDER."
)
#: What computes while it is not known what went wrong.
SAFE_MACHINE = Machine("cpu", "fp32")
SAFE = (
    "Safe mode, as after two starts that ended badly: on the CPU, with the starter model and the "
    "usual panels. The next start is as always."
)
#: How often a thread that computes lets the window's own go on, in seconds.
SWITCH_INTERVAL = 0.001


def has_display() -> bool:
    """Whether a window can be opened here: always on Windows and macOS, elsewhere with a server."""
    if sys.platform in ("win32", "darwin"):
        return True
    wanted = os.environ.get("QT_QPA_PLATFORM", "")
    if wanted.split(":")[0] in ("offscreen", "minimal", "vnc", "linuxfb", "eglfs"):
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

    `make_engine` is called after the first paint; it may import what is heavy. `file` is a session
    or an exported picture to begin with. `safe`, or two starts in a row that ended badly, begin
    carefully: on the CPU, with the usual panels, and with nothing that was opened before.
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
        # What never ends must not keep a closed window's process alive.
        sys.stderr.flush()
        os._exit(code)
    return code


def _named_application(argv: Sequence[str]) -> QApplication:
    app = QApplication.instance() or application(argv)
    assert isinstance(app, QApplication)
    QCoreApplication.setApplicationName("Latent Trails")
    app.setWindowIcon(app_icon())
    return app


def _open_files(folders: AppFolders) -> tuple[Log, Settings, StartGuard]:
    """The program's own files. The log records from now on."""
    log = Log(folders.log)
    log.start()
    return log, Settings(folders.settings), StartGuard(folders.recovery)


def _delete_window(app: QApplication, program: Program) -> None:
    """Delete the window before the state that it listens to."""
    program.window.deleteLater()
    app.sendPostedEvents(program.window, QEvent.Type.DeferredDelete)


class Program(QObject):
    """Owns the parts of a running window, and puts them together in the order of their need.

    Signals: started_well, when the first walk is drawn, or the window closed before.
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
        self._store, self._settings, self._places = store, settings, folders
        self._file, self._safe = file, safe
        self._preferences = settings.preferences
        if settings.preferences.offline:
            set_offline(True)  # a person's own environment variable stays otherwise
        self._background = Background(self)
        self.appearance = Appearance(app, settings.preferences.theme)
        self.state = ExplorerState(store, exploration)
        machine = SAFE_MACHINE if safe else machine_of(settings.preferences)
        self.session = Session(self.state, make_engine, machine)
        self.window = MainWindow(self.state, self.appearance.theme)
        if not safe:  # what is done to the usual panels stays out of the settings, too
            self._restore_layout()
            self.window.closing.connect(self._keep_layout)
        self.appearance.changed.connect(self.window.set_theme)
        settings.changed.connect(self._follow_preferences)
        self.window.painted.connect(self._begin)
        self.window.closing.connect(self._background.close)
        self.window.closing.connect(self.started_well)
        self.state.busy_changed.connect(self._busy_changed)

    def _restore_layout(self) -> None:
        layout = self._settings.layout()
        if layout is not None:
            self.window.restoreGeometry(layout[0])
            self.window.restoreState(layout[1])

    def _keep_layout(self) -> None:
        self._settings.keep_layout(self.window.saveGeometry(), self.window.saveState())

    def _begin(self) -> None:
        """The window is on the screen: start the engine, and import what the rest needs."""
        self.session.start()
        self._keep_budgets(self._preferences)
        if self._safe:
            use_mine = partial(self.session.use_machine, machine_of(self._preferences))
            self.window.messages.offer(SAFE, "Use my device again", use_mine, lambda: None)
        self._background.run(_import_the_rest, self._complete)

    def _busy_changed(self, busy: bool) -> None:
        if not busy:
            self.started_well.emit()

    @property
    def background_ended(self) -> bool:
        """Once the window has closed: whether nothing is at work for it any more."""
        return self._background.idle

    def _complete(self, make_companions: Callable[..., Companions] | Exception) -> None:
        if isinstance(make_companions, Exception):
            reason = f"{type(make_companions).__name__}: {make_companions}"
            self.state.post(f"The plots and dialogs could not be loaded ({reason}); see the log.")
            return
        self.window.complete()
        # In a turn of its own, so that the window breathes in between.
        QTimer.singleShot(0, partial(self._accompany, make_companions))

    def _accompany(self, make_companions: Callable[..., Companions]) -> None:
        self.companions = make_companions(
            self.state,
            self._store,
            self.session.missing_frames,
            self._settings,
            self._places,
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

    def _keep_budgets(self, preferences: Preferences) -> None:
        """Keep no more pictures than the person wants; those on the disk take time to look at."""
        memory, disk = preferences.memory * MEBIBYTE, preferences.disk * MEBIBYTE
        self._background.run(partial(self._store.set_budgets, memory, disk), lambda _: None)


def _import_the_rest() -> Callable[..., Companions]:
    """Import the plots and everything beside the views; takes a second, so not on the window's
    thread."""
    import gui.measures.metrics_plot
    import gui.trajectory.trajectory_plot  # noqa: F401 — for the window, which builds them
    from gui.companions import Companions
    from gui.trajectory.views.contract import view_names

    view_names()  # imports the views
    return Companions


def machine_of(preferences: Preferences) -> Machine:
    """What requests say of the machine: "" where the person leaves the choice to it."""
    wishes = preferences.device, preferences.precision
    device, precision = ("" if wish == AUTOMATIC else wish for wish in wishes)
    return Machine(device, precision, DRAFT_STEPS if preferences.drafts else 0)
