"""Points picked in the plane come back as keyframes that lie exactly there."""

from __future__ import annotations

import numpy as np
import pytest

from engine.documents.session_file import decode, encode
from engine.geometry.keyframe_planes import plane_through
from engine.geometry.noise import NoiseBank
from engine.geometry.plane_points import frame_keyframe, keyframe_at, walk_through
from engine.geometry.projection import describe, plane_of
from engine.geometry.walk_path import WalkPath
from engine.tracks.prompts import prompt_place
from engine.walk import Exploration, Keyframe, MethodChoice, NoiseSource, Walk
from tests.support.texts import make_text

SHAPE = (4, 16, 16)
WALK = Walk(keyframes=(Keyframe("a"), Keyframe("b", NoiseSource(1, 1))), frames=5)


def _path(walk: Walk) -> WalkPath:
    return WalkPath(walk, NoiseBank(SHAPE), dict.fromkeys(("a", "b", ""), make_text()))


@pytest.mark.parametrize("point", [(0.3, -0.8), (1.2, 0.1), (0.0, 0.0), (-0.7, 1.0)])
def test_a_picked_point_is_the_latent_that_the_plane_has_there(point: tuple[float, float]) -> None:
    path = _path(WALK)
    keyframe = keyframe_at(WALK, describe(path, 1, 0).keyframes, point)
    assert keyframe is not None
    picked = _path(Walk(keyframes=(keyframe, WALK.keyframes[1]))).keyframe(0)
    assert np.allclose(picked, plane_of(path).lift(*point, SHAPE), atol=1e-9)
    assert keyframe.prompt == ("a" if abs(point[0]) >= abs(point[1]) else "b")


def _picked(walk: Walk, *points: tuple[float, float]) -> list[Keyframe]:
    ends = describe(_path(walk), 1, 0).keyframes
    keyframes = [keyframe_at(walk, ends, point) for point in points]
    return [keyframe for keyframe in keyframes if keyframe is not None]


def test_points_of_a_walk_between_picked_points_can_be_picked_again() -> None:
    walk = walk_through(_picked(WALK, (0.4, 0.5), (-0.5, 0.6)), "")
    (again,) = _picked(walk, (0.7, 0.7))
    assert len(again.blend) <= 1, "terms of one source are added up"
    expected = plane_of(_path(walk)).lift(0.7, 0.7, SHAPE)
    assert np.allclose(_path(Walk(keyframes=(again, again))).keyframe(0), expected, atol=1e-9)


def test_a_visited_path_becomes_a_walk_with_a_frame_at_each_point() -> None:
    path = _path(WALK)
    visited = [(float(x), float(y)) for x, y in describe(path, 1, 0).frames]
    walk = walk_through(_picked(WALK, *visited), "")
    assert walk.frames == 5
    for k in range(5):
        latent = _path(walk).exact_latent(walk.time_of(k))
        assert np.allclose(latent, path.exact_latent(k / 4), atol=1e-9)
    session = Exploration(walk=walk)
    assert decode(encode(session))[0] == session


def test_a_long_recording_keeps_its_length_with_as_many_keyframes_as_a_walk_may_have() -> None:
    (key,) = _picked(WALK, (0.5, 0.5))
    walk = walk_through([key] * 2500, "")
    assert walk.frames == 2500
    assert len(walk.keyframes) == 1000
    encode(Exploration(walk=walk))


def test_a_walk_through_a_picked_point_still_lies_in_the_plane() -> None:
    (between,) = _picked(WALK, (0.9, -0.4))
    walk = Walk(keyframes=(WALK.keyframes[0], between, WALK.keyframes[1]), frames=9)
    ready = describe(_path(walk), 1, 0)
    assert ready.exact
    assert np.allclose(ready.keyframes[1], (0.9, -0.4), atol=1e-9)
    (again,) = _picked(walk, (-0.2, 0.1))
    expected = plane_of(_path(walk)).lift(-0.2, 0.1, SHAPE)
    assert np.allclose(_path(Walk(keyframes=(again, again))).keyframe(0), expected, atol=1e-9)


def test_where_there_is_no_plane_there_is_no_keyframe() -> None:
    same = Walk(keyframes=(Keyframe("a"), Keyframe("b")))
    places = describe(_path(same), 1, 0).keyframes
    assert keyframe_at(same, places, (0.1, 0.2)) is None


@pytest.mark.parametrize("methods", [("prompt-linear",), ("prompt-linear", "slerp"), ("orbit",)])
def test_a_frame_is_the_sum_of_the_noises_that_the_walk_has(methods: tuple[str, ...]) -> None:
    """A prompt walk keeps its noise, and the next segment starts there."""
    keys = tuple(Keyframe(name, NoiseSource(1, k)) for k, name in enumerate("abc"))
    choices = tuple(MethodChoice(name) for name in methods)
    walk = Walk(keys[: len(methods) + 1], choices, frames=9)
    path = WalkPath(walk, NoiseBank(SHAPE), dict.fromkeys(("a", "b", "c", ""), make_text()))
    geometry = describe(path, 1, 0)
    for index in range(walk.frames):
        time = walk.time_of(index)
        keyframe = frame_keyframe(walk, geometry, index)
        if keyframe is None:
            assert methods == ("orbit",)
            continue
        again = _path(Walk((keyframe, keyframe))).keyframe(0)
        assert np.allclose(again, path.exact_latent(time), atol=1e-6)
        assert keyframe.prompt == prompt_place(walk, time).nearest


def test_a_point_of_a_plane_after_a_prompt_walk_is_a_sum_of_the_noises_that_it_has() -> None:
    keys = tuple(Keyframe("a", NoiseSource(1, k)) for k in range(3))
    walk = Walk(keys, (MethodChoice("prompt-linear"), MethodChoice("slerp")), frames=5)
    path = _path(walk)
    geometry = describe(path, 1, 0)
    picked = keyframe_at(walk, geometry.keyframes, (0.3, -0.8))
    assert picked is not None
    expected = plane_of(path).lift(0.3, -0.8, SHAPE)
    assert np.allclose(_path(Walk((picked, picked))).keyframe(0), expected, atol=1e-9)
    assert geometry.span is not None
    plane = plane_through(geometry.span, (0, 2))
    assert plane is not None
    there = plane.keyframe(walk, *plane.keyframes[1])
    assert np.allclose(_path(Walk((there, there))).keyframe(0), path.keyframe(0), atol=1e-9)
