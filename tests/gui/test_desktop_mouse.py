"""What the mouse does to timeline, plane and curves of the real window; and where all rows are.

| what people expect | tests |
|---|---|
| play, shuttle, step, range, loop | test_desktop_keys.py, test_main_window.py, test_playback.py |
| frames a second, apart from their number | test_playback.py, test_desktop_walk.py |
| help, wheel | test_desktop_keys.py |
| scrub, readiness strip | here; test_timeline.py |
| trajectory plot | here; test_trajectory_plot.py; by keys: test_desktop_keys.py |
| generate, cancel, finish, pause | test_main_window.py, test_desktop_keys.py |
| seed, prompt, undo, keyframes | test_main_window.py, test_desktop_walk.py |
| presets | test_main_window.py (qualities), test_companions.py (experiments) |
| model | test_model_dialog.py, test_dialogs.py, test_companions.py |
| progress | here; the title: test_main_window.py |
| errors | test_main_window.py, test_documents.py |
| metadata, recall, export, record, names, session | test_desktop_files.py, test_export_dialog.py |
| look | test_main_window.py, test_companions.py; for the eye: tests/gallery.py |
| first run, real pictures | test_desktop_pictures.py, test_app.py |
"""

from __future__ import annotations

from itertools import cycle

import pyqtgraph as pg
import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from engine import messages as m
from gui.timeline.readiness_strip import ReadinessStrip
from gui.timeline.ruler import Ruler
from gui.widgets.theme import DARK
from tests.gui.conftest import Desk

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


class Hand:
    """The mouse over the plane of a window; places are in units of std."""

    def __init__(self, desk: Desk, qtbot: QtBot) -> None:
        self.desk, self.qtbot = desk, qtbot
        self.canvas = desk.window.trajectory.findChild(pg.GraphicsView)
        self.box = self.canvas.centralWidget
        self.port = self.canvas.viewport()

    def at(self, x: float, y: float) -> QPoint:
        return self.canvas.mapFromScene(self.box.mapViewToScene(QPointF(x, y)))

    def frame(self, index: int) -> QPoint:
        path = self.desk.state.results.lanes[0].path
        assert path is not None
        return self.at(*path.frames[index])

    def drag(self, button: Qt.MouseButton, start: QPoint, end: QPoint) -> None:
        """The plotting library takes no more than a hundred moves a second."""
        QTest.mousePress(self.port, button, pos=start)
        shifts, before = cycle((QPoint(0, 0), QPoint(0, 1))), self.box.viewRect()
        frame = self.desk.state.playhead

        def noticed() -> bool:
            QTest.mouseMove(self.port, end + next(shifts))
            return self.box.viewRect() != before or self.desk.state.playhead != frame

        self.qtbot.waitUntil(noticed)
        QTest.mouseRelease(self.port, button, pos=end)


@pytest.fixture
def hand(desk: Desk, qtbot: QtBot) -> Hand:
    desk.finish()
    QCoreApplication.processEvents()
    return Hand(desk, qtbot)


# ── timeline ─────────────────────────────────────────────────────────────────────────────────


def test_scrubbing_shows_the_nearest_frame_at_once_and_then_the_exact_one(desk: Desk) -> None:
    desk.engine.play(30)
    QCoreApplication.processEvents()
    timeline, view = desk.window.timeline, desk.window.frame_view
    scale = timeline.findChild(Ruler).scale()
    middle = timeline.rect().center().y()
    QTest.mousePress(timeline, LEFT, pos=QPoint(round(scale.middle(20)), middle))
    QTest.mouseMove(timeline, QPoint(round(scale.middle(33)), middle))
    assert desk.state.playhead == 33
    assert view.panes()[0].note.startswith("nearest: frame ")
    assert view.panes()[0].image is not None
    assert desk.engine.focused[-1] == 33  # the engine turns to where the person is
    QTest.mouseRelease(timeline, LEFT, pos=QPoint(round(scale.middle(33)), middle))
    desk.finish()
    assert view.panes()[0].note == ""
    assert view.panes()[0].image is desk.state.results.image(0, 33)


