"""A very long walk in the window: memory stays, and scrubbing takes no more work."""

from __future__ import annotations

import sys
from statistics import median
from types import FrameType

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from engine import messages as m
from gui.main_window import MainWindow
from gui.widgets.theme import DARK
from tests.support.scripted_state import ScriptedState

FRAMES, FEW = 20_000, 200


class OnePicture(dict[str, m.Image]):
    """Every frame's picture is the same array: what grows is the window's own."""

    def __init__(self, image: m.Image) -> None:
        super().__init__()
        self._image = image

    def get(self, _key: str, _default: object = None) -> m.Image:
        return self._image


@pytest.mark.slow
def test_twenty_thousand_frames(qtbot: QtBot) -> None:
    few, before = _scrub(_complete(FEW, qtbot)), _memory()
    many = _scrub(_complete(FRAMES, qtbot))
    assert _memory() - before < 50 * 2**20
    assert many < 1.5 * few


def _complete(frames: int, qtbot: QtBot) -> ScriptedState:
    """A window whose walk has got all of its frames."""
    scripted = ScriptedState(frames)
    image = np.full((512, 512, 3), 90, np.uint8)
    scripted.frames.images = OnePicture(image)
    window = MainWindow(scripted.state, DARK)
    qtbot.addWidget(window)
    window.show()
    window.complete()
    scripted.begin()
    stats = m.LatentStats(0.0, 1.0, 0.0)
    for index in range(frames):
        event = m.FrameReady(1, 0, index, 0.0, m.Tier.FINAL, f"{index}", image, stats)
        scripted.state.apply(event)
        if index % 200 == 0:
            QCoreApplication.processEvents()
    return scripted


def _scrub(scripted: ScriptedState) -> float:
    """How many functions are called until a frame has been painted: the median of 100 frames."""
    rng = np.random.default_rng(0)
    return median(
        _calls(scripted, int(index)) for index in rng.integers(0, scripted.state.frame_count, 100)
    )


def _calls(scripted: ScriptedState, index: int) -> int:
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    scripted.state.seek(index)
    QCoreApplication.processEvents()
    sys.setprofile(None)
    return calls


def _memory() -> int:
    return int(psutil.Process().memory_info().rss)
