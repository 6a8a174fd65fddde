"""The mix pad: weights by mouse, keys and numbers, and what becomes of a mix."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.geometry.keyframe_planes import mix_of_keyframes
from engine.walk import Keyframe, NoiseSource
from gui.state.thumbnails import Thumbnails
from gui.trajectory.plane.plane_marks import ProbeItem
from gui.trajectory.plane.weight_fields import MixMenu
from gui.trajectory.trajectory_plot import TrajectoryPlot
from gui.trajectory.views.mix_pad import MOST, TOO_FEW
from gui.widgets.theme import DARK
from tests.support.scripted_engine import picture
from tests.support.scripted_state import ScriptedState

Asked = tuple[int, float, float, Keyframe | None, bool]


class Pad:
    """A plot that shows the mix pad, the requests for points, and their answers."""

    def __init__(self, qtbot: QtBot, keyframes: int) -> None:
        self.scripted = ScriptedState()
        self.state = self.scripted.state
        self.state.edit_sampling("Steps", steps=20)
        keys = tuple(Keyframe("a", NoiseSource(1, k)) for k in range(keyframes))
        self.state.edit_walk("Keyframes", keyframes=keys)
        self.scripted.begin()
        self.scripted.all_frames()
        self.asked: list[Asked] = []
        self.state.probe_requested.connect(lambda *request: self.asked.append(request))
        self.plot = TrajectoryPlot(self.state, Thumbnails(self.state), DARK)
        qtbot.addWidget(self.plot)
        self.plot.resize(420, 440)
        self.plot.show()
        self.plot.show_view("mix")

    @property
    def menu(self) -> MixMenu:
        (menu,) = (w for w in self.plot.view.widgets if isinstance(w, MixMenu))
        return menu

    @property
    def weights(self) -> list[float]:
        return [field.value() for field in self.menu.fields]

    def answer(self) -> None:
        serial, x, y, point, draft = self.asked[-1]
        tier = m.Tier.DRAFT if draft else m.Tier.FINAL
        image = picture(0.3, 0.5, 1.0, 32)
        self.state.apply(m.ProbeReady(serial, x, y, tier, 1.0, 0.0, image, point))


@pytest.fixture
def pad(qtbot: QtBot) -> Pad:
    return Pad(qtbot, 4)


def test_the_middle_is_an_even_mix_and_a_corner_its_keyframe(pad: Pad) -> None:
    pad.plot.view.click(QPointF(0.0, 0.0))
    assert pad.weights == pytest.approx([0.25] * 4)
    point = pad.asked[-1][3]
    assert point is not None
    assert [point.scale, *(t.weight for t in point.blend)] == pytest.approx([0.5] * 4)
    pad.plot.view.drag(QPointF(0.0, 1.0))
    pad.plot.view.end_drag()
    assert pad.weights == [1.0, 0.0, 0.0, 0.0]
    assert pad.asked[-1][3] == pad.state.exploration.walk.keyframes[0]


def test_outside_the_polygon_weights_are_negative_and_shown(pad: Pad) -> None:
    before = pad.plot.picture.grab().toImage()
    pad.plot.view.click(QPointF(1.2, 1.2))
    assert min(pad.weights) < 0.0
    assert sum(pad.weights) == pytest.approx(1.0, abs=0.02)
    assert pad.plot.picture.grab().toImage() != before
    assert "-" in pad.plot.view.reading(QPointF(1.2, 1.2))


def test_weights_are_typed_as_numbers(pad: Pad) -> None:
    pad.plot.view.click(QPointF(0.0, 0.0))
    for field, weight in zip(pad.menu.fields, (2.0, -0.5, 1.0, 0.0), strict=True):
        field.setValue(weight)
    assert pad.weights == [2.0, -0.5, 1.0, 0.0]
    expected = mix_of_keyframes(pad.state.exploration.walk, [2.0, -0.5, 1.0, 0.0])
    pad.plot.view.end_drag()
    assert pad.asked[-1][3] == expected


def test_a_mix_is_kept_and_walked_from(pad: Pad) -> None:
    keep, start = pad.menu.verbs
    assert not keep.isEnabled()
    pad.plot.view.click(QPointF(0.3, -0.2))
    point = pad.asked[-1][3]
    keep.trigger()
    assert pad.state.exploration.walk.keyframes[1] == point
    pad.state.history.undo()
    assert len(pad.state.exploration.walk.keyframes) == 4
    pad.plot.view.click(QPointF(0.3, -0.2))
    start.trigger()
    assert pad.state.exploration.walk.keyframes[0] == point


def test_the_mark_stays_until_the_point_is_left(pad: Pad) -> None:
    before = pad.plot.picture.grab().toImage()
    pad.plot.view.click(QPointF(0.3, -0.2))
    pad.plot.view.end_drag()
    pad.answer()
    assert pad.state.probe is not None
    assert pad.plot.picture.grab().toImage() != before
    pad.state.leave_point()
    assert pad.plot.picture.grab().toImage() == before


def test_a_mix_is_no_point_of_the_plane(pad: Pad) -> None:
    pad.plot.view.click(QPointF(0.3, -0.2))
    pad.answer()
    (mark,) = (item for item in pad.plot.view.items if isinstance(item, ProbeItem))
    assert mark.point is not None
    pad.plot.show_view("walk")
    (mark,) = (item for item in pad.plot.view.items if isinstance(item, ProbeItem))
    assert mark.point is None


def test_a_pad_takes_the_first_eight_keyframes(qtbot: QtBot) -> None:
    pad = Pad(qtbot, MOST + 2)
    assert len(pad.menu.fields) == MOST


def test_two_keyframes_are_too_few(qtbot: QtBot) -> None:
    pad = Pad(qtbot, 2)
    pad.plot.view.click(QPointF(0.0, 0.0))
    assert not pad.asked
    assert pad.plot.view.note() == pad.plot.view.reading(QPointF()) == TOO_FEW
