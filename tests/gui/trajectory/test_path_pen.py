"""A path drawn by hand becomes the walk: on the shell, or as it is."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QMenu, QToolButton
from pytestqt.qtbot import QtBot

from engine.documents.validation import check_walk
from engine.geometry.drawn_path import FEWEST, MOST, places_along
from engine.timing import Pace
from engine.walk import Walk
from gui.state.thumbnails import Thumbnails
from gui.trajectory.trajectory_plot import TrajectoryPlot
from gui.widgets.theme import DARK
from tests.support.scripted_engine import start_of
from tests.support.scripted_state import ScriptedState, scripted

DRAWN = np.array([[-0.6, 0.2], [-0.3, 0.5], [-0.1, 0.3], [0.4, 0.6], [0.8, 0.1]])


def test_places_are_equal_steps_of_a_smooth_path_with_the_drawn_ends() -> None:
    places = places_along(DRAWN)
    steps = np.hypot(*np.diff(places, axis=0).T)
    assert places[[0, -1]] == pytest.approx(DRAWN[[0, -1]])
    assert steps.max() < 1.15 * steps.min()
    turns = np.abs(np.diff(np.unwrap(np.arctan2(*np.diff(places, axis=0).T))))
    assert turns.max() < 0.9, "the drawn corners turn by more than a right angle"


@pytest.mark.parametrize("height", [0.0, 0.577])
def test_places_on_the_shell_have_std_one(height: float) -> None:
    places = places_along(DRAWN, height, on_shell=True)
    assert np.hypot(np.hypot(*places.T), height) == pytest.approx(1.0, abs=0.01)


def test_the_number_of_places_has_limits() -> None:
    line = np.array([[0.0, 0.0], [1.0, 0.0]])
    assert len(places_along(line * 0.01)) == FEWEST
    assert len(places_along(line * 100.0)) == MOST
    with pytest.raises(ValueError, match="different"):
        places_along(line * 0.0)


@pytest.fixture
def shown() -> ScriptedState:
    return scripted()


@pytest.fixture
def plot(shown: ScriptedState, qtbot: QtBot) -> TrajectoryPlot:
    plot = TrajectoryPlot(shown.state, Thumbnails(shown.state), DARK)
    qtbot.addWidget(plot)
    plot.resize(420, 440)
    plot.show()
    return plot


def _draw(plot: TrajectoryPlot, choice: int) -> None:
    button = next(b for b in plot.findChildren(QToolButton) if b.accessibleName() == "Plane")
    menu = button.menu()
    menu.aboutToShow.emit()
    (draw,) = (action.menu() for action in menu.actions() if action.text() == "Draw a path")
    assert isinstance(draw, QMenu)
    draw.actions()[choice].trigger()
    plot.view.press(QPointF(*DRAWN[0]))
    for x, y in DRAWN:
        plot.view.drag(QPointF(x, y))


def _places(walk: Walk) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    sums = [
        [(key.noise, key.scale), *((term.source, term.weight) for term in key.blend)]
        for key in walk.keyframes
    ]
    return np.array([sum(weight * start_of(source) for source, weight in terms) for terms in sums])


@pytest.mark.parametrize(("choice", "method"), [(0, "slerp"), (1, "linear")])
def test_a_drawn_path_becomes_the_walk_and_can_be_undone(
    shown: ScriptedState, plot: TrajectoryPlot, choice: int, method: str
) -> None:
    before, plain = shown.state.exploration, plot.picture.grab().toImage()
    _draw(plot, choice)
    assert plot.picture.grab().toImage() != plain
    assert plot.view.note().startswith("Drag over the plane")
    plot.view.end_drag()
    walk = shown.state.exploration.walk
    assert walk.methods[0].name == method
    assert walk.frames >= len(walk.keyframes) > 5
    expected = places_along(DRAWN, 0.0, method == "slerp")
    assert _places(walk) == pytest.approx(expected, abs=1e-6)
    shown.state.history.undo()
    assert shown.state.exploration == before


def test_a_drawn_path_has_no_times_of_the_walk_before(
    shown: ScriptedState, plot: TrajectoryPlot
) -> None:
    paces, pacing = (Pace(hold=0.25),), ((0.5, 0.4),)
    shown.state.edit_walk("Times", times=(0.0, 1.0), paces=paces, pacing=pacing)
    shown.begin()
    shown.all_frames()
    _draw(plot, 0)
    plot.view.end_drag()
    walk = shown.state.exploration.walk
    assert len(walk.keyframes) > 5
    check_walk(walk)


def test_a_double_click_ends_the_drawing(shown: ScriptedState, plot: TrajectoryPlot) -> None:
    before = shown.state.exploration
    _draw(plot, 0)
    plot.view.release()
    plot.view.end_drag()
    assert shown.state.exploration == before
    assert not plot.view.note().startswith("Drag")
