"""The whole program, from its launch: first paint, model ready, first frame, and a live window."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from engine import messages as m
from engine.store.frame_store import FrameStore
from engine.walk import Exploration
from gui.app import SWITCH_INTERVAL, Program
from gui.files.app_folders import AppFolders
from gui.files.settings import Settings
from gui.widgets.theme import application
from tests.benchmarks.workloads import Workload, make_walk

_TICK_MS = 4
#: After this long a program without a first frame has failed.
_BATCH_TIMEOUT_S = 300


def run_program(
    workload: Workload, out: Path, frames: int, watched_s: float, launched: float
) -> dict[str, Any]:
    """Seconds from the launch, wall's and processor's, and gaps of the event loop.

    `launched` is when whoever started this process did so: what a system tells of the beginning
    of a process may be off by a second. The gaps are those of `watched_s` seconds from the first
    frame on, while others are made.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.setswitchinterval(SWITCH_INTERVAL)
    app = application()
    store = FrameStore()

    def make_engine() -> Any:
        from engine.thread import EngineThread

        return EngineThread(store)

    exploration = Exploration(workload.folder, make_walk(frames), sampling=workload.sampling)
    folders = AppFolders.within(out)
    program = Program(app, exploration, store, make_engine, Settings(folders.settings), folders)
    watch = _Watch(program, app, watched_s, launched)
    program.window.show()
    app.exec()
    program.session.shutdown()
    program.window.close()
    return watch.told()


class _Watch(QObject):
    """Listens to the program; ends it some seconds after its first frame."""

    def __init__(
        self, program: Program, app: QApplication, watched_s: float, launched: float
    ) -> None:
        super().__init__()
        self._state, self._app, self._watched_s = program.state, app, watched_s
        self._launched = launched
        self._times: dict[str, float] = {}
        self._beats: list[float] = []
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer, interval=_TICK_MS)
        self._timer.timeout.connect(self._beat)
        program.window.painted.connect(self._painted)
        self._state.model_changed.connect(self._model_ready)
        self._state.frame_changed.connect(self._frame)
        QTimer.singleShot(_BATCH_TIMEOUT_S * 1000, self._app.quit)

    def _note(self, what: str) -> None:
        self._times.setdefault(f"{what}_s", time.time() - self._launched)
        self._times.setdefault(f"{what}_cpu_s", time.process_time())

    def _painted(self) -> None:
        self._note("paint")

    def _model_ready(self) -> None:
        self._note("model")

    def _frame(self, lane: int, index: int) -> None:
        if self._state.results.lanes[lane].tiers[index] < m.Tier.FINAL or self._timer.isActive():
            return
        self._note("first")
        self._timer.start()
        QTimer.singleShot(int(self._watched_s * 1000), self._app.quit)

    def _beat(self) -> None:
        self._beats.append(time.perf_counter())

    def told(self) -> dict[str, Any]:
        if "first_s" not in self._times:
            raise RuntimeError(f"no frame came within {_BATCH_TIMEOUT_S} s")
        gaps = np.diff(self._beats) * 1000
        return {
            **self._times,
            "gap_p99_ms": float(np.percentile(gaps, 99)),
            "gap_max_ms": float(gaps.max()),
        }
