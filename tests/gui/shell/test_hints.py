"""Hints: one at a time, until each thing was done once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.walk import Exploration, NoiseSource
from gui.files.settings import Preferences, Settings
from gui.shell.hints import HINTS, HintBar
from gui.state.explorer_state import ExplorerState
from gui.widgets.theme import DARK
from tests.support.scripted_engine import MemoryFrames


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


@pytest.fixture
def state(qapp: QApplication) -> ExplorerState:
    return ExplorerState(MemoryFrames(), Exploration())


def test_hints_go_away_when_their_thing_is_done(
    state: ExplorerState, settings: Settings, qtbot: QtBot
) -> None:
    bar = HintBar(state, settings, DARK)
    qtbot.addWidget(bar)
    assert bar.hint == HINTS[0]
    state.seek(3)
    assert bar.hint == HINTS[1]
    state.cancel()
    assert bar.hint == HINTS[1]
    state.apply(m.ProbeReady(1, 0.2, 0.3, m.Tier.FINAL, 0.36, -9.0, np.zeros((8, 8, 3), np.uint8)))
    assert bar.hint == HINTS[2]
    walk = state.exploration.walk
    keyframe = replace(walk.keyframes[0], noise=NoiseSource(9, 9))
    state.edit_walk("Seed", keyframes=(keyframe, walk.keyframes[1]))
    assert settings.knows("noise")
    next(b for b in bar.findChildren(QAbstractButton) if b.text() == "Got it").click()
    assert bar.hint is None


def test_hints_can_be_switched_off(state: ExplorerState, settings: Settings, qtbot: QtBot) -> None:
    bar = HintBar(state, settings, DARK)
    qtbot.addWidget(bar)
    settings.set_preferences(Preferences(hints=False))
    state.frame_changed.emit(0, 0)
    assert not bar.isVisibleTo(None)
