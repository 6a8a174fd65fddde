"""Bootstrap intervals of means. The unit that is drawn is a row: a pair of noises, not a frame."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

Values = npt.NDArray[np.float64]

LEVEL, RESAMPLES = 0.95, 2000
#: Numbers that a batch of resamples may hold.
_BATCH_NUMBERS = 4_000_000
#: Weights of bootstrap draws that are in memory at once.
_WEIGHTS = 1_000_000
#: Rows with more are resampled by their percentiles, whose jackknife would take n² steps.
_MOST_ROWS_BCA = 2000


@dataclass(frozen=True, slots=True)
class Interval:
    """Means [...] with the ends of their 95 % intervals; NaN where there is none."""

    mean: Values
    low: Values
    high: Values

    def at(self, *index: int) -> tuple[float, float, float]:
        """Return mean, low and high of one mean."""
        return float(self.mean[index]), float(self.low[index]), float(self.high[index])


def mean_interval(values: Values, seed: int = 0) -> Interval:
    """The means of `values` [n, ...] over their n independent rows, with bootstrap intervals (BCa,
    Efron 1987; 2,000 resamples).

    The level is raised so that the interval is as wide as Student's for few rows (expanded
    percentile interval, Hesterberg, Am. Stat. 2015). Where all rows are equal, the ends are the
    mean; with one or two rows they are NaN. Rows with NaN must be left out before.
    """
    count = len(values)
    mean = values.mean(axis=0)
    if count < 3:  # of two rows, BCa has no acceleration, and the level would be 1
        return Interval(mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan))
    flat = values.reshape(count, -1)
    varies = np.ptp(flat, axis=0) > 1e-12 * np.abs(flat).max(axis=0, initial=0.0)
    low, high = (np.array(flat.mean(axis=0)) for _ in range(2))
    if varies.any():
        chosen = flat[:, varies]
        low[varies], high[varies] = _bootstrap(chosen, seed)
    return Interval(mean, low.reshape(mean.shape), high.reshape(mean.shape))


def _bootstrap(values: Values, seed: int) -> tuple[Values, Values]:
    """The ends of the intervals of the columns of `values` [n, k]."""
    count = len(values)
    found = stats.bootstrap(
        (values,),
        np.mean,
        axis=0,
        n_resamples=RESAMPLES,
        batch=max(1, _BATCH_NUMBERS // values.size),
        confidence_level=_expanded_level(count),
        method="BCa" if count <= _MOST_ROWS_BCA else "percentile",
        rng=np.random.default_rng(seed),
    )
    return found.confidence_interval.low, found.confidence_interval.high


def _expanded_level(count: int) -> float:
    """The level at which normal percentiles of n rows are as wide as Student's t at LEVEL."""
    student = stats.t.ppf((1 + LEVEL) / 2, count - 1) * math.sqrt(count / (count - 1))
    return float(2 * stats.norm.cdf(student) - 1)


def crossed_interval(values: Values, seed: int = 0) -> Interval:
    """The mean of `values` [pairs, prompts], with an interval for other pairs and other prompts.

    Rows and columns are drawn with replacement, each on its own (pigeonhole bootstrap, Owen, Ann.
    Appl. Stat. 2007), which is on the wide side. With a single row or column the ends are NaN.
    """
    rows, columns = values.shape
    mean = np.array(values.mean())
    if min(rows, columns) < 2:
        return Interval(mean, np.array(np.nan), np.array(np.nan))
    generator = np.random.default_rng(seed)
    tall = rows >= columns  # the products are kept by the shorter side
    first = [part @ values if tall else part for part in _weights(generator, rows)]
    kept, means, start = np.concatenate(first), [], 0
    for part in _weights(generator, columns):
        here = kept[start : start + len(part)]
        means.append(((part if tall else part @ values.T) * here).sum(axis=1))
        start += len(part)
    low, high = np.quantile(np.concatenate(means), ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Interval(mean, low, high)


def _weights(generator: np.random.Generator, count: int) -> Iterator[Values]:
    """Yields the weights [some, count] of RESAMPLES bootstrap draws of `count` units, a few draws
    at a time: those of 100,000 units take 1.6 GB."""
    step = max(1, _WEIGHTS // count)
    for done in range(0, RESAMPLES, step):
        draws = min(step, RESAMPLES - done)
        yield generator.multinomial(count, np.full(count, 1 / count), draws) / count
