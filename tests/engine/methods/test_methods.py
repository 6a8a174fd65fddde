"""Every interpolation method: the formulas themselves, and what all methods promise."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conditioning import Role
from engine.errors import InputError
from engine.methods.contract import Array, Ends, crossing_methods, make_method, methods
from engine.walk import MethodChoice

GAMMAS = [0.0, 0.1, 0.239, 0.5, 0.75, 1.0]


def _ends(seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((4, 16, 16)), rng.standard_normal((4, 16, 16))


def _latent(name: str, a: Array, b: Array, gamma: float, **params: float | str) -> Array:
    return make_method(MethodChoice(name, tuple(params.items()))).latent(a, b, gamma)


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


@pytest.mark.parametrize("name", ["prompt-linear", "prompt-slerp"])
def test_prompt_walks_keep_the_noise_and_reach_both_prompts(name: str) -> None:
    a, b = _ends()
    method = make_method(MethodChoice(name))
    assert all(np.array_equal(method.latent(a, b, g), a) for g in GAMMAS)
    first, last = a.reshape(16, 64), b.reshape(16, 64)
    assert np.array_equal(method.conditioning(Role.SEQUENCE, first, last, 0.0), first)
    assert np.array_equal(method.conditioning(Role.SEQUENCE, first, last, 1.0), last)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_prompts_are_blended_straight_or_along_the_arc_of_each_token(gamma: float) -> None:
    a, b = (end.reshape(16, 64) for end in _ends())
    straight = make_method(MethodChoice("prompt-linear")).conditioning(Role.SEQUENCE, a, b, gamma)
    assert np.allclose(straight, (1 - gamma) * a + gamma * b, atol=1e-12)
    arc = make_method(MethodChoice("prompt-slerp")).conditioning(Role.SEQUENCE, a, b, gamma)
    for token in range(16):
        phi = _angle(a[token], b[token])
        expected = math.sin((1 - gamma) * phi) * a[token] + math.sin(gamma * phi) * b[token]
        assert np.allclose(arc[token], expected / math.sin(phi), atol=1e-12)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_the_std_sweep_scales_the_start_alone(gamma: float) -> None:
    a, b = _ends()
    assert np.allclose(_latent("std-sweep", a, b, gamma), (0.5 + gamma) * a, atol=1e-12)
    wide = _latent("std-sweep", a, b, gamma, low=0.0, high=2.0)
    assert np.allclose(wide, 2 * gamma * a, atol=1e-12)


def test_s_equal_to_one_is_the_plain_latent() -> None:
    a, b = _ends()
    assert np.array_equal(_latent("std-sweep", a, b, 0.5), a)


@pytest.mark.parametrize("t", range(17))
def test_translation_is_a_window_on_the_two_latents_side_by_side(t: int) -> None:
    a, b = _ends()
    both = np.concatenate([a, b], axis=2)
    assert np.array_equal(_latent("translation", a, b, t / 16), both[:, :, t : t + 16])
    seam = make_method(MethodChoice("translation")).seam(t / 16, 16)
    assert seam == 16 - t


@pytest.mark.parametrize("t", range(17))
def test_the_wipe_is_the_articles_corrected_translation(t: int) -> None:
    a, b = _ends()
    both = np.concatenate([a, b], axis=2)
    expected = np.concatenate([both[:, :, 16 : 16 + t], both[:, :, t:16]], axis=2)
    assert np.array_equal(_latent("wipe", a, b, t / 16), expected)
    leftwards = np.concatenate([a[:, :, : 16 - t], b[:, :, 16 - t :]], axis=2)
    assert np.array_equal(_latent("wipe", a, b, t / 16, direction="left"), leftwards)
    assert make_method(MethodChoice("wipe")).seam(t / 16, 16) == t


@pytest.mark.parametrize("direction", ["right", "left"])
def test_a_soft_wipe_keeps_the_ends_and_the_variance(direction: str) -> None:
    rng = np.random.default_rng(5)
    a, b = rng.standard_normal((2, 64, 64, 64))
    wipe = {"direction": direction, "softness": 24.0}
    assert np.array_equal(_latent("wipe", a, b, 0.0, **wipe), a)
    assert np.array_equal(_latent("wipe", a, b, 1.0, **wipe), b)
    middle = _latent("wipe", a, b, 0.5, **wipe)
    assert np.allclose(middle.std(axis=(0, 1)), 1.0, atol=0.06)
    share = np.clip((32 - np.arange(64) - 0.5) / 24 + 0.5, 0, 1)
    share = share if direction == "right" else share[::-1]
    expected = ((1 - share) * a + share * b) / np.sqrt((1 - share) ** 2 + share**2)
    assert np.allclose(middle, expected, atol=1e-12)


@pytest.mark.parametrize("name", ["translation", "wipe"])
@pytest.mark.parametrize("frames", [9, 17, 33, 49, 65, 129])
def test_columns_change_at_a_steady_pace(name: str, frames: int) -> None:
    """Each column is held for as many frames as the others; those at both ends for half as many."""
    method = make_method(MethodChoice(name))
    seams = [method.seam(k / (frames - 1), 16) for k in range(frames)]
    held = list(Counter(seams).values())
    inner = held[1:-1]
    assert max(inner) - min(inner) <= (0 if (frames - 1) % 16 == 0 else 1)
    assert abs(held[0] - inner[0] / 2) <= 1
    assert abs(held[-1] - inner[0] / 2) <= 1


def _correlated(ends: Ends) -> tuple[Array, Array]:
    """Two large latents with these stds and this correlation, exactly."""
    rng = np.random.default_rng(3)
    a, rest = rng.standard_normal((2, 4, 64, 64))
    a -= a.mean()
    rest -= rest.mean() + np.vdot(rest, a) / np.vdot(a, a) * a
    a, rest = a / a.std(), (rest - rest.mean()) / rest.std()
    other = ends.correlation * a + math.sqrt(1 - ends.correlation**2) * rest
    return ends.start * a, ends.end * other


@pytest.mark.parametrize("name", methods.names())
@pytest.mark.parametrize(
    "ends", [Ends(), Ends(1.0, 1.0, 1.0), Ends(1.0, 1.0, 0.5), Ends(1.0, 0.5, -0.3), Ends(0.7, 1.2)]
)
def test_the_expected_std_is_what_comes_out(name: str, ends: Ends) -> None:
    a, b = _correlated(ends)
    method = make_method(MethodChoice(name))
    for gamma in GAMMAS:
        found = float(method.latent(a, b, gamma).std())
        assert found == pytest.approx(method.expected_std(gamma, ends), rel=0.02)


@pytest.mark.parametrize("channels", [4, 16])
@pytest.mark.parametrize("channel", [0, 1, 16])
def test_the_expected_std_of_a_channel_is_that_of_one_of_all(channels: int, channel: int) -> None:
    a, b = np.random.default_rng(3).standard_normal((2, channels, 64, 64))
    b *= 3.0
    method = make_method(MethodChoice("part", (("channel", channel),)))
    found = float(method.latent(a, b, 1.0).std())
    assert found == pytest.approx(method.expected_std(1.0, Ends(1.0, 3.0, 0.0, channels)), rel=0.02)


def test_normalized_between_equal_noises_says_what_it_does() -> None:
    a, _ = _ends()
    plain, measured = (
        make_method(MethodChoice("normalized", (("ends", ends),)))
        for ends in ("independent", "measured")
    )
    assert plain.latent(a, a, 0.5).std() == pytest.approx(math.sqrt(2) * a.std())
    assert plain.expected_std(0.5, Ends(correlation=1.0)) == pytest.approx(math.sqrt(2))
    assert np.allclose(measured.latent(a, a, 0.5), a)
    assert np.isfinite(measured.latent(a, -a, 0.5)).all()


@pytest.mark.parametrize("name", ["translation", "wipe"])
def test_different_widths_have_no_common_columns(name: str) -> None:
    with pytest.raises(InputError, match="different sizes"):
        _latent(name, np.zeros((4, 16, 16)), np.zeros((4, 16, 24)), 0.5)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_slerp_with_the_norm_apart_turns_steadily_between_unequal_norms(gamma: float) -> None:
    a, b = _ends()
    plain = _latent("slerp", a, b, gamma)
    equal = b * float(np.linalg.norm(a) / np.linalg.norm(b))
    assert np.allclose(_latent("norm-slerp", a, equal, gamma), _latent("slerp", a, equal, gamma))
    got = _latent("norm-slerp", a, 0.4 * b, gamma)
    assert _angle(a, got) == pytest.approx(gamma * _angle(a, b), abs=1e-6)
    norms = float(np.linalg.norm(a)), 0.4 * float(np.linalg.norm(b))
    assert np.linalg.norm(got) == pytest.approx((1 - gamma) * norms[0] + gamma * norms[1])
    assert gamma in (0.0, 1.0) or abs(_angle(a, plain) - _angle(a, got)) < 0.2


@pytest.mark.parametrize("gamma", GAMMAS)
def test_slerp_by_channel_keeps_the_norm_of_each_channel(gamma: float) -> None:
    a, b = _ends()
    b[0] = 0.9 * a[0] + math.sqrt(1 - 0.9**2) * b[0]
    for channel in range(4):
        b[channel] *= np.linalg.norm(a[channel]) / np.linalg.norm(b[channel])
    got = _latent("channel-slerp", a, b, gamma)
    norms = np.linalg.norm(a.reshape(4, -1), axis=1)
    assert np.allclose(np.linalg.norm(got.reshape(4, -1), axis=1), norms)
    assert np.allclose(got[0], _latent("slerp", a[:1], b[:1], gamma)[0])


def test_noise_diffusion_is_the_articles_formula() -> None:
    a, b = _ends()
    kept = _latent("noise-diffusion", a, b, 0.3, noise=0.0, clip=10.0)
    angle = 0.15 * math.pi
    assert np.allclose(kept, math.cos(angle) * a + math.sin(angle) * b)
    cut = _latent("noise-diffusion", a, b, 0.3, noise=0.0)
    assert np.array_equal(cut, np.clip(kept, -2.0, 2.0))
    fresh = _latent("noise-diffusion", a, b, 0.3, noise=0.6, clip=10.0)
    rest = (fresh - 0.8 * kept) / 0.6
    assert np.corrcoef(rest.ravel(), kept.ravel())[0, 1] == pytest.approx(0.0, abs=0.1)
    assert rest.std() == pytest.approx(1.0, abs=0.1)
    only = [_latent("noise-diffusion", a, b, g, noise=1.0, seed=7) for g in (0.1, 0.9)]
    assert np.array_equal(*only), "with noise 1, the ends do not matter"


def test_only_methods_that_lead_from_end_to_end_cross_the_plane() -> None:
    assert set(crossing_methods()) >= {"linear", "normalized", "slerp"}
    others = {"prompt-linear", "prompt-slerp", "std-sweep", "translation", "wipe"}
    assert not others & set(crossing_methods())
    assert others < set(methods.names())


@pytest.mark.parametrize("name", methods.names())
def test_the_ends_are_the_keyframes_exactly(name: str) -> None:
    a, b = _ends()
    method = make_method(MethodChoice(name))
    if not method.passes_ends:
        pytest.skip("does not claim to")
    assert np.array_equal(method.latent(a, b, 0.0), a)
    assert np.array_equal(method.latent(a, b, 1.0), b)
    c, d = a.reshape(16, 64), b.reshape(16, 64)
    assert np.array_equal(method.conditioning(Role.SEQUENCE, c, d, 0.0), c)
    assert np.array_equal(method.conditioning(Role.SEQUENCE, c, d, 1.0), d)


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
    linear = make_method(MethodChoice("slerp")).conditioning(Role.SEQUENCE, a, b, 0.5)
    arc = make_method(MethodChoice("slerp", (("prompts", "slerp"),))).conditioning(
        Role.SEQUENCE, a, b, 0.5
    )
    assert np.allclose(linear, (a + b) / 2)
    norms = np.linalg.norm(arc, axis=1)
    assert (norms > np.linalg.norm(linear, axis=1)).all()


@pytest.mark.parametrize("name", [n for n in methods.names() if methods.get(n).splits])
def test_a_part_of_the_path_is_the_path_between_its_ends(name: str) -> None:
    a, b = _ends()
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    middle = _latent(name, a, b, 0.4)
    for part in (0.3, 0.7):
        assert np.allclose(_latent(name, a, middle, part), _latent(name, a, b, 0.4 * part))
        assert np.allclose(_latent(name, middle, b, part), _latent(name, a, b, 0.4 + 0.6 * part))


def test_an_unknown_name_gets_the_nearest_one_named() -> None:
    with pytest.raises(InputError, match="did you mean 'slerp'"):
        make_method(MethodChoice("slrp"))


@pytest.mark.parametrize(("name", "value"), [("prompts", "cubic"), ("prompts", 3), ("speed", 1.0)])
def test_a_parameter_that_does_not_fit_is_refused(name: str, value: float | str) -> None:
    with pytest.raises(InputError, match="arameter"):
        make_method(MethodChoice("slerp", ((name, value),)))
