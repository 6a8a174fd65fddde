"""A bar: what was measured, with its 95 % interval, beside what is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Z = 1.96


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of the table: values in the unit named, and what they were measured on."""

    name: str
    estimate: Estimate
    least: float
    aim: float | None
    sample: str
    unit: str = "%"
    smaller_is_better: bool = False

    @property
    def passed(self) -> bool:
        """Whether the value reaches the least that is asked."""
        value = self.estimate.value
        return value <= self.least if self.smaller_is_better else value >= self.least


def share_of(hits: NDArray[np.bool_]) -> Estimate:
    """Percentage of hits, with Wilson's interval."""
    n, share = len(hits), float(hits.mean())
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * (share * (1 - share) / n + _Z**2 / (4 * n * n)) ** 0.5
    return Estimate(100 * share, 100 * max(0.0, middle - half), 100 * min(1.0, middle + half))


def mean_of(values: NDArray[np.float64]) -> Estimate:
    """Mean, with the interval of a normal distribution."""
    mean, half = float(values.mean()), _Z * float(values.std()) / max(1, len(values) - 1) ** 0.5
    return Estimate(mean, mean - half, mean + half)


def less_of(values: NDArray[np.float64], others: NDArray[np.float64]) -> Estimate:
    """By how many percent the mean of `values` is less than that of `others`, by bootstrap."""
    rng = np.random.default_rng(0)
    draws = rng.integers(0, len(values), (2000, len(values)))
    shares = 100 * (1 - values[draws].mean(axis=1) / others[draws].mean(axis=1))
    low, high = np.percentile(shares, (2.5, 97.5))
    return Estimate(100 * float(1 - values.mean() / others.mean()), float(low), float(high))


def exactly(value: float) -> Estimate:
    """A value without chance in it."""
    return Estimate(value, value, value)


def line(bar: Bar) -> str:
    """One row of the printed table."""
    sign = "≤" if bar.smaller_is_better else "≥"
    aim = "–" if bar.aim is None else f"{bar.aim:g}"
    verdict, e = "pass" if bar.passed else "FAIL", bar.estimate
    spread = f"[{e.low:.2f}, {e.high:.2f}]"
    return (
        f"{bar.name:<58} {e.value:7.2f} {bar.unit:<3} {spread:<18} {sign} {bar.least:g} "
        f"(aim {aim})  {verdict}  {bar.sample}"
    )
