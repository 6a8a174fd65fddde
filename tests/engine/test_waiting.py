"""What the person's environment says about waiting threads is left alone."""

from __future__ import annotations

import pytest

from engine.waiting import wait_briefly


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"GOMP_SPINCOUNT": "5000"}),
        ({"GOMP_SPINCOUNT": "7"}, {"GOMP_SPINCOUNT": "7"}),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, {"OMP_WAIT_POLICY": "ACTIVE"}),
    ],
)
def test_threads_wait_briefly(before: dict[str, str], after: dict[str, str]) -> None:
    wait_briefly(before)
    assert before == after
