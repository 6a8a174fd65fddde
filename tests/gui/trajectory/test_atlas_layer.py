"""The atlas in the plot: its menu, its pictures under the path, and what the line says."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QInputDialog, QMenu, QToolButton
from pytestqt.qtbot import QtBot

from engine import messages as m
from gui.state.state_signals import CellRequest
from gui.state.thumbnails import Thumbnails
from gui.trajectory.trajectory_plot import TrajectoryPlot
from gui.widgets.theme import DARK
from tests.support.scripted_state import ScriptedState, scripted


class Shown:
    """A plot with a walk, and the requests for cells."""

    def __init__(self, qtbot: QtBot) -> None:
        self.scripted: ScriptedState = scripted()
        self.state, self.qtbot = self.scripted.state, qtbot
        self.asked: list[CellRequest] = []
        self.state.cells_requested.connect(self.asked.append)
        self.plot = TrajectoryPlot(self.state, Thumbnails(self.state), DARK)
        qtbot.addWidget(self.plot)
        self.plot.resize(420, 440)
        self.plot.show()

    def action(self, text: str) -> QAction:
        buttons = self.plot.findChildren(QToolButton)
        menu = next(b for b in buttons if b.accessibleName() == "Plane").menu()
        menu.aboutToShow.emit()
        return next(action for action in _actions(menu) if action.text() == text)

    def answer(self) -> None:
        """Finish the newest request with green pictures."""
        image = np.zeros((16, 16, 3), np.uint8)
        image[..., 1] = 200
        self.scripted.frames.images["green"] = image
        for index in range(self.asked[-1].walk.frames):
            event = m.FrameReady(-2, 0, index, 0.0, m.Tier.FINAL, "green", image)
            self.state.cells_event.emit(event)
        self.state.cells_event.emit(m.JobFinished(-2, 1.0))

    @property
    def green(self) -> float:
        """The share of the plot that is green."""
        image = self.plot.picture.grab().toImage()
        size = image.width() * image.height()
        places = [(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)]
        green = sum(image.pixelColor(x, y).green() > 150 for x, y in places)
        return green * 49 / size


def _actions(menu: QMenu) -> Iterator[QAction]:
    for action in menu.actions():
        inside = action.menu()
        if isinstance(inside, QMenu):
            yield from _actions(inside)
        else:
            yield action


@pytest.fixture
def shown(qtbot: QtBot) -> Shown:
    return Shown(qtbot)


def test_the_menu_fills_the_plane_and_empties_it(shown: Shown) -> None:
    shown.action("At least 9 pictures across").trigger()
    shown.qtbot.waitUntil(lambda: bool(shown.asked))
    assert shown.state.view.atlas == 9
    assert shown.asked[0].walk.frames >= 81
    before = shown.green
    shown.answer()
    shown.qtbot.waitUntil(lambda: shown.green > before + 0.5)
    assert "complete" in shown.plot.view.note()
    shown.action("No atlas").trigger()
    shown.qtbot.waitUntil(lambda: shown.green < before + 0.1)


def test_pause_and_continue_are_in_the_menu(shown: Shown) -> None:
    shown.action("At least 5 pictures across").trigger()
    shown.qtbot.waitUntil(lambda: bool(shown.asked))
    shown.action("Pause").trigger()
    assert "paused" in shown.plot.view.note()
    shown.action("Continue").trigger()
    assert len(shown.asked) == 2


def test_another_view_of_the_plot_stops_the_atlas(shown: Shown) -> None:
    shown.action("At least 5 pictures across").trigger()
    shown.qtbot.waitUntil(lambda: bool(shown.asked))
    with shown.qtbot.waitSignal(shown.state.cells_dropped):
        shown.plot.show_view("toy")
    shown.plot.show_view("walk")
    shown.qtbot.waitUntil(lambda: len(shown.asked) == 2)


def test_regions_are_chosen_in_the_menu_and_by_texts(shown: Shown) -> None:
    shown.action("At least 5 pictures across").trigger()
    shown.action("3 clusters of similar pictures").trigger()
    assert (shown.state.view.clusters, shown.state.view.regions) == (3, ())
    shown.action("Nearest of texts…").trigger()
    dialog = shown.plot.window().findChild(QInputDialog)
    dialog.setTextValue("a cat\n\n a dog \na cat")
    dialog.accept()
    assert (shown.state.view.clusters, shown.state.view.regions) == (0, ("a cat", "a dog"))
    shown.action("Pictures only").trigger()
    assert shown.state.view.regions == ()


def test_a_copy_on_paper_shows_the_same_atlas(shown: Shown) -> None:
    shown.action("At least 5 pictures across").trigger()
    shown.qtbot.waitUntil(lambda: bool(shown.asked))
    shown.answer()
    copy = shown.plot.on_paper(DARK)
    shown.qtbot.addWidget(copy)
    assert copy.atlas is shown.plot.atlas
    assert copy.basins is shown.plot.basins
