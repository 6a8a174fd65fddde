"""Methods that come back to their start."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from engine.methods.contract import Array, make_method, methods
from engine.walk import MethodChoice

SHAPE = (4, 16, 16)
LOOPS = [name for name in methods.names() if methods.get(name).comes_back]


def _ends(seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal(SHAPE), rng.standard_normal(SHAPE)


def _latent(name: str, gamma: float, **params: float) -> Array:
    return make_method(MethodChoice(name, tuple(params.items()))).latent(*_ends(), gamma)


def _angle(a: Array, b: Array) -> float:
    cosine = float(np.vdot(a, b)) / float(np.linalg.norm(a) * np.linalg.norm(b))
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))


def test_the_loops_are_found() -> None:
    assert {"orbit", "wander", "noise-loop"} <= set(LOOPS)


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_is_closed_without_a_leap(name: str) -> None:
    start, _ = _ends()
    assert np.array_equal(_latent(name, 0.0), start)
    assert np.array_equal(_latent(name, 1.0), start)
    # A step h from either side of the seam is as short as h: the path is continuous there.
    for gamma in (1e-7, 1.0 - 1e-7):
        assert np.abs(_latent(name, gamma) - start).max() < 1e-5


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("gamma", [0.0, 0.21, 0.5, 0.75])
def test_the_direction_does_not_leap(name: str, gamma: float) -> None:
    """C1: the slope before a point is the slope after it. At γ = 0, before it is before the end."""
    h = 1e-5
    start = _latent(name, gamma)
    before = start - _latent(name, (gamma - h) % 1.0)
    after = _latent(name, gamma + h) - start
    speed = float(np.linalg.norm(_latent(name, 0.5 + h) - _latent(name, 0.5)))
    assert float(np.linalg.norm(after - before)) < 2e-3 * max(speed, 1e-6)


def test_the_orbit_is_the_circle_through_both_ends() -> None:
    a, b = _ends()
    assert np.allclose(_latent("orbit", 0.25), b, atol=1e-9)
    assert np.allclose(_latent("orbit", 0.5), -a, atol=1e-9)
    assert np.allclose(_latent("orbit", 0.125, turns=2), b, atol=1e-9)
    assert np.allclose(
        _latent("orbit", 0.1), math.cos(0.2 * math.pi) * a + math.sin(0.2 * math.pi) * b
    )


@pytest.mark.parametrize("radius", [5.0, 20.0, 60.0])
def test_wandering_stays_at_its_radius(radius: float) -> None:
    big = np.random.default_rng(4).standard_normal((4, 64, 64))
    method = make_method(MethodChoice("wander", (("radius", radius),)))
    for gamma in (0.2, 0.45, 0.8):
        assert _angle(big, method.latent(big, big, gamma)) == pytest.approx(radius, abs=1.5)
    assert np.array_equal(_latent("wander", 0.5, radius=0.0), _ends()[0])


def test_wandering_forgets_its_direction_as_the_process_does() -> None:
    """With k changes in a segment, directions 1/k apart correlate by about e^−1."""
    method = make_method(MethodChoice("wander", (("changes", 8), ("radius", 90.0))))
    start = np.zeros((4, 64, 64))
    path = [method.latent(start, start, 0.2 + 0.125 * k) for k in range(5)]
    near = [float(np.corrcoef(a.ravel(), b.ravel())[0, 1]) for a, b in pairwise(path)]
    assert np.allclose(near, math.exp(-1.0), atol=0.06)


def test_the_noise_loop_visits_independent_noises() -> None:
    path = [_latent("noise-loop", k / 4, noises=8) for k in range(4)]
    assert all(_angle(path[0], z) > 60.0 for z in path[1:])


@pytest.mark.parametrize("name", ["wander", "noise-loop"])
def test_the_seed_decides_the_path_and_the_end_does_not(name: str) -> None:
    one, other = _latent(name, 0.4, seed=1), _latent(name, 0.4, seed=2)
    assert _angle(one, other) > 10.0
    a, b = _ends()
    method = make_method(MethodChoice(name))
    assert np.array_equal(method.latent(a, b, 0.4), method.latent(a, 3.0 * b, 0.4))
