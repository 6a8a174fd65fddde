"""The dialog for a wanted speed: by mouse, by keys, by name."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.pacing.profiles import PROFILES
from gui.dialogs.speed_dialog import SpeedDialog
from gui.even_out import EvenOutRun
from gui.widgets.theme import DARK
from tests.support.scripted_state import PlacedState, ScriptedState, scripted
from tests.support.studio import Studio

LEFT = Qt.MouseButton.LeftButton


class _Opened:
    def __init__(self, qtbot: QtBot) -> None:
        self.scripted: ScriptedState = scripted()
        self.dialog = SpeedDialog(self.scripted.state, DARK)
        qtbot.addWidget(self.dialog)
        self.wanted: list[object] = []
        self.dialog.wanted.connect(self.wanted.append)
        self.dialog.open_now()


@pytest.fixture
def opened(qtbot: QtBot) -> _Opened:
    return _Opened(qtbot)


def test_a_steady_speed_comes_first(opened: _Opened) -> None:
    opened.dialog.apply.click()
    assert opened.wanted == [None]
    assert not opened.dialog.isVisible()


@pytest.mark.parametrize("name", list(PROFILES)[1:])
def test_a_named_speed(opened: _Opened, name: str) -> None:
    opened.dialog.profile.choose(name)
    opened.dialog.apply.click()
    assert opened.wanted[0] == pytest.approx(PROFILES[name].speed)


def test_a_drawn_speed_follows_the_mouse(opened: _Opened) -> None:
    canvas = opened.dialog.canvas
    start, end = (canvas.point(k).toPoint() for k in (0, 32))
    QTest.mousePress(canvas, LEFT, pos=QPoint(start.x(), canvas.height() // 4))
    QTest.mouseMove(canvas, QPoint(end.x(), canvas.height() * 3 // 4))
    QTest.mouseRelease(canvas, LEFT, pos=QPoint(end.x(), canvas.height() * 3 // 4))
    assert opened.dialog.profile.currentText() == "Drawn"
    speed = canvas.speed
    assert (np.diff(speed) < 0).all()
    assert speed[0] > 2 * speed[-1]
    opened.dialog.apply.click()
    assert np.array_equal(np.asarray(opened.wanted[0]), speed)


def test_a_speed_is_drawn_by_keys(opened: _Opened) -> None:
    canvas = opened.dialog.canvas
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Up):
        QTest.keyClick(canvas, key)
    assert int(np.argmax(canvas.speed)) == 15
    assert opened.dialog.profile.currentText() == "Drawn"


def test_the_measured_steps_are_behind_the_curve(opened: _Opened) -> None:
    before = opened.dialog.canvas.grab().toImage()
    for index in range(1, 21):
        step = 5.0 if index == 7 else 1.0
        opened.scripted.state.apply(m.MeasureReady(1, 0, index, "step_length", step))
    assert opened.dialog.canvas.grab().toImage() != before


def test_it_says_how_many_steps_are_measured(opened: _Opened) -> None:
    told, line = opened.scripted, opened.dialog.measured
    assert line.text().startswith("0 of 20 steps are measured")
    told.begin()
    assert line.text() == "The steps are being measured: 0 of 20 are there."
    for index in range(1, 8):
        told.state.apply(m.MeasureReady(told.job, 0, index, "step_length", 1.0))
    assert line.text() == "The steps are being measured: 7 of 20 are there."
    told.state.apply(m.JobCancelled(told.job))
    assert line.text().startswith("7 of 20 steps are measured; render the walk")
    for index in range(8, 21):
        told.state.apply(m.MeasureReady(told.job, 0, index, "step_length", 1.0))
    assert line.text() == "All 20 steps of the walk are measured."


def test_a_loop_has_a_step_more(opened: _Opened) -> None:
    told = opened.scripted
    told.state.edit_walk("Loop", loop=True)
    told.begin()
    for index in range(1, 21):
        told.state.apply(m.MeasureReady(told.job, 0, index, "step_length", 1.0))
    assert opened.dialog.measured.text() == "The steps are being measured: 20 of 21 are there."
    told.state.apply(m.MeasureReady(told.job, 0, 0, "step_length", 1.0))
    assert opened.dialog.measured.text() == "All 21 steps of the walk are measured."


def test_it_says_why_steps_are_not_measured(opened: _Opened) -> None:
    told = opened.scripted
    told.begin()
    told.state.apply(m.MeasureFailed(told.job, "step_length", "The step length is not known."))
    assert opened.dialog.measured.text() == "The step length is not known."


def test_the_walk_follows_the_wanted_speed(qapp: object) -> None:
    told = PlacedState(41)
    verb = EvenOutRun(told.state, told.frames, told.state)
    told.render()
    verb.even_out(PROFILES["faster"].speed)
    while verb.running:
        told.render()
    found = told.steps()
    assert found[-4:].sum() / found[:4].sum() == pytest.approx(4.0, rel=0.3)
    told.state.history.undo()
    assert told.state.exploration.walk.pacing == ()


def test_the_menu_opens_it(studio: Studio) -> None:
    studio.window.actions_table["speed"].trigger()
    assert studio.window.findChild(SpeedDialog).isVisible()
