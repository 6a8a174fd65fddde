"""The whole program, from its launch: first paint, model ready, first frame, and a live window."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from engine import messages as m
from engine.frame_store import FrameStore
from engine.walk import Exploration
from gui.app import SWITCH_INTERVAL, Program
from gui.places import Places
from gui.settings import Settings
from tests.benchmarks.workloads import Workload, make_walk

_TICK_MS = 4
_WATCHED_S = 8.0


def run_program(workload: Workload, out: Path, frames: int) -> dict[str, Any]:
    """Seconds from the process's start, and the gaps of the event loop while frames are made."""
    import sys

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.setswitchinterval(SWITCH_INTERVAL)
    app = QApplication([])
    store = FrameStore()

    def make_engine() -> Any:
        from engine.thread import EngineThread

        return EngineThread(store)

    exploration = Exploration(workload.folder, make_walk(frames), sampling=workload.sampling)
    places = Places.within(out)
    program = Program(app, exploration, store, make_engine, Settings(places.settings), places)
    watch = _Watch(program, app)
    program.window.show()
    app.exec()
    program.session.shutdown()
    program.window.close()
    return watch.told()


class _Watch(QObject):
    """Listens to the program; ends it some seconds after its first frame."""

    def __init__(self, program: Program, app: QApplication) -> None:
        super().__init__()
        self._state, self._app = program.state, app
        self._launched = psutil.Process().create_time()
        self._times: dict[str, float] = {}
        self._beats: list[float] = []
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer, interval=_TICK_MS)
        self._timer.timeout.connect(self._beat)
        program.window.painted.connect(self._painted)
        self._state.model_changed.connect(self._model_ready)
        self._state.frame_changed.connect(self._frame)

    def _note(self, what: str) -> None:
        self._times.setdefault(what, time.time() - self._launched)

    def _painted(self) -> None:
        self._note("paint_s")

    def _model_ready(self) -> None:
        self._note("model_s")

    def _frame(self, lane: int, index: int) -> None:
        if self._state.results.lanes[lane].tiers[index] < m.Tier.FINAL or "first_s" in self._times:
            return
        self._note("first_s")
        self._timer.start()
        QTimer.singleShot(int(_WATCHED_S * 1000), self._app.quit)

    def _beat(self) -> None:
        self._beats.append(time.perf_counter())

    def told(self) -> dict[str, Any]:
        gaps = np.diff(self._beats) * 1000
        return {
            **self._times,
            "gap_p99_ms": float(np.percentile(gaps, 99)),
            "gap_max_ms": float(gaps.max()),
        }
