"""The table of a step's operations: a column for each number of rows, shares that sum to one."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.walk import Sampling
from tests.benchmarks.operations_case import ROWS, operations_table
from tests.benchmarks.workloads import Workload
from tests.support.tiny_models import make_tiny_model


def test_the_shares_of_a_step_sum_to_one(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "tiny")
    table = operations_table(Workload("tiny", str(folder), Sampling(10, 4.0, 32, 32), downscale=4))
    rows = {cells[0]: cells[1:] for line in table.splitlines() if (cells := _cells(line))}
    assert rows.pop("rows") == list(map(str, ROWS))
    assert all(float(time) > 0.0 for time in rows.pop("ms a step"))
    shares = {kind: [float(cell.rstrip("%")) for cell in cells] for kind, cells in rows.items()}
    for kind in ("convolution", "attention", "matrix product", "group norm"):
        assert all(share > 0.0 for share in shares[kind]), kind
    for column in zip(*shares.values(), strict=True):
        assert sum(column) == pytest.approx(100.0, abs=1.0)


def _cells(line: str) -> list[str]:
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    return cells if line.startswith("|") and "-" not in cells[0] else []
