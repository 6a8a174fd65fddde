"""Threads wait briefly for each other, unless the environment says so, and not for the engine's."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.render.cpu_sharing import give_way, wait_briefly


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


@pytest.mark.skipif(sys.platform != "linux", reason="niceness belongs to the process elsewhere")
def test_a_thread_gives_way_with_those_that_it_starts_and_no_other() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def inside() -> tuple[int, int]:
        give_way()
        with ThreadPoolExecutor(1) as pool:
            return niceness(), pool.submit(niceness).result()

    before = niceness()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(inside).result() == (min(before + 5, 19),) * 2
    assert niceness() == before
