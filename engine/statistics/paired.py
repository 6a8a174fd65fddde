"""Paired differences between two methods, with effect size, share of pairs, and pairs needed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from engine.statistics.intervals import LEVEL, Values, mean_interval

#: Wanted probability to find a difference that is there.
POWER = 0.8
_MOST_PAIRS = 10**9


@dataclass(frozen=True, slots=True)
class Paired:
    """The difference A − B of two methods over the same pairs of noises.

    `effect` is Cohen's d_z, the mean over the std of the differences. `share` is the share of pairs
    with A > B (a tie counts half), with Wilson's interval. `p` is that of Wilcoxon's signed-rank
    test. `needed` is the number of pairs that finds a difference of this size with a power of 80 %;
    None if there is no difference.
    """

    pairs: int
    mean: float
    low: float
    high: float
    effect: float
    share: float
    share_low: float
    share_high: float
    p: float
    needed: int | None


def paired(differences: Values, seed: int = 0) -> Paired:
    """Compares from the differences [n] of n independent pairs of noises."""
    return paired_columns(differences[:, None], seed)[0]


def paired_columns(differences: Values, seed: int = 0) -> tuple[Paired, ...]:
    """Compares from the differences [n, k] of n independent pairs, for each of k columns."""
    interval = mean_interval(differences, seed)
    columns = range(differences.shape[1])
    return tuple(_compared(differences[:, k], interval.at(k)) for k in columns)


def _compared(differences: Values, interval: tuple[float, float, float]) -> Paired:
    count, mean = len(differences), interval[0]
    spread = float(differences.std(ddof=1)) if count > 1 else math.nan
    ahead = float((differences > 0).sum()) + float((differences == 0).sum()) / 2
    share_low, share_high = _wilson(ahead / count, count)
    effect = mean / spread if spread > 0 else 0.0 if mean == 0 else math.copysign(math.inf, mean)
    return Paired(
        count,
        *interval,
        effect if count > 1 else math.nan,
        ahead / count,
        share_low,
        share_high,
        _signed_rank(differences),
        pairs_needed(effect) if count > 1 else None,
    )


def _wilson(share: float, count: int) -> tuple[float, float]:
    """The ends of the interval of a share of `count` pairs (Wilson, J. Am. Stat. Assoc. 1927). The
    number of pairs in it need not be whole: a tie is half of one."""
    z = float(stats.norm.ppf((1 + LEVEL) / 2))
    whole = 1 + z * z / count
    centre = (share + z * z / (2 * count)) / whole
    half = z / whole * math.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def _signed_rank(differences: Values) -> float:
    """The p-value of Wilcoxon's test; 1 if all differences are 0."""
    if not np.any(differences):
        return 1.0
    return float(stats.wilcoxon(differences).pvalue)


def pairs_needed(effect: float, power: float = POWER) -> int | None:
    """The least number of pairs with which a two-sided paired t-test at 5 % finds an effect d_z
    with this power, from the noncentral t distribution. None for no effect."""
    if not effect or math.isnan(effect):
        return None
    if math.isinf(effect):
        return 2
    low, high = 1, 2
    while power_of(effect, high) < power:
        low, high = high, 2 * high
        if high > _MOST_PAIRS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_of(effect, middle) >= power else (middle, high)
    return high


def power_of(effect: float, pairs: int) -> float:
    """The probability that a two-sided paired t-test at 5 % with so many pairs finds an effect."""
    shift, degrees = abs(effect) * math.sqrt(pairs), pairs - 1
    limit = stats.t.ppf((1 + LEVEL) / 2, degrees)
    if shift > 35:  # scipy's noncentral t has no such values
        return 1.0
    return float(stats.nct.sf(limit, degrees, shift) + stats.nct.cdf(-limit, degrees, shift))