def test_the_strip_below_tells_what_is_ready(desk: Desk) -> None:
    desk.engine.play(5)  # the walk has begun, and no frame is there
    job = desk.engine.requests[-1].job
    desk.engine.play(1)  # a preview
    desk.engine.post(m.FrameFailed(job, 0, 30, "This frame failed; render again."))
    QCoreApplication.processEvents()
    strip = desk.window.findChild(ReadinessStrip)
    assert strip is not None
    picture, scale = strip.grab().toImage(), strip.scale()
    ratio = picture.devicePixelRatio()

    def colour(index: int) -> QColor:
        x, y = scale.middle(index) * ratio, strip.height() * ratio / 2
        return picture.pixelColor(round(x), round(y))

    assert colour(0).name() == DARK.preview
    assert colour(30).name() == DARK.failed
    assert colour(45).name() == DARK.missing


def test_handles_of_the_ruler_limit_the_range(desk: Desk) -> None:
    desk.finish()
    timeline = desk.window.timeline
    scale = timeline.findChild(Ruler).scale()
    start = QPoint(round(scale.edge(0)), 12)
    QTest.mousePress(timeline, LEFT, pos=start)
    QTest.mouseMove(timeline, QPoint(round(scale.edge(10)), 12))
    QTest.mouseRelease(timeline, LEFT, pos=QPoint(round(scale.edge(10)), 12))
    assert desk.state.range == (10, 60)


# ── the plane ────────────────────────────────────────────────────────────────────────────────


def test_a_click_on_the_plane_shows_the_picture_that_lives_there(desk: Desk, hand: Hand) -> None:
    QTest.mouseClick(hand.port, LEFT, pos=hand.at(-0.4, 0.3))
    hand.qtbot.waitUntil(
        lambda: desk.state.probe is not None and desk.state.probe.tier == m.Tier.FINAL
    )
    assert (desk.engine.probes[-1].x, desk.engine.probes[-1].y) == pytest.approx(
        (-0.4, 0.3), abs=0.02
    )
    note = desk.window.frame_view.panes()[0].note
    assert float(note.split()[1]) == pytest.approx(0.5, abs=0.02)
    assert note.startswith("std ")
    assert note.endswith("σ inside the shell")


def test_the_dot_of_the_playhead_is_dragged_along_the_path(desk: Desk, hand: Hand) -> None:
    hand.drag(LEFT, hand.frame(0), hand.frame(40))
    assert desk.state.playhead in range(38, 43)
    assert desk.engine.probes == []


def test_the_wheel_zooms_and_the_right_button_pans(desk: Desk, hand: Hand) -> None:
    before = hand.box.viewRect()
    place = QPointF(hand.at(0.2, 0.2))
    none, still = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    wheel = QWheelEvent(
        place,
        QPointF(hand.port.mapToGlobal(place.toPoint())),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        none,
        still,
        False,
    )
    QApplication.sendEvent(hand.port, wheel)
    near = hand.box.viewRect()
    assert near.width() < before.width()
    hand.drag(RIGHT, hand.at(0.0, 0.0), hand.at(0.3, 0.0))
    assert hand.box.viewRect().center().x() < near.center().x()
    assert desk.engine.probes == []


# ── curves, progress ─────────────────────────────────────────────────────────────────────────


def test_a_click_on_a_curve_seeks(desk: Desk, hand: Hand) -> None:
    plot = desk.window.measures.findChild(pg.PlotWidget)
    assert plot is not None
    box = plot.getViewBox()
    place = plot.mapFromScene(box.mapViewToScene(QPointF(0.5, 0.9)))
    QTest.mouseClick(plot.viewport(), LEFT, pos=place)
    hand.qtbot.waitUntil(lambda: desk.state.playhead != 0)
    assert desk.state.playhead == pytest.approx(30, abs=1)


def test_progress_is_told_in_words_and_share(desk: Desk) -> None:
    desk.engine.play(5)
    desk.engine.post(m.Progress(1, 24, 61, 9, 30, 14.0))
    QCoreApplication.processEvents()
    said = [label.text() for label in desk.window.status.findChildren(QLabel)]
    assert "frame 25 of 61 · step 9 of 30 · 0:14 left" in said
    assert any("cpu" in text for text in said)
    assert desk.window.windowTitle().startswith("39 %")
