"""Planes through keyframes are those of the latents themselves, without holding a latent."""

from __future__ import annotations

import numpy as np
import pytest

from engine.geometry.keyframe_planes import best_plane, mix_of_keyframes, plane_through
from engine.geometry.noise import NoiseBank
from engine.geometry.projection import MOST_SPANNING, describe
from engine.geometry.walk_path import WalkPath
from engine.messages import KeyframeSpan
from engine.methods.contract import Array
from engine.walk import Keyframe, MethodChoice, NoiseSource, Walk
from tests.support.texts import make_text

SHAPE = (4, 16, 16)
KEYS = tuple(Keyframe("abcde"[k], NoiseSource(1, k)) for k in range(5))


def _path(*keyframes: Keyframe, method: str = "slerp", frames: int = 9) -> WalkPath:
    walk = Walk(keyframes, (MethodChoice(method),), frames=frames)
    return WalkPath(walk, NoiseBank(SHAPE), dict.fromkeys(("", *"abcde"), make_text()))


def _span(path: WalkPath) -> KeyframeSpan:
    span = describe(path, 1, 0).span
    assert span is not None
    return span


def _latent(keyframe: Keyframe) -> Array:
    return _path(keyframe, keyframe).keyframe(0)


@pytest.mark.parametrize("chosen", [(0, 1), (1, 3), (0, 2, 4), (3, 0, 1)])
def test_a_plane_holds_the_keyframes_it_goes_through(chosen: tuple[int, ...]) -> None:
    path = _path(*KEYS)
    plane = plane_through(_span(path), chosen)
    assert plane is not None
    for k in chosen:
        x, y = plane.keyframes[k]
        assert np.allclose(_latent(plane.keyframe(path.walk, x, y)), path.keyframe(k), atol=1e-9)


@pytest.mark.parametrize("chosen", [(0, 1), (0, 2, 4)])
def test_coordinates_are_distances_in_std(chosen: tuple[int, ...]) -> None:
    path = _path(*KEYS)
    plane = plane_through(_span(path), chosen)
    assert plane is not None
    for x, y in ((0.0, 0.0), (0.4, -1.3)):
        latent = _latent(plane.keyframe(path.walk, x, y))
        squared = float((latent**2).mean())
        assert squared == pytest.approx(plane.height**2 + x**2 + y**2, abs=1e-9)
    assert (plane.height > 0.3) == (len(chosen) == 3)


def test_the_plane_of_two_keyframes_is_exact_for_the_walk_between_them() -> None:
    span = _span(_path(*KEYS[:2]))
    plane = plane_through(span, (0, 1))
    assert plane is not None
    assert plane.kept(span) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("method", ["slerp", "linear", "wipe"])
def test_the_best_plane_keeps_at_least_as_much_as_any_other(method: str) -> None:
    span = _span(_path(*KEYS, method=method))
    best = best_plane(span)
    assert best is not None
    kept = best.kept(span)
    assert 0.2 < kept < 1.0
    pairs = [plane_through(span, (j, k)) for j in range(5) for k in range(j)]
    assert all(p is not None and p.kept(span) <= kept + 1e-9 for p in pairs)


def test_frames_that_leave_the_span_are_projected_like_their_latents() -> None:
    path = _path(*KEYS[:2], method="wipe")
    plane = plane_through(_span(path), (0, 1))
    assert plane is not None
    latent = path.exact_latent(3 / 8)
    axes = [_latent(plane.keyframe(path.walk, *way)) for way in ((1.0, 0.0), (0.0, 1.0))]
    expected = [float((latent * axis).mean()) for axis in axes]
    assert plane.project(_span(path).products)[3] == pytest.approx(expected, abs=1e-9)


def test_equal_keyframes_span_no_plane() -> None:
    span = _span(_path(KEYS[0], KEYS[0]))
    assert plane_through(span, (0, 1)) is None
    assert best_plane(span) is None


def test_many_keyframes_are_not_related_to_each_other() -> None:
    keys = [Keyframe("a", NoiseSource(1, k)) for k in range(MOST_SPANNING + 1)]
    assert describe(_path(*keys), 1, 0).span is None


@pytest.mark.parametrize("weights", [(1.0, 1.0, 1.0, 0.0, 0.0), (2.0, -0.5, 0.3, 0.0, 1.0)])
def test_a_mix_lies_on_the_shell(weights: tuple[float, ...]) -> None:
    keyframe = mix_of_keyframes(_path(*KEYS).walk, weights)
    assert float(_latent(keyframe).std()) == pytest.approx(1.0, abs=0.05)
    assert keyframe.prompt == "a"
    single = mix_of_keyframes(_path(*KEYS).walk, (0.0, 3.0, 0.0, 0.0, 0.0))
    assert np.array_equal(_latent(single), _latent(KEYS[1]))


def test_a_mix_of_nothing_is_the_middle() -> None:
    assert not _latent(mix_of_keyframes(_path(*KEYS).walk, (0.0,) * 5)).any()
