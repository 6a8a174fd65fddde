"""Paired differences and power, against known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from engine.statistics.paired import paired, pairs_needed, power_of


@pytest.mark.parametrize(("effect", "pairs"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_the_pairs_needed_are_those_of_the_tables(effect: float, pairs: int) -> None:
    """G*Power 3.1: two-sided paired t-test, α = 0.05, power 0.8."""
    assert pairs_needed(effect) == pairs
    assert pairs_needed(-effect) == pairs
    assert power_of(effect, pairs) >= 0.8 > power_of(effect, pairs - 1)


def test_no_difference_needs_no_number_of_pairs() -> None:
    assert pairs_needed(0.0) is None
    nothing = paired(np.zeros(10))
    assert (nothing.mean, nothing.effect, nothing.share, nothing.p) == (0.0, 0.0, 0.5, 1.0)
    assert nothing.needed is None


def test_a_known_difference() -> None:
    differences = np.array([1.0, 2.0, 3.0, 4.0, -1.0, 2.0, 2.0, 0.5])
    found = paired(differences)
    assert found.mean == pytest.approx(1.6875)
    assert found.effect == pytest.approx(differences.mean() / differences.std(ddof=1))
    assert found.share == 7 / 8
    assert found.low < found.mean < found.high
    assert found.p == pytest.approx(float(stats.wilcoxon(differences).pvalue))


@pytest.mark.parametrize("ahead", [0, 3, 8])
def test_whole_counts_have_the_wilson_interval_of_scipy(ahead: int) -> None:
    found = paired(np.array([1.0] * ahead + [-2.0] * (8 - ahead)))
    known = stats.binomtest(ahead, 8).proportion_ci(0.95, "wilson")
    assert (found.share_low, found.share_high) == pytest.approx((known.low, known.high), abs=1e-12)


@pytest.mark.parametrize("ties", [1, 3])
def test_an_odd_number_of_ties_leaves_a_half_pair_in_the_interval(ties: int) -> None:
    """With as many pairs above as below, the interval is symmetric about one half; its ends are
    those shares from which 1/2 is 1.96 standard errors away."""
    found = paired(np.array([1.0] * 4 + [-1.0] * 4 + [0.0] * ties))
    assert found.share == 0.5
    assert found.share_low + found.share_high == pytest.approx(1.0)
    error = math.sqrt(found.share_low * found.share_high / found.pairs)
    assert 0.5 - found.share_low == pytest.approx(stats.norm.ppf(0.975) * error)


def test_the_power_is_that_of_simulated_studies() -> None:
    generator = np.random.default_rng(1)
    draws = generator.normal(0.4, 1.0, (4000, 30))
    found = np.mean(stats.ttest_1samp(draws, 0.0, axis=1).pvalue < 0.05)
    assert power_of(0.4, 30) == pytest.approx(found, abs=0.025)


def test_one_pair_has_a_mean_and_nothing_else() -> None:
    found = paired(np.array([2.0]))
    assert found.mean == 2.0
    assert math.isnan(found.low)
    assert math.isnan(found.effect)
    assert found.needed is None
