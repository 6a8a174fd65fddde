"""The ± of a mean, against series whose mean is known to be 0."""

from __future__ import annotations

import numpy as np
import pytest

from engine.measuring.standard_error import LEAST_EFFECTIVE, effective_count, standard_error
from engine.metrics.contract import Values

SERIES = 800


def ar1(count: int, correlation: float, seed: int = 0) -> Values:
    """Stationary AR(1) series [SERIES, count] of mean 0 and std 1."""
    noise = np.random.default_rng(seed).standard_normal((SERIES, count))
    series = noise.copy()
    for k in range(1, count):
        own = np.sqrt(1.0 - correlation**2) * noise[:, k]
        series[:, k] = correlation * series[:, k - 1] + own
    return series


def true_error(count: int, correlation: float) -> float:
    lags = np.arange(1, count)
    sums = 1.0 + 2.0 * ((1.0 - lags / count) * correlation**lags).sum()
    return float(np.sqrt(sums / count))


@pytest.mark.parametrize(
    ("count", "correlation"),
    [(33, 0.0), (100, 0.0), (100, 0.5), (300, 0.0), (300, 0.8), (300, 0.9)],
)
def test_it_is_the_error_of_the_mean_of_correlated_values(count: int, correlation: float) -> None:
    """Its middle value is right within a tenth, and it holds the mean as often as it should."""
    series = ar1(count, correlation)
    errors = np.array([np.nan if e is None else e for e in map(standard_error, series)])
    known = np.isfinite(errors)
    assert known.mean() > 0.8
    assert np.median(errors[known]) == pytest.approx(true_error(count, correlation), rel=0.1)
    held = np.abs(series.mean(axis=1)) < errors
    assert 0.6 < held[known].mean() < 0.76, "one standard error holds 68 %"


def test_the_spread_over_the_root_of_n_would_be_too_small_by_far() -> None:
    series = ar1(300, 0.95)
    naive = series.std(axis=1) / np.sqrt(300)
    assert (np.abs(series.mean(axis=1)) < naive).mean() < 0.2


@pytest.mark.parametrize("correlation", [0.99, 0.997])
def test_there_is_none_where_frames_are_too_alike_to_tell(correlation: float) -> None:
    """300 frames of which neighbours correlate so are worth 2.2 and 1.3 independent ones."""
    known = [error for error in map(standard_error, ar1(300, correlation)) if error is not None]
    assert len(known) < 0.04 * SERIES


def test_a_smooth_curve_has_none() -> None:
    curve = 50.0 + np.sin(np.linspace(0.0, 5.0, 300))
    assert standard_error(curve) is None
    assert effective_count(curve) < LEAST_EFFECTIVE


def test_values_that_are_missing_or_few_leave_it_open() -> None:
    assert standard_error(np.array([1.0, np.nan, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0])) is None
    assert standard_error(np.array([1.0, 2.0])) is None
    assert standard_error(np.empty(0)) is None


def test_equal_values_have_no_error() -> None:
    assert standard_error(np.full(50, 0.3)) == pytest.approx(0.0)
