"""The view of the distance from the shell: its numbers, its band, and seeking in it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from engine.geometry.noise import NoiseBank
from engine.geometry.projection import describe
from engine.geometry.walk_path import WalkPath, latent_stats
from engine.walk import Keyframe, MethodChoice, NoiseSource, Walk
from gui.state.thumbnails import Thumbnails
from gui.trajectory.trajectory_plot import TrajectoryPlot
from gui.trajectory.views.shell_distance import shell_distances
from gui.widgets.theme import DARK
from tests.support.scripted_state import ScriptedState, scripted
from tests.support.texts import make_text


@pytest.mark.parametrize("method", ["linear", "slerp"])
def test_distances_are_those_of_the_latents_norms(method: str) -> None:
    keys = Keyframe("a"), Keyframe("a", NoiseSource(1, 1))
    walk = Walk(keys, (MethodChoice(method),), frames=5)
    path = WalkPath(walk, NoiseBank((4, 16, 16)), dict.fromkeys(("", "a"), make_text()))
    found = shell_distances(describe(path, 1, 0))
    expected = [latent_stats(path.latent(k / 4)).norm_z for k in range(5)]
    assert found == pytest.approx(expected, abs=0.05)
    assert (found.min() < -8.0) == (method == "linear")


@pytest.fixture
def shown() -> ScriptedState:
    return scripted(methods=("slerp", "linear"))


@pytest.fixture
def plot(shown: ScriptedState, qtbot: QtBot) -> TrajectoryPlot:
    plot = TrajectoryPlot(shown.state, Thumbnails(shown.state), DARK)
    qtbot.addWidget(plot)
    plot.resize(420, 440)
    plot.show()
    plot.show_view("shell")
    return plot


def test_a_click_seeks_and_its_frame_is_read(shown: ScriptedState, plot: TrajectoryPlot) -> None:
    plot.view.click(QPointF(0.0, 0.3))
    assert shown.state.playhead == 10
    assert plot.view.reading(QPointF(-1.0, 0.0)).endswith("frame 1")
    before = plot.picture.grab().toImage()
    plot.view.nudge(QPointF(1, 0), False)
    assert shown.state.playhead == 11
    assert plot.picture.grab().toImage() != before
    plot.view.nudge(QPointF(-1, 0), True)
    assert shown.state.playhead == 1


@pytest.mark.parametrize("changes", [{"pacing": ((0.5, 0.2),)}, {"loop": True}])
def test_curves_are_over_the_times_of_their_frames(
    shown: ScriptedState, plot: TrajectoryPlot, changes: dict[str, object]
) -> None:
    shown.state.edit_walk("Times", **changes)
    shown.begin()
    walk = shown.state.results.lanes[0].lane.walk
    for index in (5, 16):
        place = QPointF(2.0 * walk.time_of(index) - 1.0, 0.3)
        plot.view.click(place)
        assert shown.state.playhead == index
        reading = plot.view.reading(place)
        assert reading.startswith(f"γ {walk.time_of(index):.2f} · ")
        assert reading.endswith(f"frame {index + 1}")


def test_the_note_counts_the_frames_on_the_shell(
    shown: ScriptedState, plot: TrajectoryPlot
) -> None:
    path = shown.state.results.lanes[0].path
    assert path is not None
    inside = int((np.abs(shell_distances(path)) <= 3.0).sum())
    assert plot.view.note().startswith(f"{inside} of 21 frames within ±3σ")


def test_without_a_walk_it_says_what_to_do(qtbot: QtBot) -> None:
    state = ScriptedState().state
    plot = TrajectoryPlot(state, Thumbnails(state), DARK)
    qtbot.addWidget(plot)
    plot.show_view("shell")
    assert (
        plot.view.note()
        == plot.view.reading(QPointF())
        == ("Render a walk to see its distance from the shell")
    )
