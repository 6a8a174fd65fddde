"""Methods whose path depends on all keyframes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from engine.geometry.noise import NoiseBank
from engine.geometry.projection import turns_of
from engine.geometry.walk_path import WalkPath
from engine.methods.contract import Array, ThroughMethod, make_method, methods
from engine.pacing.certificate import turn_at
from engine.walk import Keyframe, MethodChoice, NoiseSource, Walk
from tests.support.texts import make_text

SHAPE = (4, 64, 64)
NAMES = [name for name in methods.names() if issubclass(methods.get(name), ThroughMethod)]
SMOOTH = [("spline", {}), ("spline", {"kind": "catmull-rom"}), ("squad", {})]


def _path(draws: tuple[int, ...], *choices: MethodChoice) -> WalkPath:
    keyframes = tuple(Keyframe("a cat", NoiseSource(3, draw)) for draw in draws)
    texts = dict.fromkeys(("", "a cat"), make_text())
    return WalkPath(Walk(keyframes, choices, frames=9), NoiseBank(SHAPE), texts)


def _choice(name: str, params: dict[str, float | str] | None = None) -> MethodChoice:
    return MethodChoice(name, tuple((params or {}).items()))


def _keys(count: int, seed: int = 0) -> list[Array]:
    return list(np.random.default_rng(seed).standard_normal((count, *SHAPE)))


def _method(name: str, params: dict[str, float | str] | None = None) -> ThroughMethod:
    method = make_method(_choice(name, params))
    assert isinstance(method, ThroughMethod)
    return method


def test_they_are_found() -> None:
    assert set(NAMES) >= {"spline", "squad", "mix"}


@pytest.mark.parametrize("name", NAMES)
def test_all_keyframes_are_passed_bit_for_bit(name: str) -> None:
    path = _path((0, 1, 2, 3, 4), _choice(name))
    for k in range(5):
        assert np.array_equal(path.exact_latent(k / 4), path.keyframe(k))


@pytest.mark.parametrize(("name", "params"), SMOOTH)
def test_the_path_does_not_turn_at_keyframes(name: str, params: dict[str, float | str]) -> None:
    path = _path((0, 1, 2, 3, 4), _choice(name, params))
    assert max(turns_of(path)) < math.degrees(1e-4) * 20
    assert min(turns_of(_path((0, 1, 2, 3, 4), _choice("slerp")))) > 85.0
    for k in (1, 2, 3):  # C1: the speed is the same on both sides, too
        h = 1e-6
        before = (path.exact_latent(k / 4) - path.exact_latent(k / 4 - h)) / h
        after = (path.exact_latent(k / 4 + h) - path.exact_latent(k / 4)) / h
        assert np.linalg.norm(after - before) < 1e-4 * np.linalg.norm(after)


@pytest.mark.parametrize(("name", "params"), SMOOTH)
def test_a_loop_does_not_turn_at_its_seam(name: str, params: dict[str, float | str]) -> None:
    path = _path((0, 1, 2, 3), _choice(name, params))
    path = path.with_walk(replace(path.walk, loop=True))
    assert np.array_equal(path.exact_latent(0.0), path.exact_latent(1.0))
    assert turn_at(path.exact_latent, 0.0, loop=True) < 0.1
    keys = [path.keyframe(k) for k in range(4)]
    for segment, gamma in ((0, 0.3), (3, 0.6)):
        looped = _method(name, params).through(keys, segment, gamma, loop=True)
        assert np.allclose(looped, path.exact_latent((segment + gamma) / 4), atol=1e-9)


@pytest.mark.parametrize(("name", "params"), SMOOTH)
def test_a_walk_whose_ends_have_one_noise_is_no_loop_by_itself(
    name: str, params: dict[str, float | str]
) -> None:
    path = _path((0, 1, 2, 3, 0), _choice(name, params))
    assert np.array_equal(path.exact_latent(0.0), path.exact_latent(1.0))
    assert turn_at(path.exact_latent, 0.0, loop=True) > 45.0


@pytest.mark.parametrize("name", NAMES)
def test_the_distribution_is_kept_through_many_keyframes(name: str) -> None:
    method = _method(name)
    moments = []
    for seed in range(16):
        keys = _keys(5, seed)
        for segment, gamma in ((0, 0.5), (1, 0.3), (3, 0.8)):
            z = method.through(keys, segment, gamma, loop=False)
            moments.append((z.mean(), (z**2).mean(), (z**4).mean()))
    mean, square, fourth = np.mean(moments, axis=0)
    assert abs(mean) < 4.0 / math.sqrt(math.prod(SHAPE))
    assert math.sqrt(square) == pytest.approx(1.0, abs=0.01)
    assert fourth / square**2 == pytest.approx(3.0, abs=0.1)


def test_the_spline_is_the_natural_cubic_through_the_weights() -> None:
    """Three knots, in the middle of the first segment: 13/32, 11/16 and −3/32 by hand."""
    keys = [np.eye(3)[k].reshape(3, 1, 1) for k in range(3)]
    got = _method("spline").through(keys, 0, 0.5, loop=False).ravel()
    expected = np.array([13.0, 22.0, -3.0])
    assert np.allclose(got, expected / np.linalg.norm(expected))


def test_an_edit_far_away_does_not_change_a_catmull_rom_spline() -> None:
    keys = _keys(7)
    changed = [*keys[:-1], _keys(1, 9)[0]]
    local, natural = _method("spline", {"kind": "catmull-rom"}), _method("spline")
    assert np.array_equal(*(local.through(k, 1, 0.4, loop=False) for k in (keys, changed)))
    assert not np.array_equal(*(natural.through(k, 1, 0.4, loop=False) for k in (keys, changed)))


def test_the_mix_has_the_given_share_of_all_others() -> None:
    keys = [np.eye(4)[k].reshape(4, 1, 1) for k in range(4)]
    got = _method("mix", {"others": 0.5}).through(keys, 1, 0.5, loop=False).ravel()
    assert np.allclose(got, 0.5)
    plain = _method("mix", {"others": 0.0}).through(keys, 1, 0.25, loop=False).ravel()
    assert np.allclose(plain, np.array([0, 0.75, 0.25, 0]) / math.hypot(0.75, 0.25))


def test_equal_noises_count_as_one() -> None:
    """Their weights add up: divided as if they were independent, the std would be too large."""
    a, b, c = _keys(3)
    z = _method("mix").through([a, b, c, a], 1, 0.5, loop=False)
    assert float(z.std()) == pytest.approx(1.0, abs=0.02)


def test_a_run_ends_where_the_method_changes() -> None:
    """A spline leads through its own keyframes only."""
    choices = (_choice("spline"), _choice("spline"), _choice("slerp"), _choice("spline"))
    path = _path((0, 1, 2, 3, 4), *choices)
    alone = _path((0, 1, 2), _choice("spline"))
    assert np.array_equal(path.exact_latent(0.3 / 4), alone.exact_latent(0.3 / 2))
    pair = _method("spline").latent(path.keyframe(3), path.keyframe(4), 0.5)
    assert np.allclose(path.exact_latent(3.5 / 4), pair)


@pytest.mark.parametrize("kind", ["natural", "catmull-rom"])
@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("times", [(), (0.0, 0.1, 0.5, 0.7)])
def test_a_spline_does_not_turn_at_any_times_of_the_keyframes(
    kind: str, loop: bool, times: tuple[float, ...]
) -> None:
    if times and not loop:
        times = tuple(time / times[-1] for time in times)
    path = _path((0, 1, 2, 3), _choice("spline", {"kind": kind}))
    walk = replace(path.walk, loop=loop, times=times)
    path = path.with_walk(walk)
    inner = walk.stops()[:-1] if loop else walk.stops()[1:-1]
    assert max(turn_at(path.exact_latent, time, loop) for time in inner) < 0.1
    for number, time in enumerate(walk.stops()[:4]):
        assert np.array_equal(path.exact_latent(time), path.keyframe(number))
    if loop:
        assert np.array_equal(path.exact_latent(1.0), path.keyframe(0))
