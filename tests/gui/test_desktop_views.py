"""Views of a walk: the lit button, the point of the plane in each, and what another walk clears."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.view import ViewMode
from engine.walk import MethodChoice
from gui.widgets.fields import Button
from tests.gui.conftest import Desk
from tests.support.studio import Studio

NOTE = "The whole walk lies in this plane"
CONTROL = Qt.KeyboardModifier.ControlModifier
VIEWS = {
    Qt.Key.Key_1: ("1-up", ViewMode.SINGLE),
    Qt.Key.Key_2: ("Compare", ViewMode.COMPARE),
    Qt.Key.Key_3: ("Difference", ViewMode.DIFFERENCE),
    Qt.Key.Key_4: ("Sheet", ViewMode.SHEET),
    Qt.Key.Key_5: ("Latents", ViewMode.LATENT),
}


def lit(desk: Desk | Studio) -> list[str]:
    """The texts of the view buttons that are lit."""
    tabs = desk.window.toolbar.findChildren(Button, "tab")
    return [tab.text() for tab in tabs if tab.isChecked()]


def show_point(desk: Desk, qtbot: QtBot) -> m.ProbeReady:
    desk.state.ask_probe(0.45, 0.35)
    qtbot.waitUntil(lambda: desk.state.probe is not None)
    assert desk.state.probe is not None
    return desk.state.probe


def settle(desk: Desk, qtbot: QtBot) -> None:
    """Let the engine answer what a change of view has asked for."""
    qtbot.waitUntil(lambda: desk.state.results.are_of(desk.state.exploration))
    desk.finish()
    qtbot.waitUntil(lambda: not desk.state.busy)


def short_walk(desk: Desk, qtbot: QtBot) -> None:
    desk.state.edit_walk("Frames", frames=5)
    settle(desk, qtbot)


def test_the_lit_button_says_which_view_it_is(desk: Desk, qtbot: QtBot) -> None:
    short_walk(desk, qtbot)
    for with_point in (False, True):
        if with_point:
            show_point(desk, qtbot)
        for key, (title, mode) in VIEWS.items():
            QTest.keyClick(desk.window, key, CONTROL)
            assert desk.state.exploration.mode is mode
            assert lit(desk) == [title]


def test_the_point_shows_in_every_view_beside_the_walk_and_escape_leaves_it(
    desk: Desk, qtbot: QtBot
) -> None:
    short_walk(desk, qtbot)
    QTest.keyClick(desk.window, Qt.Key.Key_2, CONTROL)
    settle(desk, qtbot)
    for key, (_, mode) in VIEWS.items():
        QTest.keyClick(desk.window, key, CONTROL)
        alone = desk.window.frame_view.panes()
        point = show_point(desk, qtbot)
        panes = desk.window.frame_view.panes()
        assert panes[-1].image is point.image
        assert panes[-1].note.startswith("std ")
        assert len(panes) == (1 if mode is ViewMode.SINGLE else len(alone) + 1)
        desk.window.frame_view.grab()
        lanes = {ViewMode.SINGLE: (), ViewMode.LATENT: (0,)}.get(mode, (0, 1, 2))
        assert desk.window.frame_view.shown().lanes == lanes
        QTest.keyClick(desk.window, Qt.Key.Key_Escape)
        assert desk.state.probe is None
        assert len(desk.window.frame_view.panes()) == len(alone)


def test_a_click_on_the_point_s_pane_changes_no_lane(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    QTest.keyClick(desk.window, Qt.Key.Key_2, CONTROL)
    settle(desk, qtbot)
    show_point(desk, qtbot)
    view = desk.window.frame_view
    view.grab()  # paints, so that panes have their places
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.rect().center() + QPoint(80, 120))
    assert desk.state.lane in range(3)
    assert desk.state.probe is not None


def test_the_sheet_of_a_long_walk_says_why_it_shows_one_picture(desk: Desk) -> None:
    desk.finish()
    QTest.keyClick(desk.window, Qt.Key.Key_4, CONTROL)
    (pane,) = desk.window.frame_view.panes()
    assert pane.note == "A sheet shows up to 16 frames; this walk has 61"


# ── another walk ─────────────────────────────────────────────────────────────────────────────


def wheel(widget: QWidget, steps: int) -> None:
    """Turn the wheel over the middle of a widget."""
    centre = QPointF(widget.rect().center())
    event = QWheelEvent(
        centre,
        QPointF(widget.mapToGlobal(centre.toPoint())),
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def seen(window: QWidget) -> str:
    """All the text of labels that is seen."""
    return "\n".join(w.text() for w in window.findChildren(QLabel) if w.isVisible())


def test_a_new_walk_clears_the_picture_the_point_the_zoom_and_the_text(
    studio: Studio, qtbot: QtBot
) -> None:
    studio.finish()
    state, window = studio.state, studio.window
    box = window.trajectory.view.box
    state.seek(30)
    wheel(window.trajectory.picture.viewport(), 40)  # type: ignore[attr-defined]
    assert box.viewRect().height() < 2.0
    state.ask_probe(0.4, 0.3)
    studio.wait(lambda: state.probe is not None and "<b>" in seen(window.measures))
    assert NOTE in seen(window.trajectory)
    state.set_auto(False)
    window.actions_table["new"].trigger()
    assert state.probe is None
    assert not state.results.lanes
    assert state.playhead == 0
    assert window.frame_view.panes()[0].image is None
    assert box.viewRect().height() > 2.0  # all of the shell
    assert NOTE not in seen(window.trajectory)
    assert "<b>" not in seen(window.measures)
    state.generate()
    studio.engine.play()
    studio.wait(lambda: not state.busy)
    assert window.frame_view.panes()[0].image is not None


def test_a_new_walk_like_the_one_before_is_drawn_by_itself(studio: Studio) -> None:
    studio.finish()
    asked = len(studio.engine.requests)
    studio.window.actions_table["new"].trigger()
    studio.wait(lambda: len(studio.engine.requests) > asked)
    studio.engine.play()
    studio.wait(lambda: bool(studio.state.results.lanes) and not studio.state.busy)
    assert studio.window.frame_view.panes()[0].image is not None


def test_events_of_the_walk_before_do_not_reach_a_new_one(studio: Studio) -> None:
    studio.engine.play(30)
    studio.wait(lambda: studio.state.busy)
    late = studio.state.results.job
    studio.state.set_auto(False)
    studio.window.actions_table["new"].trigger()
    assert not studio.state.busy
    studio.engine.post(m.FrameFailed(late, 0, 3, "late"))
    studio.settle()
    assert not studio.state.results.lanes


def test_a_missing_model_clears_what_was_another_model_s(studio: Studio) -> None:
    studio.finish()
    state, window = studio.state, studio.window
    assert window.frame_view.panes()[0].image is not None
    assert NOTE in seen(window.trajectory)
    assert "starter" in seen(window.status)
    state.edit(replace(state.exploration, model="someone/missing"), "Model")
    studio.wait(lambda: state.results.are_of(state.exploration))
    job = state.results.job
    studio.engine.post(m.JobFailed(job, "It is not here.", "", "someone/missing"))
    studio.wait(lambda: not state.busy)
    assert window.frame_view.panes()[0].image is None
    studio.wait(lambda: NOTE not in seen(window.trajectory))
    assert "starter" not in seen(window.status)
    assert any("someone/missing" in text for text in window.messages.texts)
    studio.window.actions_table["undo"].trigger()
    assert not any("someone/missing" in text for text in window.messages.texts)


@pytest.mark.parametrize("steps", [1, -1])
@pytest.mark.parametrize("view", ["walk", "toy"])
def test_the_wheel_zooms_within_limits(desk: Desk, view: str, steps: int) -> None:
    desk.finish()
    desk.state.edit(
        replace(desk.state.exploration, compare=(MethodChoice("linear"), MethodChoice("slerp"))),
        "Compare",
    )
    plot = desk.window.trajectory
    plot.show_view(view)
    widths = set()
    for _ in range(400):
        wheel(plot.picture.viewport(), 4 * steps)  # type: ignore[attr-defined]
        widths.add(plot.view.box.viewRect().width())
    plot.picture.grab()
    assert min(widths) > 0.01
    assert max(widths) < 1000
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus):
        for _ in range(100):
            QTest.keyClick(plot, key)
        plot.picture.grab()
    QTest.keyClick(plot, Qt.Key.Key_0)
    assert 2.0 < plot.view.box.viewRect().height() < 20.0
