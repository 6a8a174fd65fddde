"""The row of prompts: which frames a prompt has, and what the mouse and keys do there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from engine.methods.through.runs import run_of
from engine.timing import EASINGS, Pace
from engine.walk import Keyframe, MethodChoice, NoiseSource, Walk
from gui.state.thumbnails import Thumbnails
from gui.timeline.prompt_menu import with_blend
from gui.timeline.prompt_track import PromptTrack
from gui.timeline.prompt_zones import prompt_zones
from gui.timeline.timeline import Timeline
from gui.timeline.track import MARGIN
from gui.widgets.theme import DARK
from tests.gui.conftest import Desk
from tests.support.scripted_state import ScriptedState, scripted

CELL = 40


def walk_of(*prompts: str, **changes: object) -> Walk:
    """21 frames through keyframes with these prompts."""
    keyframes = tuple(Keyframe(text, NoiseSource(k)) for k, text in enumerate(prompts, 1))
    return replace(Walk(keyframes, frames=21), **changes)  # type: ignore[arg-type]


def test_each_prompt_has_the_frames_in_which_it_is_the_nearer_one() -> None:
    zones = prompt_zones(walk_of("a cat", "a cat", "a fox"))
    assert [(zone.prompt, zone.keyframes) for zone in zones] == [("a cat", (0, 1)), ("a fox", (2,))]
    assert [(zone.first, zone.last) for zone in zones] == [(0, pytest.approx(15)), (15, 20)]
    assert prompt_zones(walk_of("a cat", "a cat")) == ()


def test_an_eased_and_held_segment_changes_its_prompt_later() -> None:
    held = walk_of("a cat", "a fox", paces=(Pace(hold=0.5),))
    assert prompt_zones(held)[0].last == pytest.approx(15)
    eased = walk_of("a cat", "a fox", paces=(Pace(EASINGS["ease-in"]),))
    assert prompt_zones(eased)[0].last > 11


def test_the_end_of_a_loop_belongs_to_its_first_prompt() -> None:
    zones = prompt_zones(walk_of("a cat", "a fox", loop=True))
    assert [zone.keyframes for zone in zones] == [(0,), (1,), (0,)]
    assert zones[-1].last == 21


def shown(scripted_: ScriptedState, qtbot: QtBot) -> tuple[Timeline, PromptTrack]:
    timeline = Timeline(scripted_.state, Thumbnails(scripted_.state), DARK)
    qtbot.addWidget(timeline)
    timeline.resize(21 * CELL + int(2 * MARGIN), timeline.sizeHint().height())
    timeline.show()
    return timeline, timeline.findChild(PromptTrack)


def with_walk(walk: Walk) -> ScriptedState:
    scripted_ = scripted()
    scripted_.state.edit(replace(scripted_.state.exploration, walk=walk), "Walk")
    return scripted_


def at(track: PromptTrack, index: float) -> QPoint:
    return QPoint(round(MARGIN + (index + 0.5) * CELL), track.geometry().center().y())


def test_the_row_is_there_while_prompts_differ(qtbot: QtBot) -> None:
    scripted_ = scripted()
    _, track = shown(scripted_, qtbot)
    assert not track.isVisible()
    walk = walk_of("a cat", "a fox")
    scripted_.state.edit(replace(scripted_.state.exploration, walk=walk), "Prompt")
    assert track.isVisible()
    scripted_.state.history.undo()
    assert not track.isVisible()


def test_a_click_on_a_prompt_goes_to_its_keyframe(qtbot: QtBot) -> None:
    scripted_ = with_walk(walk_of("a cat", "a fox", "a fox"))
    timeline, track = shown(scripted_, qtbot)
    chosen: list[int] = []
    timeline.prompt_chosen.connect(chosen.append)
    for place in (2, 7, 17):
        qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=at(track, place))
    assert chosen == [0, 1, 2]
    assert scripted_.state.playhead == 20
    scripted_.state.seek(9)
    QTest.keyClick(timeline, Qt.Key.Key_Return)
    assert (chosen[-1], scripted_.state.playhead) == (1, 10)


def menu_at(timeline: Timeline, place: QPoint, reason: QContextMenuEvent.Reason) -> QMenu:
    event = QContextMenuEvent(reason, place, timeline.mapToGlobal(place))
    QApplication.sendEvent(timeline, event)
    return timeline.findChildren(QMenu)[-1]


@pytest.mark.parametrize(
    "reason", [QContextMenuEvent.Reason.Mouse, QContextMenuEvent.Reason.Keyboard]
)
def test_the_menu_chooses_how_two_prompts_are_blended(
    qtbot: QtBot, reason: QContextMenuEvent.Reason
) -> None:
    scripted_ = with_walk(walk_of("a cat", "a fox", "a dog"))
    timeline, track = shown(scripted_, qtbot)
    scripted_.state.seek(14)
    menu = menu_at(timeline, at(track, 14), reason)
    actions = {action.text(): action for action in menu.actions()}
    assert actions["Blend: linear"].isChecked()
    actions["Blend: slerp of each token"].trigger()
    menu.close()
    chosen = MethodChoice("slerp", (("prompts", "slerp"),))
    assert scripted_.state.exploration.walk.methods == (MethodChoice(), chosen)
    scripted_.state.history.undo()
    assert scripted_.state.exploration.walk.methods == (MethodChoice(),)


def test_a_method_for_prompts_only_becomes_the_other_one() -> None:
    assert with_blend(MethodChoice("prompt-linear"), "slerp") == MethodChoice("prompt-slerp")
    again = with_blend(MethodChoice("slerp", (("prompts", "slerp"),)), "linear")
    assert again == MethodChoice("slerp")


def test_the_blend_of_prompts_does_not_split_a_spline() -> None:
    choices = MethodChoice("spline"), MethodChoice("spline", (("prompts", "slerp"),))
    walk = walk_of("a cat", "a fox", "a dog", methods=choices)
    assert run_of(walk, 0).keyframes == (0, 1, 2)


def test_the_prompt_of_the_window_gets_the_focus(desk: Desk) -> None:
    desk.finish()
    walk = walk_of("a cat", "a fox", "a dog", frames=61)
    desk.state.edit(replace(desk.state.exploration, walk=walk), "Walk")
    desk.finish()
    desk.window.timeline.prompt_chosen.emit(2)
    assert QApplication.focusWidget().accessibleName() == "Prompt of keyframe C"
    desk.state.seek(29)
    desk.window.actions_table["prompt"].trigger()
    assert QApplication.focusWidget().accessibleName() == "Prompt of keyframe B"
