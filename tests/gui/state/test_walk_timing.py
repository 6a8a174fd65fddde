"""The timing of a walk: loops, times of keyframes, easings, holds, and the pacing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.documents.session_file import decode, encode
from engine.documents.validation import check_walk
from engine.errors import InputError
from engine.geometry.plane_points import keyframe_between
from engine.timing import EASINGS, Easing, Pace, easing_name
from engine.walk import Exploration, Keyframe, MethodChoice, NoiseSource, Walk
from gui.state.walk_timing import spread_evenly, with_loop, with_pace, with_time

WALK = Walk(tuple(Keyframe("a cat", NoiseSource(1, k)) for k in range(4)), frames=13)
LOOP = replace(WALK, loop=True, frames=12)
HELD = Pace(EASINGS["ease-in-out"], 0.25)


def test_a_walk_without_timing_is_as_before() -> None:
    assert WALK.stops() == (0.0, 1 / 3, 2 / 3, 1.0)
    assert [WALK.locate(WALK.time_of(k)) for k in (0, 4, 12)] == [(0, 0.0), (1, 0.0), (2, 1.0)]
    assert WALK.locate(0.5) == (1, 0.5)
    assert WALK.keyframe_indices() == (0, 4, 8, 12)


def test_a_loop_leads_back_and_shows_no_frame_twice() -> None:
    assert LOOP.segments == 4
    assert LOOP.stops() == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert [LOOP.end_of(segment) for segment in range(4)] == [1, 2, 3, 0]
    times = [LOOP.time_of(index) for index in range(12)]
    assert len(set(times)) == 12
    assert max(times) == pytest.approx(11 / 12)
    assert LOOP.locate(1.0) == (3, 1.0)
    assert LOOP.keyframe_indices() == (0, 3, 6, 9)


def test_the_last_segment_of_a_loop_is_between_the_last_keyframe_and_the_first() -> None:
    first, last = LOOP.keyframes[0], LOOP.keyframes[-1]
    assert [LOOP.nearest(time) for time in (0.8, 0.95, 1.0)] == [last, first, first]
    between = keyframe_between(LOOP, 3, (0.6, 0.8))
    sources = {between.noise: between.scale} | {t.source: t.weight for t in between.blend}
    assert sources == {last.noise: 0.6, first.noise: 0.8}


def test_keyframes_have_free_times() -> None:
    walk = replace(WALK, times=(0.0, 0.5, 0.75, 1.0))
    assert walk.locate(0.25) == (0, 0.5)
    assert walk.locate(0.5) == (1, 0.0)
    assert walk.locate(0.625) == (1, 0.5)
    assert walk.locate(1.0) == (2, 1.0)
    assert walk.keyframe_indices() == (0, 6, 9, 12)


def test_easing_and_hold_change_gamma_and_not_the_keyframes() -> None:
    walk = with_pace(WALK, HELD, 1)
    assert walk.locate(1 / 3) == (1, 0.0)
    assert walk.locate(1 / 3 + 0.2 / 3) == (1, 0.0)  # held
    segment, gamma = walk.locate(1 / 3 + (0.25 + 0.75 / 2) / 3)
    assert (segment, gamma) == (1, pytest.approx(0.5))
    assert walk.locate(0.1) == WALK.locate(0.1)
    assert with_pace(walk, Pace(), 1) == WALK


@pytest.mark.parametrize("name", EASINGS)
def test_easings_rise_from_0_to_1(name: str) -> None:
    values = [EASINGS[name].at(k / 50) for k in range(51)]
    assert values == sorted(values)
    assert (values[0], values[-1]) == (0.0, 1.0)
    assert easing_name(EASINGS[name]) == name


def test_an_easing_is_the_cubic_bezier_curve_of_css() -> None:
    # https://www.w3.org/TR/css-easing-1: ease-in-out at half the time is at half the way.
    assert EASINGS["ease-in-out"].at(0.5) == pytest.approx(0.5)
    assert EASINGS["ease-in"].at(0.25) == pytest.approx(0.0934, abs=1e-3)
    assert easing_name(Easing(0.1, 0.9, 0.2, 1.0)) == "curve"


def test_the_pacing_moves_the_frames_along_the_walk() -> None:
    walk = replace(WALK, pacing=((0.5, 0.25),))
    assert walk.time_of(6) == pytest.approx(0.25)
    assert walk.time_of(9) == pytest.approx(0.625)
    assert walk.keyframe_indices() == (0, 7, 9, 12)


def test_a_loop_is_opened_and_closed_without_loss() -> None:
    choices = tuple(MethodChoice(name) for name in ("slerp", "linear", "spline"))
    walk = replace(WALK, methods=choices, times=(0.0, 0.5, 0.75, 1.0), paces=(HELD, HELD, HELD))
    closed = with_loop(walk, loop=True)
    check_walk(closed)
    assert closed.methods == (*choices, choices[-1])
    assert closed.stops() == pytest.approx((0.0, 0.375, 0.5625, 0.75, 1.0))
    opened = with_loop(closed, loop=False)
    check_walk(opened)
    assert opened.times == pytest.approx(walk.times)
    assert replace(opened, times=walk.times) == walk


def test_a_keyframe_is_moved_between_its_neighbours_only() -> None:
    moved = with_time(WALK, 1, 0.5)
    assert moved.times == (0.0, 0.5, 2 / 3, 1.0)
    far = with_time(WALK, 1, 0.9)
    check_walk(far)
    assert far.times[1] < far.times[2]
    assert with_time(WALK, 0, 0.2) == WALK
    assert with_time(WALK, 3, 0.8) == WALK
    assert with_time(LOOP, 3, 0.9).times == (0.0, 0.25, 0.5, 0.9)
    assert spread_evenly(moved) == WALK


@pytest.mark.parametrize(
    "change",
    [
        {"times": (0.0, 0.5, 1.0)},
        {"times": (0.0, 0.5, 0.5, 1.0)},
        {"times": (0.1, 0.5, 0.6, 1.0)},
        {"times": (0.0, 0.5, 0.6, 0.9)},
        {"times": (0.0, float("nan"), 0.6, 1.0)},
        {"paces": (HELD,)},
        {"paces": (HELD, HELD, Pace(hold=1.0))},
        {"paces": (HELD, HELD, Pace(Easing(x1=2.0)))},
        {"paces": (HELD, HELD, Pace(Easing(y1=float("nan"))))},
        {"pacing": ((0.5, 2.0),)},
        {"pacing": ((0.5, 0.5), (0.4, 0.6))},
    ],
)
def test_an_invalid_timing_is_one_sentence(change: dict[str, object]) -> None:
    with pytest.raises(InputError) as refusal:
        check_walk(replace(WALK, **change))  # type: ignore[arg-type]
    assert str(refusal.value).count(".") >= 1


def test_a_session_keeps_the_timing_and_older_programs_read_those_without() -> None:
    walk = with_pace(with_loop(WALK, loop=True), HELD, 2)
    walk = replace(with_time(walk, 1, 0.3), pacing=((0.5, 0.4),))
    exploration = Exploration(walk=walk)
    assert decode(encode(exploration))[0] == exploration
    assert b'"version":4' in encode(exploration)
    assert b'"version":3' in encode(Exploration(walk=WALK))
