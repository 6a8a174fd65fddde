"""What holds for every registered view: it can be chosen, seen and used."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from gui.state.thumbnails import Thumbnails
from gui.trajectory.trajectory_plot import TrajectoryPlot
from gui.trajectory.views.contract import DEFAULT_VIEW, trajectory_views, view_names
from gui.widgets.theme import DARK, LIGHT
from tests.support.scripted_state import scripted

SIDE = 400


@pytest.fixture
def plot(qtbot: QtBot) -> TrajectoryPlot:
    state = scripted().state
    plot = TrajectoryPlot(state, Thumbnails(state), DARK)
    qtbot.addWidget(plot)
    plot.resize(SIDE, SIDE)
    plot.show()
    return plot


def _seen(plot: TrajectoryPlot) -> QImage:
    return plot.picture.grab().toImage()


def _chooser(plot: TrajectoryPlot) -> QToolButton:
    buttons = plot.findChildren(QToolButton)
    return next(button for button in buttons if button.accessibleName() == "Trajectory view")


def _actions(plot: TrajectoryPlot) -> list[QAction]:
    menu = _chooser(plot).menu()
    assert menu is not None
    return menu.actions()


def test_the_plot_begins_with_the_walk(plot: TrajectoryPlot) -> None:
    assert view_names()[0] == DEFAULT_VIEW
    assert plot.view_name == DEFAULT_VIEW


def test_a_name_that_is_not_registered_shows_the_walk(plot: TrajectoryPlot) -> None:
    plot.show_view("toy")
    plot.show_view("of a later version")
    assert plot.view_name == DEFAULT_VIEW


@pytest.mark.parametrize("name", view_names())
def test_a_view_is_chosen_by_its_label_and_says_what_it_is(plot: TrajectoryPlot, name: str) -> None:
    view = trajectory_views.get(name)
    plot.show_view(next(other for other in view_names() if other != name))
    before = _seen(plot)
    action = next(action for action in _actions(plot) if action.text() == view.label)
    assert action.toolTip() == view.tip
    action.trigger()
    assert plot.view_name == name
    assert [a.text() for a in _actions(plot) if a.isChecked()] == [view.label]
    assert view.label in _chooser(plot).text()
    assert plot.accessibleName() == view.description
    assert _seen(plot) != before


@pytest.mark.parametrize("name", view_names())
def test_a_view_follows_the_theme_also_when_it_is_made_later(
    plot: TrajectoryPlot, name: str
) -> None:
    plot.set_theme(LIGHT)
    plot.show_view(name)
    light = _seen(plot)
    plot.set_theme(DARK)
    assert _seen(plot) != light
    plot.set_theme(LIGHT)
    assert _seen(plot) == light


@pytest.mark.parametrize("name", view_names())
def test_a_view_has_something_to_say_everywhere(plot: TrajectoryPlot, name: str) -> None:
    plot.show_view(name)
    assert plot.view.note()
    assert plot.view.keys
    for point in (QPointF(0, 0), QPointF(-30, 1e6)):
        assert plot.view.reading(point)


@pytest.mark.parametrize("name", view_names())
def test_a_view_answers_mouse_and_keys(plot: TrajectoryPlot, name: str) -> None:
    plot.show_view(name)
    for point in (QPointF(0.3, 0.4), QPointF(-5.0, 2.0)):
        plot.view.press(point)
        plot.view.drag(point + QPointF(0.1, 0.0))
        plot.view.click(point)
        plot.view.release()
        plot.view.nudge(QPointF(1, 0), False)
    plot.reset_view()
    assert plot.view.reach() > 0


@pytest.mark.parametrize("name", view_names())
def test_only_the_items_and_widgets_of_the_view_are_shown(plot: TrajectoryPlot, name: str) -> None:
    others = []
    for other in view_names():
        plot.show_view(other)
        others += [*plot.view.items, *plot.view.widgets] if other != name else []
    plot.show_view(name)
    assert all(part.isVisible() for part in (*plot.view.items, *plot.view.widgets))
    assert others
    assert not any(part.isVisible() for part in others)
