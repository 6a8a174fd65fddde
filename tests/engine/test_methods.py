"""Every interpolation method: the formulas themselves, and what all methods promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.methods.contract import Array, make_method, methods
from engine.walk import MethodChoice

GAMMAS = [0.0, 0.1, 0.239, 0.5, 0.75, 1.0]


def _ends(seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((4, 16, 16)), rng.standard_normal((4, 16, 16))


def _angle(a: Array, b: Array) -> float:
    cosine = float(np.vdot(a, b)) / float(np.linalg.norm(a) * np.linalg.norm(b))
    return math.acos(max(-1.0, min(1.0, cosine)))


@pytest.mark.parametrize("gamma", GAMMAS)
def test_linear_is_the_chord(gamma: float) -> None:
    a, b = _ends()
    got = make_method(MethodChoice("linear")).latent(a, b, gamma)
    assert np.allclose(got, (1 - gamma) * a + gamma * b, atol=1e-12)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_normalized_divides_by_the_std_that_linear_has(gamma: float) -> None:
    a, b = _ends()
    got = make_method(MethodChoice("normalized")).latent(a, b, gamma)
    expected = ((1 - gamma) * a + gamma * b) / math.sqrt(gamma * (2 * gamma - 2) + 1)
    assert np.allclose(got, expected, atol=1e-12)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_slerp_follows_the_arc_at_constant_speed(gamma: float) -> None:
    a, b = _ends()
    got = make_method(MethodChoice("slerp")).latent(a, b, gamma)
    phi = _angle(a, b)
    expected = (math.sin((1 - gamma) * phi) * a + math.sin(gamma * phi) * b) / math.sin(phi)
    assert np.allclose(got, expected, atol=1e-12)
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    unit = make_method(MethodChoice("slerp")).latent(a, b, gamma)
    assert _angle(a, unit) == pytest.approx(gamma * phi, abs=1e-7)


def test_normalized_is_slerp_at_another_time_for_orthogonal_ends() -> None:
    a, b = np.zeros((1, 1, 2)), np.zeros((1, 1, 2))
    a[0, 0, 0] = b[0, 0, 1] = 3.0
    for gamma in GAMMAS:
        time = 2 / math.pi * math.atan2(gamma, 1 - gamma)
        one = make_method(MethodChoice("normalized")).latent(a, b, gamma)
        assert np.allclose(one, make_method(MethodChoice("slerp")).latent(a, b, time), atol=1e-12)


@pytest.mark.parametrize("name", methods.names())
def test_the_ends_are_the_keyframes_exactly(name: str) -> None:
    a, b = _ends()
    method = make_method(MethodChoice(name))
    if not method.passes_ends:
        pytest.skip("does not claim to")
    assert np.array_equal(method.latent(a, b, 0.0), a)
    assert np.array_equal(method.latent(a, b, 1.0), b)
    c, d = a.reshape(16, 64), b.reshape(16, 64)
    assert np.array_equal(method.conditioning(c, d, 0.0), c)
    assert np.array_equal(method.conditioning(c, d, 1.0), d)


@pytest.mark.parametrize("name", methods.names())
@given(gamma=st.floats(0, 1), kind=st.sampled_from(["equal", "opposite", "zero", "scaled", "any"]))
def test_no_input_gives_numbers_that_are_not_finite(name: str, gamma: float, kind: str) -> None:
    a, other = _ends(3)
    b = {"equal": a, "opposite": -a, "zero": 0 * a, "scaled": 1e-8 * a, "any": other}[kind]
    kept = a.copy(), b.copy()
    method = make_method(MethodChoice(name))
    got = method.latent(a, b, gamma)
    assert got.shape == a.shape
    assert got.dtype == np.float64
    assert np.isfinite(got).all()
    assert np.array_equal(got, method.latent(a, b, gamma)), "deterministic"
    assert np.array_equal(a, kept[0])
    assert np.array_equal(b, kept[1])


def test_prompts_can_be_blended_along_the_arc_of_each_token() -> None:
    a, b = (end.reshape(16, 64) for end in _ends())
    linear = make_method(MethodChoice("slerp")).conditioning(a, b, 0.5)
    arc = make_method(MethodChoice("slerp", (("prompts", "slerp"),))).conditioning(a, b, 0.5)
    assert np.allclose(linear, (a + b) / 2)
    norms = np.linalg.norm(arc, axis=1)
    assert (norms > np.linalg.norm(linear, axis=1)).all()


def test_an_unknown_name_gets_the_nearest_one_named() -> None:
    with pytest.raises(InputError, match="did you mean 'slerp'"):
        make_method(MethodChoice("slrp"))


@pytest.mark.parametrize(("name", "value"), [("prompts", "cubic"), ("prompts", 3), ("speed", 1.0)])
def test_a_parameter_that_does_not_fit_is_refused(name: str, value: float | str) -> None:
    with pytest.raises(InputError, match="arameter"):
        make_method(MethodChoice("slerp", ((name, value),)))
