"""Keyframes in the window, by real keys and real clicks, on a scripted engine."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QToolButton, QWidget

from engine.timing import EASINGS, Pace
from engine.walk import ARTICLE_PROMPT, NoiseSource
from gui.walk.keyframe_card import KeyframeCard
from gui.widgets.seed_field import SeedField
from tests.gui.conftest import Desk
from tests.support.user_input import click, named, press


def part(card: KeyframeCard, kind: type[QWidget], name: str) -> Any:
    """The part of a card that a screen reader calls `name`."""
    return next(w for w in card.findChildren(kind) if w.accessibleName() == name)


def lock(card: KeyframeCard) -> QAbstractButton:
    return part(card, QAbstractButton, "Lock the noise")


def menu_of(card: KeyframeCard) -> dict[str, QAction]:
    """The entries of a card's menu, as they are when it opens."""
    menu = part(card, QToolButton, "More for this keyframe").menu()
    menu.aboutToShow.emit()
    return {action.text(): action for action in menu.actions()}


def test_a_locked_keyframe_keeps_its_noise(desk: Desk) -> None:
    click(lock(desk.window.findChildren(KeyframeCard)[0]))
    press(desk.window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    walk = desk.state.exploration.walk
    assert walk.keyframes[0].noise == NoiseSource(1, 0)
    assert walk.keyframes[1].noise != NoiseSource(1, 1)


def test_a_lock_goes_where_its_keyframe_goes(desk: Desk) -> None:
    card = desk.window.findChildren(KeyframeCard)[1]
    click(lock(card))

    def locked() -> list[bool]:
        return [lock(card).isChecked() for card in desk.window.findChildren(KeyframeCard)]

    control = Qt.KeyboardModifier.ControlModifier
    assert locked() == [False, True]
    menu_of(desk.window.findChildren(KeyframeCard)[0])["Duplicate"].trigger()
    assert locked() == [False, False, True]
    press(desk.window, Qt.Key.Key_T, control)
    assert locked() == [True, False, False]
    press(desk.window, Qt.Key.Key_R, control)
    assert locked() == [True, False, False]
    for expected in ([True, False, False], [False, False, True], [False, True]):
        press(desk.window, Qt.Key.Key_Z, control)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        assert locked() == expected


def test_a_keyframe_more_adds_a_card_and_leaves_the_others(desk: Desk) -> None:
    before = desk.window.findChildren(KeyframeCard)
    click(named(desk.window, "Add a keyframe"))
    cards = desk.window.findChildren(KeyframeCard)
    assert cards[:2] == before
    assert len(cards) == 3
    assert desk.state.exploration.walk.segments == 2
    assert desk.state.exploration.walk.frames == 121
    desk.state.history.undo()
    QCoreApplication.processEvents()
    assert desk.state.exploration.walk.segments == 1


def test_a_method_for_one_segment(desk: Desk) -> None:
    click(named(desk.window, "Add a keyframe"))
    panel = named(desk.window, "Segment to show")
    panel.setCurrentIndex(2)  # type: ignore[attr-defined]
    click(named(desk.window, "Method Linear"))
    assert [c.name for c in desk.state.exploration.walk.methods] == ["slerp", "linear"]


def test_prompts_of_their_own_and_one_for_all(desk: Desk) -> None:
    click(named(desk.window, "One prompt for all keyframes"))
    prompt = named(desk.window, "Prompt of keyframe B")
    assert prompt.isVisible()
    prompt.setFocus()
    QTest.keyClicks(prompt, "!")
    walk = desk.state.exploration.walk
    assert walk.keyframes[0].prompt == ARTICLE_PROMPT
    assert walk.keyframes[1].prompt != ARTICLE_PROMPT
    click(named(desk.window, "One prompt for all keyframes"))
    assert len({k.prompt for k in desk.state.exploration.walk.keyframes}) == 1


def test_keyframes_are_moved_and_duplicated(desk: Desk) -> None:
    card = desk.window.findChildren(KeyframeCard)[0]
    actions = menu_of(card)
    assert not actions["Move up"].isEnabled()
    assert not actions["Remove"].isEnabled()
    actions["Move down"].trigger()
    draws = [k.noise.draw for k in desk.state.exploration.walk.keyframes]
    assert draws == [1, 0]
    actions["Duplicate"].trigger()
    assert [k.noise.draw for k in desk.state.exploration.walk.keyframes] == [1, 1, 0]
    menu_of(card)["Remove"].trigger()
    assert [k.noise.draw for k in desk.state.exploration.walk.keyframes] == [1, 0]


def test_the_previous_noise_goes_where_its_keyframe_goes(desk: Desk) -> None:
    first, second = desk.window.findChildren(KeyframeCard)

    def reuse(card: KeyframeCard) -> QAction:
        return menu_of(card)["Use the previous noise again"]

    part(first, SeedField, "Seed of keyframe A").seed_changed.emit(77)
    assert reuse(first).isEnabled()
    first.move_asked.emit(0, 1)
    assert not reuse(first).isEnabled(), "the keyframe that is here now has had no other noise"
    reuse(second).trigger()
    noises = [keyframe.noise for keyframe in desk.state.exploration.walk.keyframes]
    assert noises == [NoiseSource(1, 1), NoiseSource(1, 0)]
    desk.state.history.undo()
    desk.state.history.undo()
    assert reuse(first).isEnabled(), "back at its place"
    assert not reuse(second).isEnabled()


def test_a_text_that_is_far_too_long_for_a_seed_is_not_pasted(desk: Desk) -> None:
    line = named(desk.window, "Seed of keyframe A").lineEdit()  # type: ignore[attr-defined]
    for text, shown in (("1" * 5000, "1"), (str(2**64), "1"), (str(2**64 - 1), str(2**64 - 1))):
        QGuiApplication.clipboard().setText(text)
        line.selectAll()
        line.paste()
        assert line.text() == shown


def test_a_link_eases_and_holds_its_segment(desk: Desk) -> None:
    click(named(desk.window, "Add a keyframe"))
    link = named(desk.window, "Segment from A")
    menu = link.menu()  # type: ignore[attr-defined]

    def choose(text: str) -> None:
        menu.aboutToShow.emit()
        next(action for action in menu.actions() if action.text() == text).trigger()

    choose("Ease in and out")
    choose("Hold for 25% of the segment")
    walk = desk.state.exploration.walk
    assert walk.pace_of(0) == Pace(EASINGS["ease-in-out"], 0.25)
    assert "Ease in and out" in link.text()  # type: ignore[attr-defined]
    desk.state.history.undo()
    assert desk.state.exploration.walk.pace_of(0).hold == 0.0


def test_the_loop_shows_its_segment_and_every_switch(desk: Desk) -> None:
    link = named(desk.window, "Segment from B")
    assert not link.isVisible()
    click(named(desk.window, "Loop"))
    assert desk.state.exploration.walk.loop
    assert link.isVisible()
    assert desk.window.actions_table["closed"].isChecked()
    desk.state.history.undo()
    QCoreApplication.processEvents()
    assert not link.isVisible()
    assert not desk.window.actions_table["closed"].isChecked()
