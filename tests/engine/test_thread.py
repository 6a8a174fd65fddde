"""The engine on its own thread, with a real tiny model: events, cancel, supersede, stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QObject, Slot
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.store.frame_store import FrameStore
from engine.thread import EngineThread
from engine.walk import Keyframe, Lane, NoiseSource, Sampling, Walk
from tests.support.tiny_models import make_tiny_model

SAMPLING = Sampling(steps=10, guidance=4.0, width=32, height=32)
KEYS = (Keyframe("a cat", NoiseSource(1, 0)), Keyframe("a cat", NoiseSource(1, 1)))
TERMINAL = (m.JobFinished, m.JobCancelled, m.JobFailed)


class Listener(QObject):
    """Collects what the engine says, on the window's thread."""

    def __init__(self, engine: EngineThread) -> None:
        super().__init__()
        self._engine = engine
        self.events: list[m.Event] = []
        engine.wake.connect(self.collect)

    @Slot()
    def collect(self) -> None:
        self.events += self._engine.drain()

    def terminals(self, job: int) -> list[m.Event]:
        return [e for e in self.events if isinstance(e, TERMINAL) and e.job == job]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def engine(qapp: object) -> Iterator[EngineThread]:
    thread = EngineThread(FrameStore())
    thread.start()
    yield thread
    assert thread.stop(5000)


def _request(folder: Path, job: int, frames: int = 5, steps: int = 10) -> m.RenderRequest:
    lane = Lane("walk", Walk(keyframes=KEYS, frames=frames))
    sampling = Sampling(steps, 4.0, 32, 32)
    return m.RenderRequest(job, str(folder), (lane,), sampling)


def test_a_job_arrives_on_the_windows_thread_whole(
    qtbot: QtBot, engine: EngineThread, folder: Path
) -> None:
    listener = Listener(engine)
    engine.submit(_request(folder, 1))
    qtbot.waitUntil(lambda: bool(listener.terminals(1)), timeout=30000)
    finals = [e for e in listener.events if isinstance(e, m.FrameReady) and e.tier == m.Tier.FINAL]
    assert sorted(e.index for e in finals) == [0, 1, 2, 3, 4]
    assert [type(e) for e in listener.terminals(1)] == [m.JobFinished]


def test_cancel_leaves_the_engine_idle_soon_and_ready(
    qtbot: QtBot, engine: EngineThread, folder: Path
) -> None:
    listener = Listener(engine)
    engine.submit(_request(folder, 1, frames=500, steps=50))
    qtbot.waitUntil(lambda: any(isinstance(e, m.Progress) for e in listener.events), timeout=30000)
    engine.cancel()
    qtbot.waitUntil(lambda: bool(listener.terminals(1)), timeout=30000)
    assert listener.terminals(1) == [m.JobCancelled(1)]
    finals = [e for e in listener.events if isinstance(e, m.FrameReady) and e.tier == m.Tier.FINAL]
    assert len(finals) < 250
    engine.submit(_request(folder, 2))
    qtbot.waitUntil(lambda: bool(listener.terminals(2)), timeout=30000)
    assert isinstance(listener.terminals(2)[0], m.JobFinished)


def test_a_newer_request_takes_the_place_of_the_job_in_progress(
    qtbot: QtBot, engine: EngineThread, folder: Path
) -> None:
    listener = Listener(engine)
    engine.submit(_request(folder, 1, frames=500))
    qtbot.waitUntil(lambda: any(isinstance(e, m.Progress) for e in listener.events), timeout=30000)
    engine.submit(_request(folder, 2))
    qtbot.waitUntil(lambda: bool(listener.terminals(2)), timeout=30000)
    assert listener.terminals(1) == [m.JobCancelled(1)]


