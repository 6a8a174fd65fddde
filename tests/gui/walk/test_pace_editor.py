"""The editor of an easing and a hold, by real clicks and keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from engine.timing import EASINGS, Easing, Pace
from engine.walk import Walk
from gui.state.walk_edits import appended
from gui.timeline.ruler import Ruler
from gui.walk.curve_canvas import CurveCanvas
from gui.walk.pace_editor import PaceEditor
from gui.walk.segment_link import SegmentLink
from gui.widgets.theme import DARK
from tests.gui.conftest import Desk
from tests.support.user_input import click, named


@pytest.fixture
def opened(desk: Desk) -> Iterator[PaceEditor]:
    """The editor of the walk's only segment, opened by its button."""
    desk.finish()
    click(named(desk.window, "Easing and hold"))
    editor = next(e for e in desk.window.findChildren(PaceEditor) if e.isVisible())
    yield editor
    editor.hide()


def walk_of(desk: Desk) -> Walk:
    return desk.state.exploration.walk


def test_a_handle_is_dragged_as_one_undo_step(desk: Desk, opened: PaceEditor) -> None:
    canvas = opened.findChild(CurveCanvas)
    first, _ = (place.toPoint() for place in canvas.handle_places())
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=first)
    for step in (20, 40, 60):
        QTest.mouseMove(canvas, first + QPoint(step, 0))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=first + QPoint(60, 0))
    easing = walk_of(desk).pace_of(0).easing
    assert easing.x1 > 0.2
    assert (easing.y1, easing.x2, easing.y2) == (0.0, 1.0, 1.0)
    desk.state.history.undo()
    assert walk_of(desk).paces == ()


def test_numbers_and_names_by_keyboard(desk: Desk, opened: PaceEditor) -> None:
    hold = next(w for w in opened.findChildren(QWidget) if w.accessibleName() == "Hold")
    hold.setFocus()
    QTest.keyClick(hold, Qt.Key.Key_Up)
    QTest.keyClick(hold, Qt.Key.Key_Up)
    time = named(opened, "First handle, time")
    time.setFocus()
    QTest.keyClick(time, Qt.Key.Key_Up)
    assert walk_of(desk).pace_of(0) == Pace(Easing(0.05, 0.0, 1.0, 1.0), 0.1)
    QTest.keyClick(opened, Qt.Key.Key_Escape)
    assert not opened.isVisible()


def test_a_handle_leaves_the_digits_of_the_others(desk: Desk, opened: PaceEditor) -> None:
    desk.state.edit_walk("Easing", paces=(Pace(Easing(0.1234, 0.0, 1.0, 1.0)),))
    field = named(opened, "Second handle, γ")
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert walk_of(desk).pace_of(0).easing == Easing(0.1234, 0.0, 1.0, 0.95)


def test_an_easing_of_all_segments_leaves_their_holds(desk: Desk, opened: PaceEditor) -> None:
    walk = appended(walk_of(desk), lambda: 7)
    paces = (Pace(hold=0.5, drift=2.0), Pace(EASINGS["ease-out"], 0.1))
    desk.state.edit(replace(desk.state.exploration, walk=replace(walk, paces=paces)), "Walk")
    opened.open_below(desk.window, None)
    field = named(opened, "First handle, time")
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Up)
    found = [walk_of(desk).pace_of(segment) for segment in (0, 1)]
    assert [(pace.hold, pace.drift) for pace in found] == [(0.5, 2.0), (0.1, 0.0)]
    assert found[0].easing == found[1].easing == Easing(0.05, 0.0, 1.0, 1.0)


def test_a_hold_can_drift(desk: Desk, opened: PaceEditor) -> None:
    drift = named(opened, "Drift")
    assert not drift.isEnabled()
    desk.state.edit_walk("Hold", paces=(Pace(hold=0.5),))
    assert drift.isEnabled()
    drift.setFocus()
    QTest.keyClick(drift, Qt.Key.Key_Up)
    assert walk_of(desk).pace_of(0) == Pace(hold=0.5, drift=1.0)


def test_a_link_opens_the_editor_of_its_segment(desk: Desk) -> None:
    desk.finish()
    walk = replace(appended(walk_of(desk), lambda: 7), frames=21)
    desk.state.edit(replace(desk.state.exploration, walk=walk), "Add keyframe")
    link = desk.window.findChildren(SegmentLink)[1]
    link.edit_pace()
    editor = link.findChild(PaceEditor)
    choice = named(editor, "Easing")
    choice.setFocus()
    QTest.keyClick(choice, Qt.Key.Key_Down)
    assert walk_of(desk).paces == (Pace(), Pace(EASINGS["ease-in"]))
    assert "Ease in" in link.text()
    editor.hide()


def test_the_button_of_easings_is_whole_beside_the_list_of_segments(desk: Desk) -> None:
    desk.finish()
    walk = replace(appended(walk_of(desk), lambda: 7), frames=21)
    desk.state.edit(replace(desk.state.exploration, walk=walk), "Add keyframe")
    QApplication.processEvents()
    button = named(desk.window, "Easing and hold")
    assert named(desk.window, "Segment to show").isVisible()
    assert button.width() >= button.sizeHint().width()


def test_the_menu_of_a_link_has_the_colour_of_menus(desk: Desk) -> None:
    desk.finish()
    walk = replace(appended(walk_of(desk), lambda: 7), frames=21)
    desk.state.edit(replace(desk.state.exploration, walk=walk), "Add keyframe")
    menu = desk.window.findChildren(SegmentLink)[1].menu()
    menu.aboutToShow.emit()
    texts = [action.text() for action in menu.actions()]
    assert "No hold" in texts
    assert "None" not in texts
    image = menu.grab().toImage()
    seen = {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}
    assert QColor(DARK.method_ink("slerp")).rgb() not in seen
    assert QColor(DARK.text).rgb() in seen


def test_the_ruler_shows_easings(desk: Desk) -> None:
    desk.finish()
    ruler = desk.window.findChild(Ruler)
    before = ruler.grab().toImage()
    desk.state.edit_walk("Easing", paces=(Pace(EASINGS["ease-in-out"]),))
    QApplication.processEvents()
    assert ruler.grab().toImage() != before
