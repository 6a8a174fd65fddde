"""The window as a program: first its picture on the screen, then everything that takes time."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from engine.walk import Exploration
from gui.appearance import Appearance
from gui.icons import app_icon
from gui.main_window import MainWindow
from gui.results import FrameReader
from gui.session import Engine, Session
from gui.state import ExplorerState

NO_DISPLAY = (
    "There is no display to open a window on; set DISPLAY or WAYLAND_DISPLAY, or render without "
    "a window: render --out FOLDER."
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
    frames: FrameReader,
    make_engine: Callable[[], Engine],
) -> int:
    """Open the window and return the program's exit code once it is closed.

    `make_engine` is called after the first paint; it may import what is heavy.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    app = QApplication.instance() or QApplication(list(argv))
    assert isinstance(app, QApplication)
    QCoreApplication.setApplicationName("Latent Trails")
    app.setWindowIcon(app_icon())
    appearance = Appearance(app)
    state = ExplorerState(frames, exploration)
    session = Session(state, make_engine)
    window = MainWindow(state, appearance.theme)
    appearance.changed.connect(window.set_theme)
    window.painted.connect(window.complete)
    window.painted.connect(session.start)
    window.show()
    code = app.exec()
    stopped = session.shutdown()
    # The window goes before the state that it listens to.
    window.deleteLater()
    app.sendPostedEvents(window, QEvent.Type.DeferredDelete)
    if not stopped:
        # A step that never ends must not keep a closed window's process alive.
        sys.stderr.flush()
        os._exit(code)
    return code
