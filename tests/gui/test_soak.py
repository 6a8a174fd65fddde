"""A very long walk in the window: memory stays, scrubbing stays quick."""

from __future__ import annotations

from time import thread_time

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from engine import messages as m
from gui.main_window import MainWindow
from gui.widgets.theme import DARK
from tests.support.scripted_state import ScriptedState

FRAMES = 20_000


class OnePicture(dict[str, m.Image]):
    """Every frame's picture is the same array: what grows is the window's own."""

    def __init__(self, image: m.Image) -> None:
        super().__init__()
        self._image = image

    def get(self, _key: str, _default: object = None) -> m.Image:
        return self._image


@pytest.mark.slow
def test_twenty_thousand_frames(qtbot: QtBot) -> None:
    scripted = ScriptedState(FRAMES)
    image = np.full((512, 512, 3), 90, np.uint8)
    scripted.frames.images = OnePicture(image)
    window = MainWindow(scripted.state, DARK)
    qtbot.addWidget(window)
    window.show()
    window.complete()
    scripted.begin()
    before = _memory()
    stats = m.LatentStats(0.0, 1.0, 0.0)
    for index in range(FRAMES):
        event = m.FrameReady(1, 0, index, 0.0, m.Tier.FINAL, f"{index}", image, stats)
        scripted.state.apply(event)
        if index % 200 == 0:
            QCoreApplication.processEvents()
    rng = np.random.default_rng(0)
    waits = [_scrub(scripted, int(index)) for index in rng.integers(0, FRAMES, 400)]
    assert _memory() - before < 50 * 2**20
    assert np.percentile(waits, 95) < 0.05


def _scrub(scripted: ScriptedState, index: int) -> float:
    """Seconds of work until a frame has been painted, however busy the machine is."""
    start = thread_time()
    scripted.state.seek(index)
    QCoreApplication.processEvents()
    return thread_time() - start


def _memory() -> int:
    return int(psutil.Process().memory_info().rss)
