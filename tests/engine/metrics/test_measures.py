"""Each measure by itself: its formula, its theory, and what it is blind to."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageFilter

from engine.errors import InputError
from engine.geometry.noise import NoiseBank
from engine.geometry.walk_path import WalkPath, latent_stats
from engine.measuring.theory import theory_of
from engine.messages import Image, LatentStats
from engine.methods.contract import make_method
from engine.metrics.contract import (
    FrameMeasure,
    Observed,
    StepMeasure,
    make_measure,
    measures,
    smoothness,
)
from engine.walk import Keyframe, MethodChoice, NoiseSource, Walk

STATS = LatentStats(mean=0.01, std=0.98, norm_z=-1.5)
TIMES = np.linspace(0.0, 1.0, 11)


def _frame(name: str) -> FrameMeasure:
    measure = make_measure(name)
    assert isinstance(measure, FrameMeasure)
    return measure


def _step(name: str) -> StepMeasure:
    measure = make_measure(name)
    assert isinstance(measure, StepMeasure)
    return measure


def _picture(seed: int = 0, side: int = 64) -> Image:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (side, side, 3), dtype=np.uint8)


def _blur(image: Image, radius: float) -> Image:
    return np.asarray(PillowImage.fromarray(image).filter(ImageFilter.GaussianBlur(radius)))


def _walk(*methods: MethodChoice) -> Walk:
    keys = tuple(Keyframe(noise=NoiseSource(1, k)) for k in range(len(methods) + 1))
    return Walk(keys, methods)


@pytest.mark.parametrize("name", measures.names())
def test_every_measure_says_what_it_is(name: str) -> None:
    measure = make_measure(name)
    assert measure.label
    assert measure.tip
    assert measure.needs_scorer or not measure.needs_text


def test_an_unknown_measure_gets_the_nearest_one_named() -> None:
    with pytest.raises(InputError, match="did you mean 'clip_score'"):
        make_measure("clip_scor")


@pytest.mark.parametrize(("cosine", "score"), [(0.25, 25.0), (-0.1, 0.0), (1.0, 100.0)])
def test_the_clip_score_is_the_cosine_times_100_and_never_below_0(
    cosine: float, score: float
) -> None:
    assert _frame("clip_score").of(Observed(_picture(), STATS, cosine)) == pytest.approx(score)


@pytest.mark.parametrize(
    ("name", "value"), [("latent_mean", 0.01), ("latent_std", 0.98), ("latent_norm_z", -1.5)]
)
def test_what_is_known_of_the_latent_is_passed_on(name: str, value: float) -> None:
    measure = _frame(name)
    assert measure.of(Observed(_picture(), STATS, math.nan)) == value
    assert getattr(STATS, measure.stat) == value


def test_theory_of_the_std_is_the_articles() -> None:
    linear = theory_of(make_measure("latent_std"), _walk(MethodChoice("linear")), TIMES, 16_384)
    assert linear is not None
    assert np.allclose(linear, np.sqrt(TIMES * (2 * TIMES - 2) + 1))
    assert linear[5] == pytest.approx(0.7071, abs=1e-4)
    slerp = theory_of(make_measure("latent_std"), _walk(MethodChoice("slerp")), TIMES, 16_384)
    assert slerp is not None
    assert np.allclose(slerp, 1.0)
    assert theory_of(make_measure("sharpness"), _walk(MethodChoice("slerp")), TIMES, 4) is None


def test_theory_follows_each_segments_own_method_and_parameters() -> None:
    sweep = MethodChoice("std-sweep", (("low", 0.0), ("high", 2.0)))
    walk = _walk(MethodChoice("linear"), sweep)
    theory = theory_of(make_measure("latent_std"), walk, TIMES, 16_384)
    assert theory is not None
    assert theory[[0, 5, 10]] == pytest.approx([1.0, 0.0, 2.0])
    assert theory[2] == pytest.approx(math.sqrt(0.4 * (0.8 - 2) + 1))


def test_theory_knows_the_noise_that_a_segment_keeps() -> None:
    """The second segment starts from the noise of the first keyframe, whatever the second has."""
    scales = zip((1.0, 3.0, 1.0), (0, 1, 0), strict=True)
    keyframes = tuple(Keyframe("a", NoiseSource(1, draw), scale) for scale, draw in scales)
    choices = tuple(map(MethodChoice, ("prompt-linear", "linear")))
    path = WalkPath(Walk(keyframes, choices), NoiseBank((4, 32, 32)), {})
    theory = theory_of(make_measure("latent_std"), path.walk, TIMES, 4096)
    assert theory is not None
    assert theory == pytest.approx(np.ones(TIMES.size))
    stds = [float(path.exact_latent(time).std()) for time in TIMES]
    assert stds == pytest.approx(theory, abs=0.05)


def test_theory_knows_the_share_of_a_channel() -> None:
    keyframes = tuple(Keyframe("a", NoiseSource(1, k), scale) for k, scale in enumerate((1, 3)))
    walk = Walk(keyframes, (MethodChoice("part", (("channel", 2),)),))
    path = WalkPath(walk, NoiseBank((16, 32, 32)), {})
    theory = theory_of(make_measure("latent_std"), walk, TIMES, 16_384, 16)
    stds = [float(path.exact_latent(time).std()) for time in TIMES]
    assert stds == pytest.approx(theory, abs=0.02)


def test_linears_midpoint_lies_53_sigma_inside_the_shell() -> None:
    walk = _walk(MethodChoice("linear"))
    theory = theory_of(make_measure("latent_norm_z"), walk, np.array([0.0, 0.5]), 16_384)
    assert theory is not None
    assert theory[0] == pytest.approx(0.0, abs=1e-9)
    assert theory[1] == pytest.approx(-53.0, abs=0.1)


@pytest.mark.parametrize("name", ["linear", "normalized", "slerp", "std-sweep", "translation"])
@pytest.mark.parametrize("gamma", [0.0, 0.3, 0.5, 1.0])
def test_real_latents_have_the_std_and_norm_that_theory_expects(name: str, gamma: float) -> None:
    rng = np.random.default_rng(4)
    start, end = rng.standard_normal((2, 4, 64, 64))
    stats = latent_stats(make_method(MethodChoice(name)).latent(start, end, gamma))
    walk, time = _walk(MethodChoice(name)), np.array([gamma])
    for measure, value, off in (
        ("latent_mean", stats.mean, 0.03),
        ("latent_std", stats.std, 0.03),
        ("latent_norm_z", stats.norm_z, 4.0),
    ):
        theory = theory_of(make_measure(measure), walk, time, start.size)
        assert theory is not None
        assert value == pytest.approx(theory[0], abs=off)


def test_sharpness_is_the_energy_above_half_nyquist() -> None:
    """A plane wave of amplitude a has the RMS a/√2, all of it at its own frequency."""
    x = np.arange(128)
    fine, coarse = np.cos(2 * np.pi * 0.375 * x), np.cos(2 * np.pi * 0.125 * x)
    for wave, expected in ((fine, 100 * 100 / 255 / math.sqrt(2)), (coarse, 0.0)):
        grey = np.round(127 + 100 * wave).astype(np.uint8)
        image = np.broadcast_to(grey[None, :, None], (128, 128, 3)).copy()
        value = _frame("sharpness").of(Observed(image, STATS, math.nan))
        assert value == pytest.approx(expected, abs=0.25)


def test_sharpness_falls_with_every_blur_and_is_0_for_a_plain_picture() -> None:
    picture = _picture()
    values = [
        _frame("sharpness").of(Observed(_blur(picture, radius), STATS, math.nan))
        for radius in (0.0, 0.5, 1.0, 2.0)
    ]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.1 * values[0]
    plain = np.full((33, 50, 3), 200, np.uint8)
    assert _frame("sharpness").of(Observed(plain, STATS, math.nan)) == pytest.approx(0, abs=1e-4)


def test_local_change_is_step_length_by_time() -> None:
    assert _step("step_length").of(3.0, 0.02) == 3.0
    assert _step("local_change").of(3.0, 0.02) == pytest.approx(150.0)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [([2.0, 2.0, 2.0], 1.0), ([0.0, 0.0, 0.0, 1.0], 0.25), ([1.0, 3.0], 0.75)],
)
def test_smoothness_is_one_minus_gini(steps: list[float], expected: float) -> None:
    d = np.array(steps)
    assert smoothness(d) == pytest.approx(expected)
    gini = np.abs(d[:, None] - d).sum() / (2 * len(d) ** 2 * d.mean())
    assert smoothness(d) == pytest.approx(1 - gini)


@pytest.mark.parametrize("steps", [[], [1.0], [0.0, 0.0]])
def test_smoothness_of_too_few_steps_is_undefined(steps: list[float]) -> None:
    assert math.isnan(smoothness(np.array(steps)))
