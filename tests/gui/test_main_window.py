"""The window as a person uses it: real keys and real clicks, on a scripted engine."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QDoubleSpinBox

from engine import messages as m
from engine.view import Loop, ViewMode
from engine.walk import ARTICLE_PROMPT, NoiseSource
from gui.walk.keyframe_card import KeyframeCard
from gui.widgets.theme import LIGHT
from tests.gui.conftest import Desk
from tests.support.user_input import click, named, press


def test_the_first_walk_is_the_article_s_and_begins_by_itself(desk: Desk) -> None:
    request = desk.engine.requests[0]
    walk = request.lanes[0].walk
    assert [k.prompt for k in walk.keyframes] == [ARTICLE_PROMPT] * 2
    assert [k.noise for k in walk.keyframes] == [NoiseSource(1, 0), NoiseSource(1, 1)]
    assert walk.methods[0].name == "slerp"
    assert desk.state.busy


def test_the_title_counts_and_marks_what_is_not_saved(desk: Desk) -> None:
    desk.engine.post(m.Progress(1, 30, 61, 3, 20, 4.0))
    QCoreApplication.processEvents()
    assert desk.window.windowTitle().startswith("49 % · ")
    assert not desk.window.isWindowModified()
    desk.state.edit_walk("Frames", frames=9)
    assert desk.window.isWindowModified()
    desk.finish()
    desk.engine.post(m.JobFinished(1, 1.0))
    QCoreApplication.processEvents()
    assert "%" not in desk.window.windowTitle()


def test_space_plays_also_after_a_click_on_a_button(desk: Desk) -> None:
    desk.finish()
    click(named(desk.window, "Generate"))
    press(desk.window, Qt.Key.Key_Space)
    assert desk.window.player.playing
    press(desk.window, Qt.Key.Key_Space)
    assert not desk.window.player.playing


def test_keys_of_the_transport(desk: Desk) -> None:
    desk.finish()
    window, state = desk.window, desk.state
    shift, alt = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
    press(window, Qt.Key.Key_Right)
    assert state.playhead == 1
    press(window, Qt.Key.Key_Right, shift)
    assert state.playhead == 11
    press(window, Qt.Key.Key_Left, shift)
    press(window, Qt.Key.Key_Left)
    assert state.playhead == 0
    press(window, Qt.Key.Key_End)
    assert state.playhead == 60
    press(window, Qt.Key.Key_Left, alt)
    assert state.playhead == 0
    press(window, Qt.Key.Key_Right, alt)
    assert state.playhead == 60
    press(window, Qt.Key.Key_Home)
    assert state.playhead == 0


def test_the_range_has_keys(desk: Desk) -> None:
    desk.finish()
    desk.state.seek(10)
    press(desk.window, Qt.Key.Key_I)
    desk.state.seek(20)
    press(desk.window, Qt.Key.Key_O)
    assert desk.state.range == (10, 20)
    press(desk.window, Qt.Key.Key_I, Qt.KeyboardModifier.AltModifier)
    assert desk.state.range is None


def test_shuttle_and_single_frames_while_k_is_held(desk: Desk) -> None:
    desk.finish()
    window, player = desk.window, desk.window.player
    press(window, Qt.Key.Key_L)
    assert (player.playing, player.direction, player.speed) == (True, 1, 1.0)
    press(window, Qt.Key.Key_L)
    assert player.speed == 2.0
    QTest.keyPress(window, Qt.Key.Key_K)
    assert not player.playing
    here = desk.state.playhead
    press(window, Qt.Key.Key_L)
    assert desk.state.playhead == here + 1
    press(window, Qt.Key.Key_J)
    assert desk.state.playhead == here
    QTest.keyRelease(window, Qt.Key.Key_K)
    press(window, Qt.Key.Key_J)
    assert (player.playing, player.direction) == (True, -1)


def test_the_loop_key_goes_round(desk: Desk) -> None:
    seen = []
    for _ in Loop:
        desk.window.actions_table["loop"].trigger()
        seen.append(desk.window.player.loop)
    assert set(seen) == set(Loop)


def test_escape_cancels_and_control_enter_starts(desk: Desk) -> None:
    press(desk.window, Qt.Key.Key_Escape)
    QCoreApplication.processEvents()
    assert not desk.state.busy
    press(desk.window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert desk.state.busy
    assert len(desk.engine.requests) == 2


@pytest.mark.parametrize("by_key", [True, False])
@pytest.mark.parametrize(
    ("name", "text"), [("Steps", "7"), ("Guided to", "0.5"), ("Seed of keyframe A", "77")]
)
def test_a_number_that_is_being_typed_counts_when_the_walk_is_rendered(
    desk: Desk, name: str, text: str, by_key: bool
) -> None:
    field = named(desk.window, name)
    assert isinstance(field, QAbstractSpinBox)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    if by_key:
        press(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    else:
        click(named(desk.window, "Generate"))
    request = desk.engine.requests[-1]
    sampling, seed = request.sampling, request.lanes[0].walk.keyframes[0].noise.seed
    assert float(text) in (sampling.steps, sampling.guidance_to, seed)
    assert len(desk.engine.requests) == 2


def test_a_number_that_is_being_typed_is_saved(desk: Desk) -> None:
    saved: list[int] = []

    def save() -> None:
        saved.append(desk.state.exploration.sampling.steps)

    desk.window.actions_table.bind({"save": save})
    field = named(desk.window, "Steps")
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field, "7")
    press(field, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert saved == [7]


def test_undo_and_redo_from_within_a_prompt(desk: Desk) -> None:
    prompt = named(desk.window, "Prompt")
    prompt.setFocus()
    QTest.keyClicks(prompt, " in snow")
    assert desk.state.exploration.walk.keyframes[0].prompt != ARTICLE_PROMPT
    control = Qt.KeyboardModifier.ControlModifier
    press(prompt, Qt.Key.Key_Z, control)
    assert desk.state.exploration.walk.keyframes[0].prompt == ARTICLE_PROMPT
    press(prompt, Qt.Key.Key_Z, control | Qt.KeyboardModifier.ShiftModifier)
    assert "in snow" in desk.state.exploration.walk.keyframes[1].prompt


def test_letters_are_typed_into_a_prompt_and_play_nothing(desk: Desk) -> None:
    prompt = named(desk.window, "Prompt")
    prompt.setFocus()
    QTest.keyClicks(prompt, " jkl io")
    assert not desk.window.player.playing
    assert desk.state.range is None


def test_enter_in_a_prompt_renders_at_once(desk: Desk) -> None:
    prompt = named(desk.window, "Prompt")
    prompt.setFocus()
    QTest.keyClicks(prompt, "s")
    press(prompt, Qt.Key.Key_Return)
    assert desk.engine.requests[-1].lanes[0].walk.keyframes[0].prompt.strip("s") != ""
    assert len(desk.engine.requests) == 2


def test_the_dice_draws_a_seed_that_is_kept(desk: Desk) -> None:
    cards = desk.window.findChildren(KeyframeCard)
    dice = [
        b for b in cards[0].findChildren(QAbstractButton) if b.accessibleName() == "Random seed"
    ]
    before = desk.state.exploration.walk.keyframes[0].noise
    click(dice[0])
    noise = desk.state.exploration.walk.keyframes[0].noise
    assert noise != before
    field = named(desk.window, "Seed of keyframe A")
    assert field.seed == noise.seed  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", [0, 2**31, 2**53 + 1, 2**64 - 1])
def test_seeds_of_64_bits_are_typed(desk: Desk, seed: int) -> None:
    field = named(desk.window, "Seed of keyframe B")
    field.setFocus()
    QTest.keyClicks(field, str(seed))
    press(field, Qt.Key.Key_Return)
    assert desk.state.exploration.walk.keyframes[1].noise.seed == seed


def test_minus_one_pasted_as_a_seed_is_random_and_kept(desk: Desk) -> None:
    field = named(desk.window, "Seed of keyframe A")
    QGuiApplication.clipboard().setText(" -1 ")
    field.setFocus()
    press(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    press(field, Qt.Key.Key_Return)
    seed = desk.state.exploration.walk.keyframes[0].noise.seed
    assert 0 <= seed < 2**64
    assert field.seed == seed  # type: ignore[attr-defined]


def test_a_click_on_a_method_changes_it(desk: Desk) -> None:
    click(named(desk.window, "Method Linear"))
    assert desk.state.exploration.walk.methods[0].name == "linear"


def test_the_wheel_leaves_fields_without_the_focus_alone(desk: Desk) -> None:
    field = named(desk.window, "Frames")
    desk.window.setFocus()
    centre = QPointF(field.rect().center())
    none = Qt.MouseButton.NoButton
    event = QWheelEvent(
        centre,
        QPointF(field.mapToGlobal(centre.toPoint())),
        QPoint(),
        QPoint(0, 120),
        none,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(field, event)
    assert desk.state.exploration.walk.frames == 61
    assert not field.hasFocus()


def test_the_qualities(desk: Desk) -> None:
    desk.finish()
    desk.window.actions_table["paper"].trigger()
    sampling = desk.state.exploration.sampling
    assert (sampling.steps, sampling.guidance, sampling.solver) == (30, 7.5, "dpm++2m")
    assert named(desk.window, "Quality").currentText() == "Paper"  # type: ignore[attr-defined]
    desk.window.actions_table["normal"].trigger()
    assert desk.state.exploration.sampling.steps == 14
    desk.state.edit_sampling("Steps", steps=21)
    assert named(desk.window, "Quality").currentIndex() == -1  # type: ignore[attr-defined]


def test_compare_renders_three_methods_and_one_picture_goes_back(desk: Desk) -> None:
    click(named(desk.window, "Compare"))
    assert [c.name for c in desk.state.exploration.compare] == ["linear", "normalized", "slerp"]
    assert desk.state.exploration.mode is ViewMode.COMPARE
    click(named(desk.window, "Method Wipe"))
    click(named(desk.window, "Method Normalized linear"))
    assert [c.name for c in desk.state.exploration.compare] == ["linear", "slerp", "wipe"]
    before = desk.state.exploration
    click(named(desk.window, "1-up"))
    assert desk.state.exploration == before, "the view is no edit"
    assert desk.state.exploration.mode is ViewMode.SINGLE
    assert named(desk.window, "Method Slerp").isChecked()  # type: ignore[attr-defined]
    click(named(desk.window, "Compare"))
    assert desk.state.exploration == before
    assert desk.state.exploration.mode is ViewMode.COMPARE
    for _ in range(3):
        desk.state.history.undo()
    assert desk.state.exploration.mode is ViewMode.SINGLE


def test_a_side_is_a_whole_number_of_latent_columns(desk: Desk) -> None:
    desk.finish()
    field = named(desk.window, "Width")
    field.setFocus()
    field.selectAll()  # type: ignore[attr-defined]
    QTest.keyClicks(field, "131")
    press(field, Qt.Key.Key_Return)
    assert desk.state.exploration.sampling.width == 128


def test_an_error_is_said_once_with_details_to_copy(desk: Desk) -> None:
    for _ in range(2):
        desk.state.post("The disk is full; free some space.", "errno 28")
    assert desk.window.messages.texts == ["The disk is full; free some space."]
    click(named(desk.window, "Copy details"))
    assert QGuiApplication.clipboard().text().endswith("errno 28")
    close = named(desk.window, "Close this message")
    for _ in range(2):  # a double click is no mistake
        click(close)
    assert desk.window.messages.texts == []


def test_an_offer_stays_however_many_messages_come(desk: Desk) -> None:
    messages = desk.window.messages
    messages.offer("An offer.", "Take it", lambda: None, lambda: None)
    for number in range(5):
        desk.state.post(f"Message {number}.")
    assert messages.texts == ["An offer.", "Message 2.", "Message 3.", "Message 4."]
    for number in range(5):
        messages.offer(f"Offer {number}.", "Take it", lambda: None, lambda: None)
    assert messages.texts[-3:] == ["Offer 2.", "Offer 3.", "Offer 4."]
    assert len(messages.texts) == 6


def test_a_new_theme_reaches_the_views(desk: Desk) -> None:
    desk.finish()
    desk.window.set_theme(LIGHT)
    picture = desk.window.frame_view.grab().toImage()
    assert picture.pixelColor(1, 1).lightness() > 128


def test_every_control_has_a_name_and_says_what_it_does(desk: Desk) -> None:
    for button in desk.window.findChildren(QAbstractButton):
        if button.objectName().startswith("qt_") or not button.isVisibleTo(desk.window):
            continue
        assert button.accessibleName() or button.text(), button
        assert button.toolTip(), button.accessibleName() or button.text()


def test_the_cursor_stays_while_the_walk_is_rendered(desk: Desk) -> None:
    prompt = named(desk.window, "Prompt")
    prompt.setFocus()
    QTest.keyClicks(prompt, "abc")
    press(prompt, Qt.Key.Key_Left)
    position = prompt.textCursor().position()  # type: ignore[attr-defined]
    desk.state.generate()
    desk.finish()
    assert prompt.textCursor().position() == position  # type: ignore[attr-defined]
    assert prompt.hasFocus()


def test_a_menu_opens_from_the_keyboard(desk: Desk) -> None:
    cards = desk.window.findChildren(KeyframeCard)
    more = next(b for b in cards[0].findChildren(QAbstractButton) if "More" in b.accessibleName())
    menu = more.menu()  # type: ignore[attr-defined]
    seen: list[list[str]] = []

    def close() -> None:
        seen.append([action.text() for action in menu.actions() if action.text()])
        menu.close()

    QTimer.singleShot(0, close)
    more.setFocus()
    press(more, Qt.Key.Key_Return)
    assert seen == [["Use the previous noise again", "Duplicate", "Move up", "Move down", "Remove"]]


def test_closing_ends_the_engine(desk: Desk) -> None:
    closed = []
    desk.window.closing.connect(lambda: closed.append(True))
    desk.window.close()
    assert closed == [True]
    assert desk.session.shutdown()
    assert desk.engine.stopped


def test_an_edit_of_another_walk_is_shown_in_the_fields(desk: Desk) -> None:
    walk = replace(desk.state.exploration.walk, negative="blurry", frames=7)
    desk.state.open_exploration(replace(desk.state.exploration, walk=walk))
    assert named(desk.window, "Negative prompt").toPlainText() == "blurry"  # type: ignore[attr-defined]
    assert named(desk.window, "Frames").value() == 7  # type: ignore[attr-defined]


def test_guidance_cannot_end_before_it_begins(desk: Desk) -> None:
    begin, end = (named(desk.window, name) for name in ("Guided from", "Guided to"))
    assert isinstance(begin, QDoubleSpinBox)
    assert isinstance(end, QDoubleSpinBox)
    end.setValue(0.4)
    begin.setValue(0.7)
    sampling = desk.state.exploration.sampling
    assert (sampling.guidance_from, sampling.guidance_to) == (0.4, 0.4)
    end.setValue(0.9)
    begin.setValue(0.7)
    end.setValue(0.1)
    sampling = desk.state.exploration.sampling
    assert (sampling.guidance_from, sampling.guidance_to) == (0.7, 0.7)
    desk.state.history.undo()
    desk.state.history.undo()
    shown = desk.state.exploration.sampling
    assert (begin.value(), end.value()) == (shown.guidance_from, shown.guidance_to)


def test_full_screen_goes_back_to_a_maximised_window(desk: Desk) -> None:
    action = desk.window.actions_table["full_screen"]
    desk.window.showMaximized()
    action.trigger()
    assert desk.window.isFullScreen()
    assert action.isChecked()
    action.trigger()
    assert not desk.window.isFullScreen()
    assert desk.window.isMaximized()
    desk.window.showFullScreen()
    assert action.isChecked()
