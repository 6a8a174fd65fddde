"""Editing the walk in the real window: every edit is undone and made again; keyframes are moved.

| what | where |
|---|---|
| undo, redo | test_every_edit_is_undone_and_made_again |
| keyframes in another order | test_a_card_is_dragged_…, test_keys_move_a_keyframe_… |
| a method for each segment | test_a_method_between_two_cards, test_segments_keep_their_methods |
| token counter, cut-off in grey | test_what_is_not_read_is_greyed_before_generating |
| seed: 64 bits, dice, −1, lock | test_main_window.py; reuse: test_desktop_keys.py |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtGui import QAction, QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFrame,
    QLabel,
    QMenu,
    QPlainTextEdit,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine.walk import Keyframe, MethodChoice, NoiseSource, Walk
from gui.walk.keyframe_card import KeyframeCard
from gui.walk.method_buttons import MethodButton, MoreButton
from gui.walk.segment_link import SegmentLink
from gui.widgets.fields import Button, FloatField, IntField
from gui.widgets.parameter_form import ParameterForm
from gui.widgets.theme import DARK
from tests.gui.conftest import Desk

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ALT, LEFT = Qt.KeyboardModifier.AltModifier, Qt.MouseButton.LeftButton
FOUR = tuple(Keyframe("a cat", NoiseSource(1, draw)) for draw in range(4))


def named(desk: Desk, name: str) -> QWidget:
    return next(w for w in desk.window.findChildren(QWidget) if w.accessibleName() == name)


def type_number(desk: Desk, name: str, text: str) -> None:
    field = named(desk, name)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, CONTROL)
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def write(desk: Desk, name: str, text: str) -> None:
    field = named(desk, name)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_End)
    QTest.keyClicks(field, text)


def click(desk: Desk, name: str) -> None:
    QTest.mouseClick(named(desk, name), LEFT)


def key(desk: Desk, which: Qt.Key, modifiers: Qt.KeyboardModifier = CONTROL) -> None:
    QTest.keyClick(desk.window, which, modifiers)


def choose(desk: Desk, name: str, number: int) -> None:
    box = named(desk, name)
    assert isinstance(box, QComboBox)
    box.setFocus()
    for _ in range(abs(box.currentIndex() - number)):
        QTest.keyClick(box, Qt.Key.Key_Down if box.currentIndex() < number else Qt.Key.Key_Up)


def rates(desk: Desk) -> list[QAction]:
    button = next(
        b
        for b in desk.window.transport.findChildren(QToolButton)
        if b.accessibleName() == "Frames a second"
    )
    return button.menu().actions()


EDITS: dict[str, Callable[[Desk], None]] = {
    "prompt": lambda d: write(d, "Prompt", " in snow"),
    "negative prompt": lambda d: write(d, "Negative prompt", "blurry"),
    "seed": lambda d: type_number(d, "Seed of keyframe A", "18446744073709551615"),
    "draw": lambda d: type_number(d, "Draw of keyframe B", "7"),
    "dice": lambda d: click(d, "Random seed"),
    "new noise": lambda d: key(d, Qt.Key.Key_R),
    "keyframe": lambda d: key(d, Qt.Key.Key_K),
    "reversed": lambda d: key(d, Qt.Key.Key_T),
    "method": lambda d: click(d, "Method Wipe"),
    "frames": lambda d: type_number(d, "Frames", "25"),
    "steps": lambda d: type_number(d, "Steps", "9"),
    "guidance": lambda d: type_number(d, "Guidance", "6.5"),
    "guided from": lambda d: type_number(d, "Guided from", "0.2"),
    "guided to": lambda d: type_number(d, "Guided to", "0.8"),
    "width": lambda d: type_number(d, "Width", "192"),
    "height": lambda d: type_number(d, "Height", "64"),
    "solver": lambda d: choose(d, "Solver", 2),
    "quality": lambda d: key(d, Qt.Key.Key_3, CONTROL | SHIFT),
    "compared methods": lambda d: key(d, Qt.Key.Key_2),
    "frames a second": lambda d: rates(d)[0].trigger(),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_every_edit_is_undone_and_made_again(desk: Desk, edit: Callable[[Desk], None]) -> None:
    desk.finish()
    before = desk.state.exploration
    edit(desk)
    after = desk.state.exploration
    assert after != before
    assert desk.window.isWindowModified()
    assert desk.window.actions_table["undo"].text() != "&Undo"
    target = desk.window.focusWidget() or desk.window
    while desk.state.exploration != before:
        assert desk.window.actions_table["undo"].isEnabled()
        QTest.keyClick(target, Qt.Key.Key_Z, CONTROL)
    assert not desk.window.isWindowModified()
    while desk.state.exploration != after:
        assert desk.window.actions_table["redo"].isEnabled()
        QTest.keyClick(target, Qt.Key.Key_Z, CONTROL | SHIFT)


def test_a_parameter_of_a_method_is_undone_in_its_field(desk: Desk) -> None:
    desk.finish()
    menu = desk.window.findChild(MoreButton).findChild(QMenu)
    next(a for a in menu.actions() if a.text() == "Std sweep").trigger()
    assert named(desk, "Method Std sweep").isChecked()  # type: ignore[attr-defined]
    form = next(
        f
        for form in desk.window.walk_panel.findChildren(ParameterForm)
        for f in form.findChildren(QWidget)
        if isinstance(f, FloatField | IntField)
    )
    before = form.value()
    form.setFocus()
    QTest.keyClick(form, Qt.Key.Key_Up)
    assert form.value() != before
    QTest.keyClick(form, Qt.Key.Key_Z, CONTROL)
    assert form.value() == before


# ── several keyframes ────────────────────────────────────────────────────────────────────────


def four(desk: Desk) -> list[KeyframeCard]:
    """A walk of four keyframes and three methods, and its cards."""
    choices = tuple(MethodChoice(name) for name in ("slerp", "linear", "wipe"))
    walk = Walk(FOUR, choices, frames=13)
    desk.state.open_exploration(replace(desk.state.exploration, walk=walk))
    desk.state.generate()
    desk.finish()
    QCoreApplication.processEvents()
    return desk.window.findChildren(KeyframeCard)


def draws(desk: Desk) -> list[int]:
    return [keyframe.noise.draw for keyframe in desk.state.exploration.walk.keyframes]


def drag(card: KeyframeCard, start: QPoint, target: QPoint) -> None:
    """Press on the card, move to a point of the screen in steps, and let go there."""
    pressed = card.childAt(start) or card
    place = pressed.mapFromGlobal(card.mapToGlobal(start))
    QTest.mousePress(pressed, LEFT, pos=place)
    for share in (0.3, 0.6, 1.0):
        way = (target - card.mapToGlobal(start)) * share
        QTest.mouseMove(pressed, pressed.mapFromGlobal(card.mapToGlobal(start) + way))
    QTest.mouseRelease(pressed, LEFT, pos=pressed.mapFromGlobal(target))


@pytest.mark.parametrize(
    ("moved", "before", "expected"),
    [(0, 3, [1, 2, 0, 3]), (3, 0, [3, 0, 1, 2]), (1, 4, [0, 2, 3, 1]), (2, 2, [0, 1, 2, 3])],
)
@pytest.mark.parametrize("grip", [QPoint(30, 30), QPoint(80, 14)], ids=["picture", "name"])
def test_a_card_is_dragged_to_another_place(
    desk: Desk, grip: QPoint, moved: int, before: int, expected: list[int]
) -> None:
    cards = four(desk)
    over = cards[min(before, 3)]
    target = over.mapToGlobal(QPoint(40, 4 if before < 4 else over.height() - 4))
    drag(cards[moved], grip, target)
    assert draws(desk) == expected
    assert [choice.name for choice in desk.state.exploration.walk.methods] == [
        "slerp",
        "linear",
        "wipe",
    ]
    if expected != sorted(expected):
        key(desk, Qt.Key.Key_Z)
    assert draws(desk) == [0, 1, 2, 3]


def test_while_a_card_is_carried_a_line_shows_where_it_would_go(desk: Desk) -> None:
    cards = four(desk)
    mark = desk.window.findChild(QFrame, "mark")
    assert mark is not None
    cards[0].dragged.emit(0, cards[2].mapToGlobal(cards[2].rect().bottomLeft()).y())
    assert mark.isVisible()
    assert cards[2].geometry().bottom() < mark.y() < cards[3].y()
    cards[0].dragged.emit(0, cards[0].mapToGlobal(QPoint(0, 0)).y())
    assert not mark.isVisible()


def test_the_panel_scrolls_where_a_card_is_dragged(desk: Desk) -> None:
    cards, bar = four(desk), desk.window.walk_panel.verticalScrollBar()
    bar.setValue(0)
    panel = desk.window.walk_panel
    bottom = panel.mapToGlobal(QPoint(0, panel.height() - 4)).y()
    seen = []
    for _ in range(3):  # as the mouse goes on to move there
        cards[0].dragged.emit(0, bottom)
        seen.append(bar.value())
    assert 0 < seen[0] < seen[1]


def test_a_new_card_comes_into_view(desk: Desk) -> None:
    for _ in range(3):
        key(desk, Qt.Key.Key_K)
        QCoreApplication.processEvents()
    panel = desk.window.walk_panel
    last = desk.window.findChildren(KeyframeCard)[-1]
    top = last.mapTo(panel, QPoint(0, 0)).y()
    assert 0 <= top <= panel.height() - last.height()


def test_keys_move_a_keyframe_on_and_on(desk: Desk) -> None:
    four(desk)
    QTest.mouseClick(named(desk, "Lock the noise"), LEFT)
    named(desk, "Seed of keyframe A").setFocus()
    for _ in range(2):
        focused = desk.window.focusWidget()
        assert focused is not None
        QTest.keyClick(focused, Qt.Key.Key_Down, ALT)
    assert draws(desk) == [1, 2, 0, 3]
    focused = desk.window.focusWidget()
    assert focused is not None
    assert focused.accessibleName() == "Seed of keyframe C"
    QTest.keyClick(focused, Qt.Key.Key_Up, ALT)
    assert draws(desk) == [1, 0, 2, 3]
    key(desk, Qt.Key.Key_R)  # its lock went with it
    assert desk.state.exploration.walk.keyframes[1].noise == NoiseSource(1, 0)
    assert desk.state.exploration.walk.keyframes[0].noise.seed != 1


def test_a_method_between_two_cards(desk: Desk) -> None:
    four(desk)
    links = [link for link in desk.window.findChildren(SegmentLink) if link.isVisible()]
    assert [link.text() for link in links] == ["↓ Slerp ▾", "↓ Linear ▾", "↓ Wipe ▾"]
    menu = links[1].menu()
    menu.aboutToShow.emit()
    assert [a.text() for a in menu.actions() if a.isChecked()] == [
        "Linear",
        "Linear in time",
        "No hold",
    ]
    next(a for a in menu.actions() if a.text() == "Normalized linear").trigger()
    names = [choice.name for choice in desk.state.exploration.walk.methods]
    assert names == ["slerp", "normalized", "wipe"]
    assert links[1].text() == "↓ Normalized linear ▾"
    # Its parameters, and the method chosen with the mouse, are this segment's below.
    box = named(desk, "Segment to show")
    assert box.currentData() == 1  # type: ignore[attr-defined]
    assert named(desk, "Method Normalized linear").isChecked()  # type: ignore[attr-defined]


def test_a_walk_of_one_segment_has_its_method_below_only(desk: Desk) -> None:
    desk.finish()
    assert not any(link.isVisible() for link in desk.window.findChildren(SegmentLink))
    key(desk, Qt.Key.Key_K)
    links = desk.window.findChildren(SegmentLink)
    assert [link.isVisible() for link in links] == [True, True, False]
    key(desk, Qt.Key.Key_2)  # compared methods hold for the whole walk
    assert not any(link.isVisible() for link in desk.window.findChildren(SegmentLink))


def test_segments_keep_their_methods_and_are_rendered_so(desk: Desk) -> None:
    four(desk)
    lane = desk.engine.requests[-1].lanes[0]
    assert [lane.walk.method_of(k).name for k in range(3)] == ["slerp", "linear", "wipe"]
    path = desk.state.results.lanes[0].path
    assert path is not None
    stds = np.hypot(*path.frames.T)
    assert stds[6] < 0.95 < stds[2]  # the straight line falls inside the shell, the arc does not
    QTest.keyClick(desk.window, Qt.Key.Key_Right, ALT)
    assert desk.state.playhead == 4


def test_methods_of_several_segments_differ_and_none_is_marked(desk: Desk) -> None:
    four(desk)
    marked = [b.accessibleName() for b in desk.window.findChildren(MethodButton) if b.isChecked()]
    assert marked == []
    choose(desk, "Segment to show", 3)
    marked = [b.accessibleName() for b in desk.window.findChildren(MethodButton) if b.isChecked()]
    assert marked == ["Method Wipe"]


# ── words ────────────────────────────────────────────────────────────────────────────────────


def test_what_is_not_read_is_greyed_before_generating(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    vocabulary = desk.window.vocabulary
    qtbot.waitUntil(lambda: vocabulary.count("a cat") is not None)
    field = named(desk, "Prompt")
    assert isinstance(field, QPlainTextEdit)
    QApplication.clipboard().setText("cat " * 90)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, CONTROL)
    QTest.keyClick(field, Qt.Key.Key_V, CONTROL)
    counts = [label.text() for label in desk.window.walk_panel.findChildren(QLabel, "note")]
    assert "90/75 tokens: the grey part is not read" in counts
    ranges = field.document().firstBlock().layout().formats()
    greyed = [r for r in ranges if r.format.foreground().color() == QColor(DARK.faint)]
    assert [r.start for r in greyed] == [len("cat " * 75)]


def test_a_prompt_is_one_step_for_each_visit(desk: Desk) -> None:
    desk.finish()
    write(desk, "Prompt", " one")
    named(desk, "Negative prompt").setFocus()
    write(desk, "Prompt", " two")
    key(desk, Qt.Key.Key_Z)
    assert desk.state.exploration.walk.keyframes[0].prompt.endswith(" one")
    write(desk, "Prompt", "!")
    key(desk, Qt.Key.Key_Z)
    field = named(desk, "Prompt")
    assert isinstance(field, QPlainTextEdit)
    assert field.textCursor().atEnd()  # one goes on to write where one was
    more = [b for b in desk.window.findChildren(Button) if b.accessibleName() == "Example prompts"]
    more[0].menu().actions()[0].trigger()
    key(desk, Qt.Key.Key_Z)
    assert desk.state.exploration.walk.keyframes[0].prompt.endswith(" one")
