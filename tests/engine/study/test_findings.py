"""The statistics of a study from its values: pairs are the unit, and prompts are their clusters."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from engine.statistics.intervals import mean_interval
from engine.study.findings import Findings, compare
from engine.study.statistics_files import write_statistics


def _values(pairs: int = 40, prompts: int = 3, frames: int = 5) -> np.ndarray:
    """Two methods; the first is ahead by 1 ± 0.5 of a pair, in all of its frames."""
    generator = np.random.default_rng(1)
    shared = generator.normal(size=(pairs, prompts, 1, frames))
    ahead = 1 + 0.5 * generator.normal(size=(pairs, 1, 1, 1))
    return np.concatenate([shared + ahead, shared], axis=2)


def test_a_difference_is_paired_and_known() -> None:
    values = _values()
    found = compare(values, ("linear", "slerp"))
    assert found is not None
    (difference,) = found.differences
    assert (difference.first, difference.second) == ("linear", "slerp")
    each = (values[:, 0, 0] - values[:, 0, 1])[:, 0]
    assert difference.whole.mean == pytest.approx(each.mean())
    assert difference.whole.effect == pytest.approx(each.mean() / each.std(ddof=1))
    assert (difference.whole.low, difference.whole.high) == pytest.approx(
        mean_interval(each).at()[1:]
    )
    assert difference.whole.high - difference.whole.low < 0.5
    assert len(difference.by_gamma) == 5


def test_more_frames_or_prompts_of_the_same_pairs_are_no_more_evidence() -> None:
    values = _values()
    doubled = np.concatenate([values, values], axis=1)
    longer = np.concatenate([values, values], axis=3)
    widths = []
    for one in (values, doubled, longer):
        found = compare(one, ("linear", "slerp"))
        assert found is not None
        widths.append(found.means[0].whole.high - found.means[0].whole.low)
    assert widths[1:] == pytest.approx([widths[0]] * 2)


def test_incomplete_pairs_are_left_out_and_counted() -> None:
    values = _values()
    values[3, 1, 0, 2] = np.nan
    found = compare(values, ("linear", "slerp"))
    assert found is not None
    assert (found.pairs, found.left_out) == (39, 1)
    assert compare(np.full_like(values, np.nan), ("linear", "slerp")) is None


def test_equal_methods_are_said_to_be_equal() -> None:
    values = _values()[:, :, [0, 0, 1]]
    found = compare(values, ("spline", "normalized", "slerp"))
    assert found is not None
    assert [difference.equal for difference in found.differences] == [True, False, False]


def test_the_statistics_are_written_by_gamma(tmp_path: Path) -> None:
    found = compare(_values(), ("linear", "slerp"))
    assert found is not None
    findings = Findings("starter", 1.5, "sharpness", np.linspace(0, 1, 5), found)
    write_statistics(tmp_path, [findings])
    rows = list(csv.DictReader((tmp_path / "differences.csv").read_text("utf-8").splitlines()))
    assert [row["gamma"] for row in rows] == ["", "0.0", "0.25", "0.5", "0.75", "1.0"]
    assert float(rows[0]["share"]) == found.differences[0].whole.share
    means = list(csv.DictReader((tmp_path / "means.csv").read_text("utf-8").splitlines()))
    assert len(means) == 2 * 6
