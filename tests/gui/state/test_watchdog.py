"""A job that gives no sign of life is spoken of, once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QObject

from engine import messages as m
from engine.requests import build_request
from engine.walk import Exploration
from gui.state.explorer_state import ExplorerState
from gui.state.watchdog import Watchdog
from tests.support.scripted_engine import MemoryFrames


class Watched:
    """A state with a job in progress, on a clock of the test's own."""

    def __init__(self) -> None:
        self.now = 100.0
        self.state = ExplorerState(MemoryFrames(), Exploration())
        self.watchdog = Watchdog(self.state, lambda: self.now)
        self.said: list[str] = []
        self.state.message_posted.connect(self._note)
        self.state.begin_job(build_request(self.state.exploration, 1))

    def _note(self, text: str, _details: str) -> None:
        self.said.append(text)

    def step(self, seconds: float) -> None:
        """A step of the sampler that takes so long."""
        self.now += seconds
        self.state.apply(m.Progress(1, 0, 61, 1, 20))

    def silence(self, seconds: float) -> None:
        self.now += seconds
        self.watchdog.check()


@pytest.fixture
def watched(qapp: QObject) -> Watched:
    return Watched()


def test_a_step_that_hangs_is_spoken_of_once(watched: Watched) -> None:
    for _ in range(5):
        watched.step(0.5)
    watched.silence(29.0)
    assert watched.said == []
    watched.silence(2.0)
    assert len(watched.said) == 1
    assert "one step for 31 s; steps before took 0.5 s" in watched.said[0]
    watched.silence(100.0)
    assert len(watched.said) == 1
    watched.step(1.0)
    watched.silence(31.0)
    assert len(watched.said) == 2


def test_slow_steps_are_given_ten_times_as_long(watched: Watched) -> None:
    for seconds in (20.0, 20.0, 20.0, 300.0):
        watched.step(seconds)
    watched.silence(199.0)
    assert watched.said == []
    watched.silence(2.0)
    assert len(watched.said) == 1


def test_a_loading_that_hangs_is_named(watched: Watched) -> None:
    watched.state.apply(m.ModelLoading(1, "Loading the UNet", 0.4))
    watched.silence(31.0)
    assert "“Loading the UNet”" in watched.said[0]


@pytest.mark.parametrize("end", [m.JobFinished(1, 1.0), m.JobCancelled(1)])
def test_silence_after_the_end_is_no_fault(watched: Watched, end: m.JobEvent) -> None:
    watched.state.apply(end)
    watched.silence(1000.0)
    assert watched.said == []


def test_a_new_job_is_judged_by_its_own_steps(watched: Watched) -> None:
    watched.step(50.0)
    watched.state.apply(m.JobFinished(1, 1.0))
    request = replace(build_request(watched.state.exploration, 2), draft_steps=4)
    watched.state.begin_job(request)
    watched.silence(31.0)
    assert len(watched.said) == 1
