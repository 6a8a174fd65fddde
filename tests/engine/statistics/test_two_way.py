"""Shares of variance: known tables, and coverage in simulation."""

from __future__ import annotations

import numpy as np
import pytest

from engine.statistics.two_way import two_way


def _table(
    generator: np.random.Generator, stds: tuple[float, float, float], shape: tuple[int, int, int]
) -> np.ndarray:
    rows, columns, k = shape
    first, second, both = stds
    return (
        first * generator.normal(size=(rows, 1, k))
        + second * generator.normal(size=(1, columns, k))
        + both * generator.normal(size=shape)
    )


def test_a_table_that_only_the_noise_decides() -> None:
    found = two_way(np.tile(np.arange(5.0), (4, 1)))
    assert [s.share for s in found] == pytest.approx([0, 1, 0])
    assert [s.degrees for s in found] == [3, 4, 12]


def test_equal_pictures_have_no_shares() -> None:
    assert [s.share for s in two_way(np.ones((4, 5, 2)))] == [0, 0, 0]


def test_a_known_table() -> None:
    """Mean squares by hand: 24, 6 and 0 for an additive table."""
    values = np.array([[0.0], [2.0], [4.0]]) + np.array([[0.0, 1.0, 2.0, 3.0]])
    found = two_way(values)
    assert [s.mean_square for s in found] == pytest.approx([16.0, 5.0, 0.0])
    assert [s.share for s in found] == pytest.approx([4 / (4 + 5 / 3), (5 / 3) / (4 + 5 / 3), 0])


def test_too_few_prompts_are_an_error() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        two_way(np.ones((2, 9)))


@pytest.mark.parametrize(
    ("stds", "shape"),
    [((1.0, 1.0, 1.0), (6, 16, 1)), ((1.0, 2.0, 1.0), (8, 24, 3)), ((2.0, 1.0, 0.5), (12, 24, 1))],
)
def test_the_interval_covers_the_true_share(
    stds: tuple[float, float, float], shape: tuple[int, int, int]
) -> None:
    """At least 92 of 100, each source on its own, in 150 simulated tables."""
    generator, truth = np.random.default_rng(1), np.square(stds) / np.square(stds).sum()
    covered = np.zeros(3)
    for _ in range(150):
        found = two_way(_table(generator, stds, shape))
        covered += [s.low <= t <= s.high for s, t in zip(found, truth, strict=True)]
    assert (covered >= 0.92 * 150).all()
