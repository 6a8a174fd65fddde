"""A point that follows the mouse, the trail behind it, and the planes it can move in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.view import ALL_KEYFRAMES
from engine.walk import Keyframe, NoiseSource
from gui.state.thumbnails import Thumbnails
from gui.trajectory.plane.live_point import LivePoint
from gui.trajectory.plane.point_trail import MOST, PointTrailItem
from gui.trajectory.plane.walk_geometry import WalkGeometry
from gui.trajectory.trajectory_plot import TrajectoryPlot
from gui.widgets.theme import DARK
from tests.support.scripted_engine import picture
from tests.support.scripted_state import ScriptedState

#: serial, x, y, keyframe, True for a draft.
Asked = tuple[int, float, float, Keyframe | None, bool]


@pytest.fixture
def scripted() -> ScriptedState:
    result = ScriptedState()
    result.state.edit_sampling("Steps", steps=20)
    keyframes = tuple(Keyframe("a", NoiseSource(1, k)) for k in range(3))
    result.state.edit_walk("Keyframes", keyframes=keyframes)
    result.begin()
    return result


@pytest.fixture
def asked(scripted: ScriptedState) -> list[Asked]:
    found: list[Asked] = []
    scripted.state.probe_requested.connect(lambda *request: found.append(request))
    return found


def _answer(scripted: ScriptedState, asked: Asked, tier: m.Tier) -> None:
    serial, x, y, point, _ = asked
    image = picture(0.1, 0.5, 1.0, 32)
    scripted.state.apply(m.ProbeReady(serial, x, y, tier, 1.0, 0.0, image, point))


def test_drafts_follow_the_mouse_and_the_finished_picture_its_rest(
    scripted: ScriptedState, asked: list[Asked], qtbot: QtBot
) -> None:
    live = LivePoint(scripted.state, scripted.state)
    for step in range(5):
        live.move(QPointF(0.1 * step, 0.0))
    assert [request[1] for request in asked] == [0.0]
    qtbot.waitUntil(lambda: len(asked) == 3)
    assert [(request[1], request[4]) for request in asked[1:]] == [(0.4, True), (0.4, False)]
    assert live.place is None


def test_the_end_of_a_drag_asks_for_the_finished_picture_at_once(
    scripted: ScriptedState, asked: list[Asked]
) -> None:
    live = LivePoint(scripted.state, scripted.state)
    live.move(QPointF(0.3, 0.4))
    live.settle()
    live.settle()
    assert [request[4] for request in asked] == [True, False]


def test_few_steps_need_no_draft(scripted: ScriptedState, asked: list[Asked]) -> None:
    scripted.state.edit_sampling("Steps", steps=4)
    LivePoint(scripted.state, scripted.state).move(QPointF(0.3, 0.4))
    assert [request[4] for request in asked] == [False]


def test_the_newest_point_wins_and_a_draft_never_replaces_a_finished_picture(
    scripted: ScriptedState, asked: list[Asked]
) -> None:
    state = scripted.state
    for x in (0.1, 0.2):
        state.ask_probe(x, 0.0)
    state.ask_probe(0.2, 0.0, draft=True)
    _answer(scripted, asked[1], m.Tier.FINAL)
    _answer(scripted, asked[2], m.Tier.DRAFT)
    _answer(scripted, asked[0], m.Tier.FINAL)
    assert state.probe is not None
    assert (state.probe.x, state.probe.tier) == (0.2, m.Tier.FINAL)


@pytest.fixture
def plot(scripted: ScriptedState, qtbot: QtBot) -> TrajectoryPlot:
    plot = TrajectoryPlot(scripted.state, Thumbnails(scripted.state), DARK)
    qtbot.addWidget(plot)
    plot.resize(420, 440)
    plot.show()
    return plot


def _trail(plot: TrajectoryPlot) -> PointTrailItem:
    return next(item for item in plot.view.items if isinstance(item, PointTrailItem))


def test_points_that_were_drawn_form_a_trail_until_the_point_is_left(
    scripted: ScriptedState, asked: list[Asked], plot: TrajectoryPlot
) -> None:
    before = plot.picture.grab().toImage()
    for step in range(MOST + 6):
        scripted.state.ask_probe(0.05 * step - 0.8, 0.2)
        _answer(scripted, asked[-1], m.Tier.DRAFT)
        _answer(scripted, asked[-1], m.Tier.FINAL)
    assert len(_trail(plot)) == MOST
    assert plot.picture.grab().toImage() != before
    scripted.state.leave_point()
    assert len(_trail(plot)) == 0
    assert plot.picture.grab().toImage() == before


def test_arrow_keys_move_the_point_with_drafts(
    plot: TrajectoryPlot, asked: list[Asked], qtbot: QtBot
) -> None:
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: bool(asked) and not asked[-1][4])
    assert asked[0][4]
    assert asked[-1][1] - asked[0][1] == pytest.approx(0.05)


# ── planes ──────────────────────────────────────────────────────────────────────────────────────


def _spanned(scripted: ScriptedState) -> m.PathReady:
    """Gives the path the inner products that the engine would have computed."""
    path = scripted.state.results.lanes[0].path
    assert path is not None
    rng = np.random.default_rng(2)
    keys = rng.standard_normal((3, 400))
    frames = rng.dirichlet(np.ones(3), len(path.frames)) @ keys
    span = m.KeyframeSpan(keys @ keys.T / 400, frames @ keys.T / 400, (frames**2).mean(axis=1))
    path = replace(path, span=span, exact=False, kept=0.7)
    scripted.state.apply(path)
    return path


def _actions(menu: QMenu) -> list[QAction]:
    menu.aboutToShow.emit()
    found = []
    for action in menu.actions():
        inside = action.menu()
        found += _actions(inside) if isinstance(inside, QMenu) else [action]
    return found


def test_planes_are_chosen_by_letters_and_say_how_much_they_keep(
    scripted: ScriptedState, plot: TrajectoryPlot
) -> None:
    _spanned(scripted)
    button = next(b for b in plot.findChildren(QToolButton) if b.accessibleName() == "Plane")
    texts = [action.text() for action in _actions(button.menu())]
    assert texts[:6] == [
        *("Of the walk", "Best fit of all keyframes"),
        *("A, B", "A, C", "B, C", "A, B, C"),
    ]
    before = plot.picture.grab().toImage()
    next(a for a in _actions(button.menu()) if a.text() == "A, C").trigger()
    assert scripted.state.view.through == (1, 3)
    assert "through A, C shows" in plot.view.note()
    assert plot.picture.grab().toImage() != before
    next(a for a in _actions(button.menu()) if a.text() == "A, B, C").trigger()
    assert plot.view.note() == "The whole walk lies in this plane"


def test_a_point_of_a_chosen_plane_is_a_sum_of_keyframes(
    scripted: ScriptedState, plot: TrajectoryPlot, asked: list[Asked]
) -> None:
    _spanned(scripted)
    scripted.state.set_view(through=(1, 2, 3))
    geometry = WalkGeometry(scripted.state)
    x, y = geometry.keyframes[1]
    plot.view.click(QPointF(x, y) * 1.5)
    point = asked[0][3]
    assert point is not None
    assert {term.source for term in point.blend} | {point.noise} == {
        NoiseSource(1, k) for k in range(3)
    }
    exact = geometry.keyframe_at(float(x), float(y))
    assert exact is not None
    weights = {exact.noise: exact.scale, **{t.source: t.weight for t in exact.blend}}
    assert weights[NoiseSource(1, 1)] == pytest.approx(1.0)
    assert all(abs(w) < 1e-9 for s, w in weights.items() if s.draw != 1)
    assert geometry.std(float(x), float(y)) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("through", [(7, 8), (1, 1), (1, 2, 3), ALL_KEYFRAMES])
def test_a_plane_that_is_not_known_is_that_of_the_walk(
    scripted: ScriptedState, plot: TrajectoryPlot, through: tuple[int, ...]
) -> None:
    scripted.state.set_view(through=through)
    assert WalkGeometry(scripted.state).plane is None
    assert plot.view.note() == "The whole walk lies in this plane"


def test_another_plane_leaves_the_point(scripted: ScriptedState, asked: list[Asked]) -> None:
    _spanned(scripted)
    scripted.state.ask_probe(0.2, 0.3)
    _answer(scripted, asked[-1], m.Tier.FINAL)
    scripted.state.set_view(through=ALL_KEYFRAMES)
    assert scripted.state.probe is None
