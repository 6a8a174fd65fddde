"""The row of prompts: which frames a prompt has, and what the mouse and keys do there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QMenu
from pytestqt.qtbot import QtBot

from engine.methods.through.runs import run_of
from engine.timing import EASINGS, Pace, PromptKey
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
LATE = PromptKey(0.95, "a dog")


def walk_of(*prompts: str, **changes: object) -> Walk:
    """21 frames through keyframes with these prompts."""
    keyframes = tuple(Keyframe(text, NoiseSource(k)) for k, text in enumerate(prompts, 1))
    return replace(Walk(keyframes, frames=21), **changes)  # type: ignore[arg-type]


def test_each_prompt_has_the_frames_in_which_it_is_the_nearer_one() -> None:
    zones = prompt_zones(walk_of("a cat", "a cat", "a fox"))
    assert [(zone.prompt, zone.numbers) for zone in zones] == [("a cat", (0, 1)), ("a fox", (2,))]
    assert [(zone.first, zone.last) for zone in zones] == [(0, pytest.approx(15)), (15, 20)]
    assert prompt_zones(walk_of("a cat", "a cat")) == ()


def test_an_eased_and_held_segment_changes_its_prompt_later() -> None:
    held = walk_of("a cat", "a fox", paces=(Pace(hold=0.5),))
    assert prompt_zones(held)[0].last == pytest.approx(15)
    eased = walk_of("a cat", "a fox", paces=(Pace(EASINGS["ease-in"]),))
    assert prompt_zones(eased)[0].last > 11


def test_the_end_of_a_loop_belongs_to_its_first_prompt() -> None:
    zones = prompt_zones(walk_of("a cat", "a fox", loop=True))
    assert [zone.numbers for zone in zones] == [(0,), (1,), (0,)]
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
    place = at(track, 2)
    qtbot.mousePress(timeline, Qt.MouseButton.LeftButton, pos=place)
    moved = QPointF(place + QPoint(1, 0))
    move = QMouseEvent(
        QEvent.Type.MouseMove,
        moved,
        timeline.mapToGlobal(moved),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(timeline, move)
    qtbot.mouseRelease(timeline, Qt.MouseButton.LeftButton, pos=place)
    assert scripted_.state.playhead == 0, "the mouse moved a little"
    scripted_.state.seek(9)
    QTest.keyClick(timeline, Qt.Key.Key_Return)
    assert (chosen[-1], scripted_.state.playhead) == (1, 10)


def menu_at(timeline: Timeline, place: QPoint, reason: QContextMenuEvent.Reason) -> QMenu:
    event = QContextMenuEvent(reason, place, timeline.mapToGlobal(place))
    QApplication.sendEvent(timeline, event)
    return timeline.findChild(QMenu)


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


def test_a_method_with_one_way_to_blend_prompts_offers_no_other(qtbot: QtBot) -> None:
    wander = (MethodChoice("prompt-wander"),)
    timeline, track = shown(with_walk(walk_of("a cat", "a fox", methods=wander)), qtbot)
    menu = menu_at(timeline, at(track, 4), QContextMenuEvent.Reason.Mouse)
    texts = [action.text() for action in menu.actions() if action.text()]
    menu.close()
    assert texts == ["Edit prompt A", "Edit prompt B", "Prompts with own times"]


KEYS = (PromptKey(0.1, "a cat"), PromptKey(0.5, "a fox"), PromptKey(0.8, "a dog"))


def test_prompts_with_own_times_have_parts_of_their_own() -> None:
    zones = prompt_zones(walk_of("a", "b", prompts=KEYS))
    assert [(zone.prompt, zone.numbers) for zone in zones] == [
        ("a cat", (0,)),
        ("a fox", (1,)),
        ("a dog", (2,)),
    ]
    assert [zone.last for zone in zones] == [pytest.approx(6), pytest.approx(13), 20]
    looped = prompt_zones(walk_of("a", "b", prompts=KEYS, loop=True))
    assert [zone.numbers for zone in looped] == [(0,), (1,), (2,), (0,)]
    late = (*KEYS[:2], PromptKey(0.95, "a dog"))
    looped = prompt_zones(walk_of("a", "b", prompts=late, loop=True))
    assert [zone.numbers for zone in looped] == [(2,), (0,), (1,), (2,)]


def test_a_prompt_is_dragged_to_a_frame_as_one_step(qtbot: QtBot) -> None:
    scripted_ = with_walk(walk_of("a", "b", prompts=KEYS))
    timeline, track = shown(scripted_, qtbot)
    qtbot.mousePress(timeline, Qt.MouseButton.LeftButton, pos=at(track, 10))
    for place in (11, 12, 13.2):
        qtbot.mouseMove(timeline, at(track, place))
    qtbot.mouseRelease(timeline, Qt.MouseButton.LeftButton, pos=at(track, 13.2))
    assert [key.time for key in scripted_.state.exploration.walk.prompts] == [0.1, 13 / 20, 0.8]
    scripted_.state.history.undo()
    assert scripted_.state.exploration.walk.prompts == KEYS


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_a_held_prompt_is_let_go_when_undo_changes_the_prompts(qtbot: QtBot, kept: int) -> None:
    walk = walk_of("a", "b", prompts=KEYS[:kept])
    scripted_ = with_walk(walk)
    state = scripted_.state
    state.edit(replace(state.exploration, walk=replace(walk, prompts=(*KEYS[:2], LATE))), "Add")
    timeline, track = shown(scripted_, qtbot)
    qtbot.mousePress(timeline, Qt.MouseButton.LeftButton, pos=at(track, 19))
    state.history.undo()
    qtbot.mouseMove(timeline, at(track, 12))
    qtbot.mouseRelease(timeline, Qt.MouseButton.LeftButton, pos=at(track, 12))
    assert state.exploration.walk.prompts == KEYS[:kept]


def test_keys_move_the_prompt_at_the_playhead(qtbot: QtBot) -> None:
    scripted_ = with_walk(walk_of("a", "b", prompts=KEYS))
    timeline, _ = shown(scripted_, qtbot)
    scripted_.state.seek(10)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(timeline, Qt.Key.Key_Left, both)
    QTest.keyClick(timeline, Qt.Key.Key_Left, both)
    assert scripted_.state.exploration.walk.prompts[1].time == 8 / 20
    assert scripted_.state.playhead == 8


def test_a_click_edits_a_prompt_with_an_own_time(qtbot: QtBot) -> None:
    scripted_ = with_walk(walk_of("a", "b", prompts=KEYS))
    timeline, track = shown(scripted_, qtbot)
    qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=at(track, 8))
    dialog = timeline.window().findChild(QInputDialog)
    assert dialog.textValue() == "a fox"
    dialog.setTextValue("a wolf")
    dialog.accept()
    assert [key.text for key in scripted_.state.exploration.walk.prompts] == [
        "a cat",
        "a wolf",
        "a dog",
    ]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("Add a prompt here", "4 prompts"),
        ("Remove prompt", "2 prompts"),
        ("Blend: slerp of each token", "slerp"),
        ("Ease in", EASINGS["ease-in"]),
        ("Hold for 25% of the way", 0.25),
        ("Prompts with own times", "0 prompts"),
    ],
)
def test_the_menu_of_a_prompt_with_an_own_time(qtbot: QtBot, action: str, expected: object) -> None:
    scripted_ = with_walk(walk_of("a", "b", prompts=KEYS))
    timeline, track = shown(scripted_, qtbot)
    menu = menu_at(timeline, at(track, 8), QContextMenuEvent.Reason.Mouse)
    {each.text(): each for each in menu.actions()}[action].trigger()
    menu.close()
    prompts = scripted_.state.exploration.walk.prompts
    found = [
        f"{len(prompts)} prompts",
        *(v for key in prompts for v in (key.blend, key.pace.easing, key.pace.hold)),
    ]
    assert expected in found
    scripted_.state.history.undo()
    assert scripted_.state.exploration.walk.prompts == KEYS


def test_the_menu_closes_when_the_walk_changes(qtbot: QtBot) -> None:
    """Its actions would put back what the walk was, for example after a round of Even out."""
    scripted_ = with_walk(walk_of("a", "b", prompts=KEYS))
    timeline, track = shown(scripted_, qtbot)
    menu = menu_at(timeline, at(track, 8), QContextMenuEvent.Reason.Mouse)
    assert menu.isVisible()
    scripted_.state.edit_walk("Even out", pacing=((0.25, 0.4),))
    assert not menu.isVisible()


def test_the_walk_menu_gives_prompts_own_times(desk: Desk) -> None:
    desk.finish()
    desk.window.actions_table["own_times"].trigger()
    walk = desk.state.exploration.walk
    assert [key.time for key in walk.prompts] == [0.0, 1.0]
    assert desk.window.actions_table["own_times"].isChecked()
    desk.window.actions_table["own_times"].trigger()
    assert desk.state.exploration.walk.prompts == ()


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
