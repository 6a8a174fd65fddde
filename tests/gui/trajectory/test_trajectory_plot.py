"""The plane: the mouse asks, drags and zooms; what is drawn says how faithful it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import cycle, pairwise

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QLabel, QMenu, QToolButton
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.methods.contract import crossing_methods, methods
from gui.state.thumbnails import Thumbnails
from gui.trajectory.trajectory_plot import TrajectoryPlot
from gui.trajectory.views.toy_plane import toy_path
from gui.widgets.theme import DARK, LIGHT
from tests.support.scripted_state import ScriptedState, scripted

LEFT = Qt.MouseButton.LeftButton


class Shown:
    """A plot on the screen, and places of the plane as pixels of its canvas."""

    def __init__(self, told_: ScriptedState, qtbot: QtBot) -> None:
        self.scripted, self.state, self.qtbot = told_, told_.state, qtbot
        self.plot = TrajectoryPlot(told_.state, Thumbnails(told_.state), DARK)
        qtbot.addWidget(self.plot)
        self.plot.resize(420, 440)
        self.plot.show()
        self.canvas = self.plot.findChild(pg.GraphicsView)
        self.box = self.canvas.centralWidget
        self.asked: list[tuple[float, float]] = []
        told_.state.probe_requested.connect(self._note)

    def _note(self, _serial: int, x: float, y: float) -> None:
        self.asked.append((x, y))

    def pixel(self, x: float, y: float) -> QPoint:
        return self.canvas.mapFromScene(self.box.mapViewToScene(QPointF(x, y)))

    def frame(self, index: int) -> QPoint:
        path = self.state.results.lanes[0].path
        assert path is not None
        return self.pixel(*path.frames[index])

    def click(self, point: QPoint) -> None:
        self.qtbot.mouseClick(self.canvas.viewport(), LEFT, pos=point)

    def drag(self, *points: QPoint) -> None:
        port = self.canvas.viewport()
        self.qtbot.mousePress(port, LEFT, pos=points[0])
        for point in points[1:]:
            self.qtbot.mouseMove(port, point)
        self.qtbot.mouseRelease(port, LEFT, pos=points[-1])

    def move(self, point: QPoint, done: Callable[[], bool]) -> None:
        """Move the mouse there, a pixel to and fro until it is noticed: the plotting library
        takes no more than a hundred moves a second."""
        shifts = cycle((QPoint(0, 0), QPoint(0, 1)))

        def moved() -> bool:
            self.qtbot.mouseMove(self.canvas.viewport(), point + next(shifts))
            return done()

        self.qtbot.waitUntil(moved)

    def line(self) -> str:
        label = self.plot.findChild(QLabel)
        return str(label.text())

    def colour(self, point: QPoint) -> QColor:
        return QColor(self.canvas.grab().toImage().pixel(point))


@pytest.fixture
def shown(qtbot: QtBot) -> Shown:
    return Shown(scripted(), qtbot)


def test_a_click_on_the_plane_asks_for_its_picture(shown: Shown) -> None:
    shown.click(shown.pixel(-0.4, 0.3))
    assert len(shown.asked) == 1
    assert shown.asked[0] == pytest.approx((-0.4, 0.3), abs=0.02)
    assert shown.state.playhead == 0


def test_a_drag_over_the_plane_asks_now_and_for_its_end(shown: Shown) -> None:
    steps = [shown.pixel(-0.6 + 0.1 * k, -0.4) for k in range(8)]
    shown.drag(*steps)
    shown.qtbot.waitUntil(lambda: bool(shown.asked and shown.asked[-1][0] > 0.05))
    assert shown.asked[-1] == pytest.approx((0.1, -0.4), abs=0.02)
    assert len(shown.asked) < len(steps)


def test_the_playhead_is_dragged_along_the_path(shown: Shown) -> None:
    port = shown.canvas.viewport()
    shown.qtbot.mousePress(port, LEFT, pos=shown.frame(0))
    for index in (3, 8, 6):
        shown.move(shown.frame(index), lambda index=index: shown.state.playhead == index)
    end = shown.pixel(-0.3, 2.0)
    shown.move(end, lambda: shown.state.playhead == 20)
    shown.qtbot.mouseRelease(port, LEFT, pos=end)
    assert not shown.asked


def test_a_click_on_a_dot_goes_to_its_frame(shown: Shown) -> None:
    shown.click(shown.frame(12))
    assert (shown.state.playhead, shown.asked) == (12, [])


def test_the_probe_is_marked_until_the_playhead_moves(shown: Shown) -> None:
    # The crosshair's upper arm: a light line on the dark ground.
    arm = shown.pixel(0.2, -0.5) - QPoint(0, 11)
    dark = shown.colour(arm).lightness()
    shown.scripted.probe(0.2, -0.5)
    assert shown.colour(arm).lightness() > dark + 100
    shown.state.seek(5)
    assert shown.colour(arm).lightness() == dark


def test_wheel_zooms_right_button_pans_double_click_resets(shown: Shown) -> None:
    port = shown.canvas.viewport()
    before = QRectF(shown.box.viewRect())
    shown.box.scaleBy((0.5, 0.5))
    shown.box.sigRangeChangedManually.emit([True, True])
    zoomed = QRectF(shown.box.viewRect())
    assert zoomed.width() == pytest.approx(before.width() / 2)
    right = Qt.MouseButton.RightButton
    shown.qtbot.mousePress(port, right, pos=QPoint(200, 200))
    for x in (215, 230, 245):
        shown.qtbot.mouseMove(port, QPoint(x, 200))
    shown.qtbot.mouseRelease(port, right, pos=QPoint(245, 200))
    panned = QRectF(shown.box.viewRect())
    assert panned.center().x() < zoomed.center().x()
    assert panned.width() == pytest.approx(zoomed.width())
    shown.plot.resize(430, 450)
    assert shown.box.viewRect().width() < before.width()
    shown.qtbot.mouseDClick(port, LEFT, pos=QPoint(100, 300))
    shown.box.reset_asked.emit()
    assert shown.box.viewRect().width() == pytest.approx(before.width(), rel=0.05)


def test_a_double_click_resets_and_asks_for_nothing(shown: Shown) -> None:
    dropped: list[bool] = []
    shown.state.probe_changed.connect(lambda: dropped.append(shown.state.probe is None))
    place = shown.pixel(-0.4, 0.3)
    port = shown.canvas.viewport()
    shown.click(place)
    shown.qtbot.mouseDClick(port, LEFT, pos=place)
    shown.qtbot.mouseRelease(port, LEFT, pos=place)
    assert len(shown.asked) == 1
    assert dropped == [True]


def test_escape_clears_the_mark_of_a_point_that_is_waited_for(shown: Shown) -> None:
    arm = shown.pixel(0.2, -0.5) - QPoint(0, 8)
    dark = shown.colour(arm).lightness()
    shown.click(shown.pixel(0.2, -0.5))
    assert shown.colour(arm).lightness() > dark + 60
    shown.state.cancel()
    assert shown.colour(arm).lightness() == dark


def test_axes_are_equal_and_all_of_the_shell_is_seen(shown: Shown) -> None:
    assert shown.box.viewPixelSize()[0] == pytest.approx(shown.box.viewPixelSize()[1], rel=1e-6)
    view = shown.box.viewRect()
    assert view.contains(QRectF(-1, -1, 2, 2))


def test_the_shell_glows_and_the_ground_does_not(shown: Shown) -> None:
    on, off = shown.colour(shown.pixel(-0.7071, -0.7071)), shown.colour(shown.pixel(-0.35, -0.1))
    assert on.lightness() > off.lightness() + 60
    shown.plot.set_theme(LIGHT)
    assert shown.colour(shown.pixel(-0.35, -0.1)).lightness() > 200


def test_step_lengths_colour_the_path_while_they_are_shown(qtbot: QtBot) -> None:
    told = scripted(frames=5)
    shown = Shown(told, qtbot)
    frames = told.state.results.lanes[0].path.frames
    middles = [shown.pixel(*((a + b) / 2)) for a, b in pairwise(frames)]
    plain = [shown.colour(point).name() for point in middles]
    told.state.show_measures(("step_length",))
    for index, length in enumerate((1.0, 3.0, 3.0, 20.0), start=1):
        told.state.apply(m.MeasureReady(told.job, 0, index, "step_length", length))
    qtbot.waitUntil(lambda: shown.colour(middles[3]).name() != plain[3])
    slow, even, _, fast = (shown.colour(point) for point in middles)
    assert slow.blue() > slow.red() + 60
    assert fast.red() > fast.blue() + 60
    assert abs(even.red() - even.blue()) < 60
    told.state.show_measures(())
    qtbot.waitUntil(lambda: shown.colour(middles[3]).name() == plain[3])


def test_what_is_under_the_mouse_is_read_off(shown: Shown) -> None:
    shown.move(shown.pixel(0.5, 0.0), lambda: shown.line().startswith(("std 0.50", "std 0.49")))
    assert "σ inside the shell" in shown.line()
    shown.move(shown.frame(4), lambda: shown.line().endswith("frame 5"))


def test_it_says_how_much_of_the_walk_it_shows(qtbot: QtBot) -> None:
    shown = Shown(scripted(), qtbot)
    assert shown.line() == "The whole walk lies in this plane"
    path = shown.state.results.lanes[0].path
    assert path is not None
    shown.state.apply(replace(path, exact=False, kept=0.834))
    assert shown.line() == "The plane shows 83 % of the walk"


def test_a_walk_of_prompts_says_that_its_noise_is_constant(qtbot: QtBot) -> None:
    told_ = scripted(frames=11)
    path = told_.state.results.lanes[0].path
    assert path is not None
    shown = Shown(told_, qtbot)
    still = np.repeat(path.frames[:1], 11, axis=0)
    shown.state.apply(replace(path, frames=still, keyframes=still[:2]))
    assert shown.line().startswith("The noise is constant")


def test_without_a_walk_there_is_only_the_shell(qtbot: QtBot) -> None:
    shown = Shown(ScriptedState(), qtbot)
    assert "Render a walk" in shown.line()
    shown.click(shown.pixel(0.3, 0.3))
    assert len(shown.asked) == 1


def test_a_ray_beyond_the_shell_is_in_sight(qtbot: QtBot) -> None:
    told_ = scripted(frames=11)
    path = told_.state.results.lanes[0].path
    assert path is not None
    ray = np.stack([np.linspace(0.5, 1.5, 11), np.zeros(11)], axis=1)
    shown = Shown(told_, qtbot)
    shown.state.apply(replace(path, frames=ray, keyframes=ray[[0, -1]]))
    assert shown.box.viewRect().contains(QPointF(1.5, 0.0))


def test_a_path_that_crosses_itself_is_left_where_one_is(qtbot: QtBot) -> None:
    told_ = scripted(frames=41)
    path = told_.state.results.lanes[0].path
    assert path is not None
    turns = np.linspace(0.0, 4.0 * np.pi, 41)
    circle = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    shown = Shown(told_, qtbot)
    shown.state.apply(replace(path, frames=circle))
    shown.state.seek(28)
    port = shown.canvas.viewport()
    shown.qtbot.mousePress(port, LEFT, pos=shown.frame(28))
    for index in (31, 35):
        shown.move(shown.frame(index), lambda index=index: shown.state.playhead == index)
    shown.qtbot.mouseRelease(port, LEFT, pos=shown.frame(35))


def test_the_menu_copies_the_plot(shown: Shown) -> None:
    shown.box.menu_asked.emit(QPointF(10, 10))
    menu = next(m for m in shown.plot.findChildren(QMenu) if m.actions())
    {a.text(): a for a in menu.actions()}["Copy plot"].trigger()
    assert QGuiApplication.clipboard().image().width() >= 400
    menu.close()


# ── the toy ──────────────────────────────────────────────────────────────────────────────────


def test_the_toys_paths_are_the_methods() -> None:
    ends = np.array([[1.0, 0.5], [-0.5, 1.25]])
    assert {"linear", "normalized", "slerp"} <= set(crossing_methods())
    for name in crossing_methods():
        path = toy_path(name, ends)
        assert path.shape[1] == 2
        if methods.get(name).passes_ends:
            assert path[[0, -1]] == pytest.approx(ends)
    middle = toy_path("linear", ends)[60]
    assert middle == pytest.approx(ends.mean(axis=0))
    assert toy_path("normalized", ends)[60] == pytest.approx(middle * np.sqrt(2.0))


def test_the_toys_ends_are_dragged_and_drawn_again(shown: Shown) -> None:
    shown.plot.show_view("toy")
    a, b = shown.plot.view.ends
    shown.drag(shown.pixel(*a), shown.pixel(0.5, 0.5), shown.pixel(1.0, 1.0))
    moved = shown.plot.view.ends
    assert moved[0] == pytest.approx((1.0, 1.0), abs=0.05)
    assert moved[1] == pytest.approx(b)
    x, y = moved[0]
    assert shown.plot.view.note().startswith(f"A ({x:.2f}, {y:.2f}) and B"), "no draw of the seed"
    button = next(b for b in shown.plot.findChildren(QToolButton) if b.text() == "New draw")
    shown.qtbot.mouseClick(button, LEFT)
    assert not np.allclose(shown.plot.view.ends, moved)
    assert "N(0, I₂)" in shown.line()
    assert not shown.asked
    shown.plot.show_view("walk")
    assert not button.isVisible()
    shown.click(shown.pixel(-0.4, 0.3))
    assert len(shown.asked) == 1


def test_the_toy_on_paper_has_the_ends_that_are_shown(shown: Shown) -> None:
    shown.plot.show_view("toy")
    a, _ = shown.plot.view.ends
    shown.drag(shown.pixel(*a), shown.pixel(0.5, 0.5), shown.pixel(1.0, 1.0))
    copy = shown.plot.on_paper(LIGHT)
    shown.qtbot.addWidget(copy)
    assert np.array_equal(copy.view.ends, shown.plot.view.ends)
    assert copy.view.note() == shown.plot.view.note()


def test_a_single_frame_is_no_walk_between_prompts(qtbot: QtBot) -> None:
    labels = Shown(scripted(frames=1), qtbot).plot.findChildren(QLabel)
    assert "One frame: the start of the walk" in [label.text() for label in labels]
