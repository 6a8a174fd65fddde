"""What a person chose lives in the state: it is saved, undone, and seen by every view of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import constants
from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QLabel
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.documents.session_file import load_session, save_session
from engine.models.hub.offline import is_offline
from engine.view import Loop, ViewMode
from engine.walk import Keyframe, NoiseSource, Walk
from gui.main_window import MainWindow
from gui.walk.keyframe_card import KeyframeCard
from gui.widgets.theme import DARK
from tests.gui.conftest import Desk
from tests.support.studio import Studio
from tests.support.user_input import click, named, press

CONTROL = Qt.KeyboardModifier.ControlModifier
LETTERS = Keyframe("a cat", NoiseSource(1, 0)), Keyframe("a dog", NoiseSource(1, 1))


def summary(desk: Desk) -> str:
    """What the timeline says of the frames that are there."""
    labels = [label.text() for label in desk.window.timeline.findChildren(QLabel)]
    return next(text for text in labels if "frames" in text)


def checked(window: MainWindow, name: str) -> list[bool]:
    """Whether each of the buttons of this name is pressed, in their order."""
    return [
        b.isChecked() for b in window.findChildren(QAbstractButton) if b.accessibleName() == name
    ]


def ready(desk: Desk) -> list[int]:
    """The finished frames of each lane."""
    return [int((lane.tiers == m.Tier.FINAL).sum()) for lane in desk.state.results.lanes]


def wait_for_job(desk: Desk, qtbot: QtBot, count: int) -> None:
    """Wait until so many jobs were asked for."""
    qtbot.waitUntil(lambda: len(desk.engine.requests) == count)


# ── what is known stays ──────────────────────────────────────────────────────────────────────


def test_generate_and_escape_leave_a_complete_walk_complete(desk: Desk) -> None:
    desk.finish()
    assert summary(desk) == "61 frames"
    press(desk.window, Qt.Key.Key_Return, CONTROL)
    desk.engine.play(20)
    press(desk.window, Qt.Key.Key_Escape)
    QCoreApplication.processEvents()
    assert not desk.state.busy
    assert summary(desk) == "61 frames"


def test_ticking_a_measure_keeps_every_picture(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    desk.window.measures.show_measures(("latent_std", "sharpness"))
    wait_for_job(desk, qtbot, 2)
    assert ready(desk) == [61]
    assert summary(desk) == "61 frames"
    path = desk.state.results.lanes[0].path
    assert path is not None
    desk.engine.play()
    QCoreApplication.processEvents()
    desk.window.measures.show_measures(("latent_std",))
    wait_for_job(desk, qtbot, 3)
    desk.window.measures.show_measures(("latent_std", "sharpness"))
    assert desk.state.results.measured(0, "sharpness")[30] > 0


def test_one_picture_and_back_forgets_neither_methods_nor_frames(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    click(named(desk.window, "Compare"))
    wait_for_job(desk, qtbot, 2)
    assert ready(desk) == [0, 0, 61], "slerp was drawn already"
    desk.finish()
    click(named(desk.window, "1-up"))
    assert (len(desk.engine.requests), ready(desk)) == (3, [61])
    click(named(desk.window, "Compare"))
    assert (len(desk.engine.requests), ready(desk)) == (4, [61, 61, 61])


def test_without_auto_another_view_asks_for_nothing(desk: Desk) -> None:
    desk.finish()
    click(named(desk.window, "Compare"))
    desk.state.generate()
    desk.finish()
    desk.state.set_auto(False)
    click(named(desk.window, "1-up"))
    assert len(desk.engine.requests) == 2


def test_what_changes_no_picture_does_not_begin_a_cancelled_job_again(desk: Desk) -> None:
    press(desk.window, Qt.Key.Key_Escape)
    click(desk.window.findChildren(KeyframeCard)[0].fields[1])
    desk.window.actions_table["crisp"].trigger()
    desk.window.player.set_fps(12.0)
    assert desk.state.view.crisp
    assert desk.state.exploration.walk.keyframes[0].locked
    timer = desk.session.findChild(QTimer)
    assert timer is not None
    assert not timer.isActive()
    assert len(desk.engine.requests) == 1


def test_a_mode_that_holds_already_stays_ticked(desk: Desk) -> None:
    for name, button in (("single", "1-up"), ("compare", "Compare")):
        for _ in range(2):
            click(named(desk.window, button))
            assert desk.window.actions_table[name].isChecked()
            assert checked(desk.window, button) == [True]


def test_the_lane_in_focus_stays_in_focus_behind_one_picture(desk: Desk, qtbot: QtBot) -> None:
    click(named(desk.window, "Compare"))
    wait_for_job(desk, qtbot, 2)
    press(desk.window, Qt.Key.Key_M)
    click(named(desk.window, "1-up"))
    press(desk.window, Qt.Key.Key_M)
    assert desk.state.lane == 0
    click(named(desk.window, "Compare"))
    assert desk.state.lane == 1


# ── saved, undone ────────────────────────────────────────────────────────────────────────────


def test_locks_and_the_prompt_link_are_undone(desk: Desk) -> None:
    click(desk.window.findChildren(KeyframeCard)[1].fields[1])
    assert checked(desk.window, "Lock the noise") == [False, True]
    assert desk.window.isWindowModified()
    click(named(desk.window, "One prompt for all keyframes"))
    assert named(desk.window, "Prompt of keyframe B").isVisible()
    press(desk.window, Qt.Key.Key_Z, CONTROL)
    assert not named(desk.window, "Prompt of keyframe B").isVisible()
    press(desk.window, Qt.Key.Key_Z, CONTROL)
    assert checked(desk.window, "Lock the noise") == [False, False]
    assert not desk.window.isWindowModified()


def test_new_noise_can_be_taken_back_keyframe_by_keyframe(desk: Desk) -> None:
    press(desk.window, Qt.Key.Key_R, CONTROL)
    before = [k.previous for k in desk.state.exploration.walk.keyframes]
    assert before == [NoiseSource(1, 0), NoiseSource(1, 1)]


def test_the_view_is_no_change_of_the_walk(desk: Desk) -> None:
    click(named(desk.window, "Compare"))
    desk.state.history.set_saved()
    for name in ("single", "latent", "crisp", "loop"):
        desk.window.actions_table[name].trigger()
    assert not desk.window.isWindowModified()
    press(desk.window, Qt.Key.Key_Z, CONTROL)
    assert desk.state.exploration.compare == ()
    assert desk.state.exploration.mode is ViewMode.LATENT
    assert desk.window.actions_table["crisp"].isChecked()


def test_undo_of_an_experiment_brings_its_measures_back(studio: Studio) -> None:
    studio.state.show_measures(("latent_std", "step_length"))
    menu = studio.window.menus["E&xperiments"]
    title = "Too little and too much noise"
    next(action for action in menu.actions() if action.text() == title).trigger()
    assert studio.window.measures.shown == ("latent_std", "sharpness")
    studio.state.history.undo()
    assert studio.window.measures.shown == ("latent_std", "step_length")


def test_everything_comes_back_from_a_session(studio: Studio, tmp_path: Path) -> None:
    state, documents = studio.state, studio.companions.documents
    walk = Walk((replace(LETTERS[0], locked=True), LETTERS[1]), frames=9)
    state.edit(replace(state.exploration, walk=walk, measures=("sharpness",)), "All of it")
    click(named(studio.window, "Compare"))
    state.set_view(mode=ViewMode.SINGLE, crisp=True, lane=2, plane="toy", table=True)
    path = save_session(tmp_path / "walk.trail", state.exploration)
    documents.new()
    state.set_view(mode=None, crisp=False, lane=0, plane="walk", table=False)
    state.show_measures(())
    documents.open(path)
    studio.wait(lambda: not documents.busy)
    assert state.exploration == load_session(path)
    assert len(state.exploration.compare) == 3
    assert state.exploration.mode is ViewMode.SINGLE
    assert checked(studio.window, "Lock the noise") == [True, False]
    assert studio.window.measures.shown == ("sharpness",)
    assert studio.window.trajectory.view_name == "toy"
    assert studio.window.actions_table["crisp"].isChecked()


def test_offline_is_one_switch(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    dialog = studio.companions.model
    box = next(b for b in dialog.findChildren(QCheckBox) if "Offline" in b.text())
    for wanted in (True, False):
        box.setChecked(wanted)
        assert is_offline() is wanted
        assert constants.HF_HUB_OFFLINE is wanted


# ── every view shows the same ────────────────────────────────────────────────────────────────


def test_a_second_window_on_the_same_state_shows_the_same(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    keyframes = (replace(LETTERS[0], locked=True), *LETTERS)
    state = desk.state
    state.edit(replace(state.exploration, walk=Walk(keyframes, frames=9)), "Three keyframes")
    click(named(desk.window, "Compare"))
    state.show_measures(("latent_std", "sharpness"))
    state.set_view(crisp=True, lane=1, plane="toy", table=True, loop=Loop.ONCE, segment=1)
    state.generate()
    desk.finish()
    second = MainWindow(state, DARK)
    qtbot.addWidget(second)
    second.resize(desk.window.size())
    second.show()
    second.complete()

    def seen(window: MainWindow) -> dict[str, object]:
        buttons = [b for b in window.findChildren(QAbstractButton) if b.isCheckable()]
        return {
            "panes": [(p.title, p.current) for p in window.frame_view.panes()],
            "measures": window.measures.shown,
            "plane": window.trajectory.view_name,
            "loop": window.player.loop,
            "actions": [window.actions_table[n].isChecked() for n in ("compare", "crisp")],
            "buttons": sorted((b.accessibleName(), b.isChecked()) for b in buttons),
        }

    assert seen(second) == seen(desk.window)
    desk.window.actions_table["single"].trigger()
    state.set_view(plane="walk")
    assert seen(second) == seen(desk.window)
    assert second.findChildren(KeyframeCard)[0].fields[1].isChecked()  # type: ignore[attr-defined]
