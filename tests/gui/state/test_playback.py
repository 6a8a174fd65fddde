"""The player: time, range, ways to loop, shuttle keys; and the buttons that call it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QToolButton
from pytestqt.qtbot import QtBot

from engine.view import Loop
from gui.state.playback import Player, advance
from gui.timeline.transport_bar import TransportBar
from gui.widgets.theme import DARK, LIGHT
from tests.support.scripted_state import ScriptedState, scripted


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Playing:
    """A player over a walk of 21 frames at 24 fps, with its clock."""

    def __init__(self) -> None:
        self.scripted: ScriptedState = scripted()
        self.state = self.scripted.state
        self.clock = Clock()
        self.player = Player(self.state, clock=self.clock)

    def after(self, seconds: float) -> int:
        """The frame that is shown when so much more time has passed."""
        self.clock.now += seconds
        self.player.tick()
        return self.state.playhead


@pytest.fixture
def playing(qapp: object) -> Playing:
    return Playing()


@pytest.mark.parametrize(
    ("loop", "start", "direction", "steps", "expected"),
    [
        (Loop.ONCE, 5, 1, 3, (8, 1)),
        (Loop.ONCE, 8, 1, 30, (10, 1)),
        (Loop.ONCE, 5, -1, 30, (2, -1)),
        (Loop.LOOP, 10, 1, 1, (2, 1)),
        (Loop.LOOP, 2, -1, 1, (10, -1)),
        (Loop.PING_PONG, 9, 1, 1, (10, -1)),
        (Loop.PING_PONG, 10, -1, 1, (9, -1)),
        (Loop.PING_PONG, 3, -1, 1, (2, 1)),
        (Loop.PING_PONG, 9, 1, 3, (8, -1)),
        (Loop.PING_PONG, 5, 1, 16, (5, 1)),
        (Loop.LOOP, 0, 1, 1, (3, 1)),
    ],
)
def test_advance_within_a_range(
    loop: Loop, start: int, direction: int, steps: int, expected: tuple[int, int]
) -> None:
    assert advance(start, direction, steps, (2, 10), loop) == expected


def test_a_range_of_one_frame_stays_there() -> None:
    for loop in Loop:
        assert advance(7, 1, 5, (7, 7), loop)[0] == 7


def test_frames_follow_the_clock(playing: Playing) -> None:
    playing.player.play()
    assert playing.after(1 / 24) == 1
    assert playing.after(0.2 / 24) == 1
    assert playing.after(0.8 / 24) == 2
    assert playing.player.dropped == 0


def test_late_frames_are_left_out_and_counted(playing: Playing) -> None:
    playing.player.play()
    assert playing.after(5 / 24) == 5
    assert playing.player.dropped == 4


def test_faster_than_the_screen_leaves_frames_out_without_counting_them(playing: Playing) -> None:
    playing.player.play()
    playing.player.set_speed(8.0)
    shown = [playing.after(1 / 60) for _ in range(6)]
    assert shown == [3, 6, 9, 12, 16, 19]
    assert playing.player.dropped == 0


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
def test_playback_goes_on_after_a_jump_of_the_clock(playing: Playing, jump: float) -> None:
    playing.player.play()
    assert playing.after(1 / 24) == 1
    assert playing.after(jump) == 1
    assert playing.after(1 / 24) == 2
    assert playing.player.dropped == 0


def test_a_rate_of_its_own_and_undoable(playing: Playing) -> None:
    playing.player.set_fps(12.0)
    playing.player.play()
    assert playing.after(1 / 24) == 0
    assert playing.after(1 / 24) == 1
    playing.state.history.undo()
    assert playing.state.exploration.fps == 24.0


def test_playing_once_stops_at_the_end_and_starts_again(playing: Playing) -> None:
    playing.player.set_loop(Loop.ONCE)
    playing.state.seek(19)
    playing.player.play()
    assert playing.after(1 / 24) == 20
    assert not playing.player.playing
    playing.player.play()
    assert playing.state.playhead == 0


def test_only_the_range_is_played(playing: Playing) -> None:
    playing.state.set_range((4, 6))
    playing.player.play()
    assert [playing.after(1 / 24) for _ in range(5)] == [5, 6, 4, 5, 6]


def test_ping_pong_turns_at_both_ends(playing: Playing) -> None:
    playing.state.set_range((4, 6))
    playing.player.set_loop(Loop.PING_PONG)
    playing.player.play()
    assert [playing.after(1 / 24) for _ in range(6)] == [5, 6, 5, 4, 5, 6]


def test_scrubbing_while_playing_goes_on_from_there(playing: Playing) -> None:
    playing.player.play()
    playing.after(1 / 24)
    playing.state.seek(10)
    assert playing.after(1 / 24) == 11


def test_shuttle_doubles_its_speed_up_to_eight(playing: Playing) -> None:
    speeds = []
    for _ in range(5):
        playing.player.shuttle(1)
        speeds.append(playing.player.speed)
    assert speeds == [1.0, 2.0, 4.0, 8.0, 8.0]
    playing.player.shuttle(-1)
    assert (playing.player.direction, playing.player.speed) == (-1, 1.0)
    playing.player.hold(True)
    assert not playing.player.playing


def test_single_frames_while_k_is_held(playing: Playing) -> None:
    playing.state.seek(10)
    playing.player.hold(True)
    playing.player.shuttle(1)
    playing.player.shuttle(1)
    playing.player.shuttle(-1)
    assert playing.state.playhead == 11
    playing.player.hold(False)
    playing.player.shuttle(-1)
    assert playing.player.playing


def test_steps_end_at_the_ends(playing: Playing) -> None:
    playing.player.play()
    playing.player.step(-1)
    assert (playing.state.playhead, playing.player.playing) == (0, False)
    playing.player.step(10)
    playing.player.step(100)
    assert playing.state.playhead == 20


def test_from_keyframe_to_keyframe(playing: Playing) -> None:
    playing.state.seek(7)
    playing.player.go_keyframe(1)
    assert playing.state.playhead == 20
    playing.player.go_keyframe(1)
    assert playing.state.playhead == 20
    playing.player.go_keyframe(-1)
    assert playing.state.playhead == 0


def test_range_marks(playing: Playing) -> None:
    playing.state.seek(8)
    playing.player.mark_out()
    assert playing.state.range == (0, 8)
    playing.state.seek(3)
    playing.player.mark_in()
    assert playing.state.range == (3, 8)
    playing.state.seek(12)
    playing.player.mark_in()
    assert playing.state.range == (12, 20)
    playing.player.go_first()
    assert playing.state.playhead == 12
    playing.player.clear_range()
    assert playing.state.range is None


# ── the buttons ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def bar(playing: Playing, qtbot: QtBot) -> TransportBar:
    bar = TransportBar(playing.state, playing.player, DARK)
    qtbot.addWidget(bar)
    bar.show()
    return bar


def test_buttons_play_and_take_no_focus(bar: TransportBar, playing: Playing, qtbot: QtBot) -> None:
    buttons = {b.accessibleName(): b for b in bar.findChildren(QAbstractButton)}
    qtbot.mouseClick(buttons["Play or pause (Space)"], Qt.MouseButton.LeftButton)
    assert playing.player.playing
    assert not buttons["Play or pause (Space)"].hasFocus()
    qtbot.mouseClick(buttons["Play or pause (Space)"], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(buttons["Last frame (End)"], Qt.MouseButton.LeftButton)
    assert (playing.player.playing, playing.state.playhead) == (False, 20)


def test_menus_choose_rate_speed_and_loop(bar: TransportBar, playing: Playing) -> None:
    menus = {b.accessibleName(): b for b in bar.findChildren(QToolButton)}
    actions = {a.text(): a for b in menus.values() if b.menu() for a in b.menu().actions()}
    for text in ("12 fps", "2×", "Ping-pong"):
        actions[text].trigger()
    assert playing.state.exploration.fps == 12.0
    assert (playing.player.speed, playing.player.loop) == (2.0, Loop.PING_PONG)
    assert menus["Frames a second"].text().startswith("12 fps")
    playing.player.set_fps(23.976)
    assert menus["Frames a second"].text().startswith("23.976 fps")


def test_dropped_frames_are_shown(bar: TransportBar, playing: Playing) -> None:
    playing.player.play()
    playing.after(3 / 24)
    bar.set_theme(LIGHT)
    texts = [child.text() for child in bar.children() if hasattr(child, "text")]
    assert "2 frames dropped" in texts
    playing.player.pause()
    assert not any("dropped" in child.text() for child in bar.children() if hasattr(child, "text"))
