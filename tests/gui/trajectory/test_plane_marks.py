"""The marks of the plane: pictures and letters of keyframes, names of methods, labels, circles."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QTransform
from pytestqt.qtbot import QtBot

from engine.messages import Curve
from engine.walk import Lane, MethodChoice
from gui.trajectory.plane.plane_item import thinned
from gui.trajectory.plane.plane_marks import (
    LETTER,
    PICTURE,
    KeyframesItem,
    label_box,
    picture_boxes,
    pixels_beyond,
)
from gui.trajectory.plane.plane_path import CurvesItem, spread
from gui.trajectory.plane.plane_ring import nice_std_step, radii
from gui.trajectory.plane.walk_geometry import WalkGeometry, frames_at_keyframes
from gui.widgets.theme import DARK
from tests.support.scripted_engine import path_of
from tests.support.scripted_state import scripted


@pytest.mark.parametrize("width", [200.0, 260.0])
def test_what_is_said_of_a_point_stays_inside_and_beside_it(width: float) -> None:
    room, size = QRectF(0, 0, 400, 300), QSizeF(width, 24)
    for x in range(0, 401, 20):
        for y in range(0, 301, 20):
            box = label_box(size, QPointF(x, y), room)
            assert room.contains(box)
            assert box.size() == size
            assert not box.contains(QPointF(x, y))


def test_pictures_of_keyframes_keep_clear_of_the_path() -> None:
    beside = picture_boxes(QPointF(100, 0), QPointF(0, 0))
    assert all(not box.contains(QPointF(100, 0)) for box in beside)
    assert beside[0].center().x() > 100
    assert {round(box.center().x()) for box in beside[1:]} == {100}


def test_twenty_thousand_frames_are_drawn_as_some_hundred_dots() -> None:
    turns = np.linspace(0.0, np.pi, 20_000)
    points = 200.0 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    indices = spread(points, 7.0)
    assert (indices[0], indices[-1]) == (0, 19_999)
    assert len(indices) < 100
    assert len(thinned(points)) == 800
    assert spread(points[:1], 7.0) == [0]
    assert len(spread(np.zeros((50, 2)), 7.0)) <= 2


def test_circles_stand_at_round_std() -> None:
    assert [nice_std_step(x) for x in (0.3, 0.06, 0.011, 1.0)] == pytest.approx(
        [0.5, 0.1, 0.025, 1.0]
    )
    assert radii(QRectF(10, 10, 10, 10), QPointF(0, 0)) == pytest.approx(
        (np.hypot(10, 10), np.hypot(20, 20))
    )
    assert radii(QRectF(-10, -10, 20, 20), QPointF(0, 0))[0] == 0.0


def test_a_keyframe_shows_the_frame_that_is_there() -> None:
    told_ = scripted(frames=5)
    results = told_.state.results.lanes[0]
    assert results.path is not None
    assert frames_at_keyframes(results.lane.walk, results.path) == (0, 4)
    assert frames_at_keyframes(replace(results.lane.walk, frames=1), results.path) == (0, None)
    swept = replace(results.lane.walk, methods=(MethodChoice("std-sweep"),))
    path = path_of(1, 0, Lane("", swept))
    assert frames_at_keyframes(swept, path) == (2, None), "s = 1 is the start; the end is not met"


@pytest.mark.parametrize(("unit", "lift"), [(40.0, 0.2), (50.0, 0.3), (60.0, 0.3), (90.0, 0.5)])
def test_names_of_methods_stand_clear_of_the_keyframes_pictures(
    qtbot: QtBot, unit: float, lift: float
) -> None:
    ends = np.array([(1.0 - lift / 4, lift), (-lift / 2, 1.0)])
    shares = np.linspace(0.0, 1.0, 65)[:, None]
    chord = (1.0 - shares) * ends[0] + shares * ends[1]
    arc = chord / np.hypot(*chord.T)[:, None]
    marks = KeyframesItem(DARK)
    marks.set_keyframes(ends, arc, (True, True))
    curves = CurvesItem(DARK, marks.occupied)
    named = (("linear", chord), ("normalized", arc), ("slerp", arc))
    curves.set_curves(tuple(Curve(name, points) for name, points in named), "slerp")
    screen = QTransform.fromScale(unit, -unit)
    names = curves.names(screen, unit)
    assert set(names) == {"linear", "normalized", "slerp"}
    pictures = marks.occupied(screen)
    assert not any(name.intersects(box) for name in names.values() for box in pictures)


@pytest.mark.parametrize("unit", [5.0, 20.0, 60.0])
def test_names_of_methods_never_cover_each_other(qtbot: QtBot, unit: float) -> None:
    shares = np.linspace(0.0, 1.0, 65)[:, None]
    bundle = [shares * (1.0, 0.01 * k) + (0.5, 0.0) for k in range(12)]
    curves = CurvesItem(DARK, lambda screen: [])
    curves.set_curves(tuple(Curve(f"method {k}", b) for k, b in enumerate(bundle)), "method 3")
    names = curves.names(QTransform.fromScale(unit, -unit), unit)
    assert "method 3" in names
    assert not any(a.intersects(b) for a, b in combinations(names.values(), 2))


def test_a_keyframe_off_the_walk_has_its_letter_and_no_picture(qtbot: QtBot) -> None:
    ends = np.array([(1.0, 0.0), (0.0, 1.0)])
    ray = np.linspace(0.5, 1.5, 21)[:, None] * ends[:1]
    marks = KeyframesItem(DARK)
    marks.set_keyframes(ends, ray, (True, False))
    boxes = marks.boxes(QTransform.fromScale(100.0, -100.0))
    assert (boxes[0].width(), boxes[1].width()) == (PICTURE, LETTER)
    inside, outside = pixels_beyond(0, 1, False, 1.0, 90.0), pixels_beyond(0, 1, True, 1.0, 90.0)
    assert 0 < inside[1] < outside[1] - 30  # a letter needs less room above the circle
    assert WalkGeometry(scripted().state).passed() == (True, True)
    assert WalkGeometry(scripted(methods=("std-sweep",)).state).passed() == (True, False)
