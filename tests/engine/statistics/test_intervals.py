"""Intervals: a case with a known answer, and their coverage in simulation."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy import stats

from engine.statistics.intervals import RESAMPLES, Values, crossed_interval, mean_interval


def test_a_normal_sample_gets_students_interval() -> None:
    """The known answer: mean ± t · s/√n, within the error of 2,000 resamples."""
    values = np.random.default_rng(1).normal(3.0, 2.0, 40)
    mean, low, high = mean_interval(values).at()
    half = stats.t.ppf(0.975, 39) * values.std(ddof=1) / np.sqrt(40)
    assert mean == pytest.approx(values.mean())
    assert (low, high) == pytest.approx((mean - half, mean + half), abs=0.1 * half)


@pytest.mark.parametrize(
    ("name", "count"), [("normal", 10), ("normal", 60), ("exponential", 60), ("uniform", 20)]
)
def test_the_interval_covers_the_mean_in_95_of_100_simulated_studies(name: str, count: int) -> None:
    """±2 %: 2,000 studies at once, whose own error is 0.5 %."""
    generator = np.random.default_rng(2)
    truth = {"normal": 0.0, "exponential": 1.0, "uniform": 0.5}[name]
    draws = getattr(generator, name)(size=(count, 2000))
    found = mean_interval(draws)
    covered = np.mean((found.low <= truth) & (truth <= found.high))
    assert 0.93 <= covered <= 0.97


def test_neighbouring_frames_do_not_narrow_the_interval() -> None:
    """300 frames that are nearly equal are still one value a pair."""
    generator = np.random.default_rng(3)
    pairs = generator.normal(size=(30, 1))
    frames = pairs + 0.01 * generator.normal(size=(30, 300))
    few, many = mean_interval(pairs[:, 0]), mean_interval(frames.mean(axis=1))
    assert (many.high - many.low) == pytest.approx(few.high - few.low, rel=0.05)


def test_equal_rows_have_an_interval_of_length_zero_and_few_rows_have_none() -> None:
    mixed = np.stack([np.zeros(5), np.arange(5.0)], axis=1)
    found = mean_interval(mixed)
    assert found.at(0) == (0.0, 0.0, 0.0)
    assert found.low[1] < 2.0 < found.high[1]
    assert np.isnan(mean_interval(np.ones((1, 2))).low).all()
    assert np.isnan(mean_interval(np.array([0.0, 1.0])).high)


def test_other_prompts_widen_the_interval() -> None:
    generator = np.random.default_rng(4)
    values = generator.normal(size=(100, 1)) + 3 * generator.normal(size=(1, 8))
    crossed, rows = crossed_interval(values), mean_interval(values.mean(axis=1))
    assert crossed.high - crossed.low > 3 * (rows.high - rows.low)
    assert np.isnan(crossed_interval(values[:, :1]).low)


def test_the_crossed_interval_covers_the_mean_of_all_pairs_and_prompts() -> None:
    """On the wide side: at least 93 of 100."""
    generator, covered = np.random.default_rng(5), 0
    for _ in range(300):
        effects = generator.normal(size=(40, 1)) + generator.normal(size=(1, 20))
        found = crossed_interval(effects + generator.normal(size=(40, 20)))
        covered += bool(found.low <= 0 <= found.high)
    assert covered >= 0.91 * 300


@pytest.mark.parametrize("shape", [(1200, 3), (3, 1200)])
def test_the_crossed_interval_draws_rows_and_then_columns(shape: tuple[int, int]) -> None:
    """The known answer: the quantiles of means with the weights of all draws at once."""
    values, generator = np.random.default_rng(6).normal(size=shape), np.random.default_rng(7)
    weights = [generator.multinomial(n, np.full(n, 1 / n), RESAMPLES) / n for n in shape]
    means = ((weights[0] @ values) * weights[1]).sum(axis=1)
    found = crossed_interval(values, seed=7)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, (0.025, 0.975))))


def _peak(values: Values) -> int:
    """The most bytes that the interval takes at once."""
    tracemalloc.start()
    try:
        crossed_interval(values)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", [(4000, 2), (2, 4000)])
def test_many_pairs_do_not_fill_the_memory(shape: tuple[int, int]) -> None:
    """The weights of all draws at once would take 64 MB, and as much as whole numbers."""
    assert _peak(np.random.default_rng(8).normal(size=shape)) < 40e6


def test_the_same_values_give_the_same_interval() -> None:
    values = np.random.default_rng(6).normal(size=(20, 3))
    first, second = mean_interval(values), mean_interval(values)
    assert np.array_equal(first.low, second.low)
