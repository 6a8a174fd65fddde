"""Keys after a click: what is pressed takes the focus from a text field, and Esc leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine.metrics.contract import measures
from gui.state.walk_edits import with_one_prompt
from tests.gui.conftest import Desk

FIELDS = (QPlainTextEdit, QLineEdit, QAbstractSpinBox)
KEYS = (Qt.Key.Key_Space, Qt.Key.Key_L, Qt.Key.Key_J, Qt.Key.Key_K, Qt.Key.Key_I, Qt.Key.Key_O)
KEYS = (*KEYS, Qt.Key.Key_M, Qt.Key.Key_0)


@pytest.fixture
def full_desk(desk: Desk) -> Desk:
    """A window with every kind of field: a prompt for each keyframe, and the scorer's fields."""
    state = desk.state
    walk = with_one_prompt(state.exploration.walk, False)
    scored = tuple(name for name in measures.names() if measures.get(name).needs_scorer)[:1]
    state.edit(replace(state.exploration, walk=walk, measures=scored), "Everything")
    state.generate()
    desk.finish()
    return desk


def fields(desk: Desk) -> list[QWidget]:
    """The text fields that are seen, without the parts of others."""
    found = [w for w in desk.window.findChildren(QWidget) if isinstance(w, FIELDS)]
    return [w for w in found if w.isVisible() and not w.objectName().startswith("qt_")]


def others(desk: Desk) -> Iterator[QWidget]:
    """Everything else that is seen, and that the mouse can press."""
    known = fields(desk)
    for widget in desk.window.findChildren(QWidget):
        within = any(f is widget or f.isAncestorOf(widget) for f in known)
        passes = widget.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        kind = isinstance(widget, QMenu | QScrollBar) or widget.isWindow()
        seen = widget.visibleRegion().contains(widget.rect().center())
        if seen and widget.isEnabled() and not (within or passes or kind):
            yield widget


def press_only(widget: QWidget) -> None:
    """Press a widget, and let go beside it, so that no button does what it is for."""
    QTimer.singleShot(0, close_popups)
    QTest.mousePress(widget, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(
        widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(-50, -50)
    )
    close_popups()


def close_popups() -> None:
    while (popup := QApplication.activePopupWidget()) is not None:
        popup.close()


def typed(desk: Desk) -> tuple[str, ...]:
    """What is written in all fields."""
    walk = desk.state.exploration.walk
    return (walk.negative, *(k.prompt for k in walk.keyframes), desk.state.exploration.scoring_text)


def test_a_press_on_anything_else_takes_the_focus_from_a_text_field(full_desk: Desk) -> None:
    prompt = next(w for w in fields(full_desk) if w.accessibleName() == "Prompt of keyframe A")
    kept = []
    for widget in list(others(full_desk)):
        full_desk.window.activateWindow()  # a popup may have been open
        prompt.setFocus()
        assert full_desk.window.focusWidget() is prompt
        press_only(widget)
        if isinstance(full_desk.window.focusWidget(), FIELDS):
            kept.append((type(widget).__name__, widget.accessibleName(), widget.objectName()))
    assert not kept


def test_every_text_field_is_left_by_a_click_on_the_picture_and_by_escape(full_desk: Desk) -> None:
    kinds = {type(field).__name__ for field in fields(full_desk)}
    assert len(kinds) >= 5, kinds
    for field in fields(full_desk):
        for leave in (
            lambda: QTest.mouseClick(full_desk.window.frame_view, Qt.MouseButton.LeftButton),
            lambda field=field: QTest.keyClick(field, Qt.Key.Key_Escape),
        ):
            field.setFocus()
            assert field.hasFocus(), field.accessibleName()
            leave()
            assert not isinstance(full_desk.window.focusWidget(), FIELDS), field.accessibleName()


@pytest.mark.parametrize("view", ["picture", "plane", "chart", "timeline", "generate", "play"])
def test_keys_after_a_click_on_a_view_write_nothing(full_desk: Desk, view: str) -> None:
    window = full_desk.window
    targets: dict[str, QWidget] = {
        "picture": window.frame_view,
        "plane": window.trajectory.picture.viewport(),  # type: ignore[attr-defined]
        "chart": window.measures,
        "timeline": window.timeline,
        "generate": window.toolbar.generate,
        "play": next(
            w for w in window.findChildren(QWidget) if w.accessibleName() == "Play or pause (Space)"
        ),
    }
    prompt = next(w for w in fields(full_desk) if w.accessibleName() == "Prompt of keyframe A")
    QTest.mouseClick(prompt.viewport(), Qt.MouseButton.LeftButton)  # type: ignore[attr-defined]
    assert prompt.hasFocus()
    before = typed(full_desk)
    QTest.mouseClick(targets[view], Qt.MouseButton.LeftButton)
    window.player.pause()
    for key in KEYS:
        QTest.keyClick(window.focusWidget() or window, key)
        if key == Qt.Key.Key_Space:
            assert window.player.playing
        window.player.pause()
    assert typed(full_desk) == before


def test_escape_leaves_the_field_first_then_the_point_then_the_work(
    desk: Desk, qtbot: QtBot
) -> None:
    desk.engine.play(20)
    desk.state.ask_probe(0.4, 0.3)
    qtbot.waitUntil(lambda: desk.state.probe is not None)
    field = fields(desk)[0]
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not field.hasFocus()
    assert desk.state.probe is not None
    QTest.keyClick(desk.window, Qt.Key.Key_Escape)
    assert desk.state.probe is None
    assert desk.state.busy
    QTest.keyClick(desk.window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not desk.state.busy)


def test_keys_of_a_floating_panel_are_the_window_s(full_desk: Desk) -> None:
    dock = full_desk.window.panels.docks["walk"]
    dock.setFloating(True)
    QTest.keyClick(full_desk.window, Qt.Key.Key_L)
    assert full_desk.window.player.playing
    QTest.keyPress(dock, Qt.Key.Key_K)
    assert not full_desk.window.player.playing
    assert full_desk.window.player.holding
    QTest.keyRelease(dock, Qt.Key.Key_K)
    assert not full_desk.window.player.holding
