"""How smoothly a finished walk plays in the whole window."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QPaintEvent

from engine import messages as m
from engine.store.frame_store import FrameStore
from engine.store.stored_frame import StoredFrame
from engine.walk import Exploration, Sampling, lanes_of
from gui.app import SWITCH_INTERVAL
from gui.main_window import MainWindow
from gui.state.explorer_state import ExplorerState
from gui.viewer.frame_view import FrameView
from gui.widgets.theme import DARK, application, apply_theme
from tests.benchmarks.export_case import SIDE, moving_picture
from tests.benchmarks.workloads import Workload, make_walk

_FRAMES, _RATE = 120, 60.0
#: The window is as large as shows a picture at twice its size, smoothly scaled.
_WINDOW = (1800, 1450)


def run_playback(workload: Workload, out: Path, seconds: float) -> dict[str, Any]:
    """Pictures painted a second at 60 asked for, and the share of frames that were left out."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.setswitchinterval(SWITCH_INTERVAL)
    app = application()
    apply_theme(app, DARK)
    state = _finished_walk(workload)
    window = MainWindow(state, DARK)
    window.complete()
    window.resize(*_WINDOW)
    window.show()
    view = window.findChild(FrameView)
    painted, player = _Painted(view, state), window.player
    player.play()
    QTimer.singleShot(1000, painted.begin)
    QTimer.singleShot(1000 + round(seconds * 1000), app.quit)
    app.exec()
    player.pause()
    return {**painted.told(), "view": [view.width(), view.height()]}


def _finished_walk(workload: Workload) -> ExplorerState:
    """A state that has all frames of a walk, in the memory that the program gives them."""
    store = FrameStore()
    sampling = Sampling(width=SIDE, height=SIDE)
    walk = make_walk(_FRAMES)
    exploration = Exploration(workload.folder, walk, sampling=sampling, fps=_RATE)
    state = ExplorerState(store, exploration)
    state.begin_job(m.RenderRequest(1, workload.folder, lanes_of(exploration), sampling))
    nothing = np.zeros((4, SIDE // 8, SIDE // 8), np.float32)
    for index in range(_FRAMES):
        key, time_ = f"{index:040x}", walk.time_of(index)
        store.put(key, StoredFrame(moving_picture(index), nothing, nothing))
        frame = store.get(key)
        assert frame is not None
        state.apply(m.FrameReady(1, 0, index, time_, m.Tier.FINAL, key, frame.image))
    state.apply(m.JobFinished(1, 1.0))
    return state


class _Painted(QObject):
    """Counts the different frames that the view paints, and those that playback leaves out."""

    def __init__(self, view: FrameView, state: ExplorerState) -> None:
        super().__init__(view)
        self._state, self._seen, self._last, self._began = state, 0, -1, 0.0
        view.installEventFilter(self)

    def begin(self) -> None:
        """Count from now on."""
        self._began, self._seen = time.perf_counter(), 0

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent) and self._state.playhead != self._last:
            self._last = self._state.playhead
            self._seen += 1
        return False

    def told(self) -> dict[str, float]:
        spent = time.perf_counter() - self._began
        fps = self._seen / spent
        return {"fps": fps, "dropped": max(0.0, 1.0 - fps / _RATE)}
