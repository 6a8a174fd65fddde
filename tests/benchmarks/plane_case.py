"""The plane in the whole program: drafts under the mouse while the atlas fills, and its pace."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from math import cos, sin
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEventLoop, QObject, QPointF, Qt, QTimer

from engine import messages as m
from engine.store.frame_store import FrameStore
from engine.walk import Exploration, Keyframe, NoiseSource
from gui.app import SWITCH_INTERVAL, Program
from gui.files.app_folders import AppFolders
from gui.files.settings import Settings
from gui.widgets.theme import application
from tests.benchmarks.workloads import Workload, make_walk

#: Frames of the walk, and cells of the atlas that it is compared with: nine by nine.
_FRAMES = 81
_TICK_MS, _MOVE_MS, _MOVES = 4, 16, 30
_PATIENCE_S = 600.0


def run_plane(workload: Workload, out: Path, drags: int) -> dict[str, Any]:
    """Milliseconds from the last move of the mouse to the draft of its point, while the atlas
    fills; gaps of the event loop meanwhile; seconds for a walk and for an atlas of 81 pictures."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.setswitchinterval(SWITCH_INTERVAL)
    app = application()
    store = FrameStore()

    def make_engine() -> Any:
        from engine.thread import EngineThread

        return EngineThread(store)

    exploration = Exploration(workload.folder, make_walk(_FRAMES), sampling=workload.sampling)
    folders = AppFolders.within(out)
    program = Program(app, exploration, store, make_engine, Settings(folders.settings), folders)
    program.window.show()
    try:
        return _measure(program, drags)
    finally:
        program.session.shutdown()
        program.window.close()


def _keyframes(seed: int) -> tuple[Keyframe, ...]:
    """The keyframes of the walk with other noise."""
    walk = make_walk(_FRAMES)
    return tuple(replace(k, noise=NoiseSource(seed, n)) for n, k in enumerate(walk.keyframes))


def _measure(program: Program, drags: int) -> dict[str, Any]:
    state = program.state
    _wait(lambda: hasattr(program, "companions") and state.results.lanes[0].path is not None)
    _wait(lambda: not state.busy)
    began = time.perf_counter()
    state.edit_walk("Noise", keyframes=_keyframes(5))
    _wait(lambda: state.busy)
    _wait(lambda: not state.busy)
    walk_s = time.perf_counter() - began
    atlas = program.window.trajectory.atlas
    began = time.perf_counter()
    state.set_view(atlas=5)
    _wait(lambda: atlas.note.endswith("complete"))
    atlas_s, cells = time.perf_counter() - began, len(atlas.wanted)
    state.set_view(atlas=17)
    _wait(lambda: atlas.known > cells)
    latencies, gaps = _drag(program, drags)
    return {
        "walk_s": walk_s,
        "atlas_s": atlas_s,
        "atlas_cells": cells,
        "walk_frame_ms": 1000 * walk_s / _FRAMES,
        "atlas_cell_ms": 1000 * atlas_s / cells,
        "draft_ms": sorted(latencies),
        "draft_median_ms": float(np.median(latencies)),
        "draft_max_ms": float(np.max(latencies)),
        "gap_p99_ms": float(np.percentile(gaps, 99)),
        "gap_max_ms": float(np.max(gaps)),
        "atlas_filling": atlas.known < len(atlas.wanted),
    }


def _drag(program: Program, drags: int) -> tuple[list[float], list[float]]:
    """Drags over the plane, each time from rest. Returns latencies and gaps, in ms."""
    state, view = program.state, program.window.trajectory.view
    beats = _Beats()
    latencies = []
    for number in range(drags):
        points = list(_points(number))
        view.press(points[0])
        for point in points:
            view.drag(point)
            moved = time.perf_counter()
            _rest(_MOVE_MS / 1000)

        def arrived(place: QPointF = points[-1]) -> bool:
            probe = state.probe
            there = probe is not None and (probe.x, probe.y) == (place.x(), place.y())
            return there and probe is not None and probe.tier >= m.Tier.DRAFT

        _wait(arrived)
        latencies.append(1000 * (time.perf_counter() - moved))
        view.end_drag()
        _rest(0.5)
    return latencies, beats.gaps()


def _points(number: int) -> Iterator[QPointF]:
    """The points of one drag: an arc beside the walk's path."""
    for step in range(_MOVES):
        angle, radius = 2.4 + number + 0.02 * step, 0.55 + 0.01 * step
        yield QPointF(radius * cos(angle), radius * sin(angle))


class _Beats(QObject):
    """Beats of the event loop."""

    def __init__(self) -> None:
        super().__init__()
        self._beats: list[float] = []
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer, interval=_TICK_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        self._beats.append(time.perf_counter())

    def gaps(self) -> list[float]:
        """The times between two beats, in ms."""
        self._timer.stop()
        return [1000 * float(gap) for gap in np.diff(self._beats)]


def _rest(seconds: float) -> None:
    """Let the event loop run for some seconds."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def _wait(condition: Any) -> None:
    """Let the event loop run until a condition holds. Raises TimeoutError."""
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the program did not come that far")
        _rest(0.02)  # processEvents with a time limit would not wait, and keep Python's lock