def test_an_unforeseen_exception_ends_the_job_with_details_and_not_the_engine(
    qtbot: QtBot, engine: EngineThread, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.render.sampling.sampler import Sampler

    listener = Listener(engine)
    with monkeypatch.context() as patch:
        patch.setattr(Sampler, "tick", lambda self: 1 // 0)
        engine.submit(_request(folder, 1))
        qtbot.waitUntil(lambda: bool(listener.terminals(1)), timeout=30000)
    (failure,) = listener.terminals(1)
    assert isinstance(failure, m.JobFailed)
    assert "ZeroDivisionError" in failure.message
    assert "Traceback" in failure.details
    engine.submit(_request(folder, 2))
    qtbot.waitUntil(lambda: bool(listener.terminals(2)), timeout=30000)
    assert isinstance(listener.terminals(2)[0], m.JobFinished)


def test_a_lost_device_is_named_and_does_not_end_the_engine(  # R25
    qtbot: QtBot, engine: EngineThread, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.render.sampling.sampler import Sampler

    def lost(_: object) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    listener = Listener(engine)
    with monkeypatch.context() as patch:
        patch.setattr(Sampler, "tick", lost)
        engine.submit(_request(folder, 1))
        qtbot.waitUntil(lambda: bool(listener.terminals(1)), timeout=30000)
    (failure,) = listener.terminals(1)
    assert isinstance(failure, m.JobFailed)
    assert "start the program again" in failure.message
    engine.submit(_request(folder, 2))
    qtbot.waitUntil(lambda: bool(listener.terminals(2)), timeout=30000)
    assert isinstance(listener.terminals(2)[0], m.JobFinished)


def test_an_engine_that_cannot_begin_says_why_to_each_request(
    qtbot: QtBot, qapp: object, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ImportError("no torch for this machine")

    monkeypatch.setattr("engine.render.renderer.Renderer.__init__", broken)
    engine = EngineThread(FrameStore())
    listener = Listener(engine)
    engine.start()
    for job in (1, 2):
        engine.submit(_request(folder, job))
        qtbot.waitUntil(lambda job=job: bool(listener.terminals(job)), timeout=10000)
        (failure,) = listener.terminals(job)
        assert isinstance(failure, m.JobFailed)
        assert "no torch for this machine" in failure.message
    assert engine.stop(5000)


def test_a_point_is_rendered_while_idle_and_after_the_memory_was_given_back(
    qtbot: QtBot, engine: EngineThread, folder: Path
) -> None:
    listener = Listener(engine)
    engine.pause()
    engine.probe(m.ProbeRequest(3, str(folder), Walk(keyframes=KEYS), SAMPLING, 0.5, 0.5))
    qtbot.waitUntil(
        lambda: any(isinstance(e, m.ProbeReady) and e.tier == 3 for e in listener.events),
        timeout=30000,
    )


def test_free_memory_is_told_while_idle_and_during_a_job(
    qtbot: QtBot, engine: EngineThread, folder: Path
) -> None:
    listener = Listener(engine)

    def answers() -> list[m.DeviceMemory]:
        return [event for event in listener.events if isinstance(event, m.DeviceMemory)]

    engine.ask_memory(m.MemoryRequest("no such device"))
    engine.ask_memory(m.MemoryRequest("cpu", "bf16"))
    qtbot.waitUntil(lambda: bool(answers()), timeout=30000)
    assert [(found.gpu, found.half) for found in answers()] == [(False, True)]
    assert 0 < answers()[0].free <= psutil.virtual_memory().total
    engine.submit(_request(folder, 1, frames=500, steps=50))
    qtbot.waitUntil(lambda: any(isinstance(e, m.Progress) for e in listener.events), timeout=30000)
    engine.ask_memory(m.MemoryRequest("cpu"))
    qtbot.waitUntil(lambda: len(answers()) == 2, timeout=30000)
    assert not listener.terminals(1), "the job goes on"


def test_stop_in_the_middle_of_a_job_ends_the_thread(
    qtbot: QtBot, qapp: object, folder: Path
) -> None:
    engine = EngineThread(FrameStore())
    listener = Listener(engine)
    engine.start()
    engine.submit(_request(folder, 1, frames=500))
    qtbot.waitUntil(lambda: any(isinstance(e, m.Progress) for e in listener.events), timeout=30000)
    assert engine.stop(5000)
    assert engine.isFinished()
