"""Values and their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from resources.starter_recipe.bars import Bar, exactly, less_of, line, mean_of, share_of


def test_a_share_has_an_interval_that_stays_below_a_hundred() -> None:
    estimate = share_of(np.array([True] * 95 + [False] * 5))
    assert estimate.value == 95
    assert estimate.low == pytest.approx(88.8, abs=0.1)
    assert estimate.high == pytest.approx(97.8, abs=0.1)
    assert share_of(np.array([True] * 20)).high == 100


def test_a_mean_has_an_interval_around_it() -> None:
    estimate = mean_of(np.array([1.0, 2.0, 3.0]))
    assert estimate.value == 2
    assert estimate.high - 2 == pytest.approx(2 - estimate.low)


def test_how_much_less_one_mean_is_than_another() -> None:
    others = np.random.default_rng(0).uniform(1, 2, 200)
    estimate = less_of(0.7 * others, others)
    assert estimate.value == pytest.approx(30)
    assert estimate.low == pytest.approx(30)


def test_a_bar_is_passed_at_its_least() -> None:
    assert Bar("size", exactly(40.0), 40, 25, "all", "MB", smaller_is_better=True).passed
    assert not Bar("fur", exactly(91.9), 92, 97, "500 captions").passed
    assert "FAIL" in line(Bar("fur", exactly(91.9), 92, 97, "500 captions"))
