"""An hour of dragging over the plane with an atlas: memory stays."""

from __future__ import annotations

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QCoreApplication, QPointF
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.store.frame_store import FrameStore
from engine.store.stored_frame import StoredFrame
from gui.main_window import MainWindow
from gui.state.explorer_state import ExplorerState
from gui.widgets.theme import DARK
from tests.support.scripted_engine import path_of
from tests.support.scripted_state import exploration, request_for

POINTS, SIDE = 20_000, 128
#: Memory of the store's pictures; it is full before the measurement begins.
BUDGET = 8 << 20
WARM_UP = 2_500


class Answers:
    """Answers requests for points, as the engine does: new pictures, which are stored."""

    def __init__(self, state: ExplorerState, store: FrameStore) -> None:
        self._state, self._store = state, store
        self.count = 0
        state.probe_requested.connect(self._answer)

    def _answer(self, serial: int, x: float, y: float, point: object, draft: bool) -> None:
        self.count += 1
        image = np.full((SIDE, SIDE, 3), self.count % 251, np.uint8)
        latent = np.zeros((4, 16, 16), np.float32)
        self._store.put(f"{self.count:040d}", StoredFrame(image, latent, latent))
        tier = m.Tier.DRAFT if draft else m.Tier.FINAL
        std = float(np.hypot(x, y))
        self._state.apply(m.ProbeReady(serial, x, y, tier, std, 0.0, image))


@pytest.mark.slow
def test_twenty_thousand_points_of_dragging(qtbot: QtBot) -> None:
    store = FrameStore(BUDGET)
    state = ExplorerState(store, exploration())
    state.edit_sampling("Steps", steps=20)
    window = MainWindow(state, DARK)
    qtbot.addWidget(window)
    window.show()
    window.complete()
    request = request_for(state.exploration, 1)
    state.begin_job(request)
    state.apply(path_of(1, 0, request.lanes[0]))
    state.apply(m.JobFinished(1, 1.0))
    answers = Answers(state, store)
    view = window.trajectory.view
    before = 0
    for step in range(POINTS):
        angle, radius = 0.013 * step, 0.3 + 0.6 * (step % 997) / 997
        view.drag(QPointF(radius * np.cos(angle), radius * np.sin(angle)))
        if step % 5 == 4:
            view.end_drag()
        QCoreApplication.processEvents()
        if step == WARM_UP:
            before = psutil.Process().memory_info().rss
    grown = psutil.Process().memory_info().rss - before
    assert answers.count > POINTS / 5
    assert grown < 50 << 20, f"{grown / 2**20:.0f} MiB"
