"""What the threads hand each other."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from engine import messages as m
from engine.errors import Cancelled
from engine.mailbox import JobControl, Outbox, RequestSlot
from engine.walk import Lane, Sampling, Walk


def _request(job: int) -> m.RenderRequest:
    return m.RenderRequest(job, "starter", (Lane("slerp", Walk()),), Sampling())


def _frame(index: int, tier: m.Tier) -> m.FrameReady:
    return m.FrameReady(1, 0, index, 0.0, tier, "", np.zeros((1, 1, 3), np.uint8))


def test_the_newest_request_wins_and_cancels_the_job_in_progress() -> None:
    slot = RequestSlot()
    slot.submit(_request(1))
    taken = slot.take()
    assert taken is not None
    slot.submit(_request(2))
    slot.submit(_request(3))
    assert taken[1].cancelled
    newest = slot.take()
    assert newest is not None
    assert newest[0] == _request(3)
    assert not newest[1].cancelled


def test_focus_reaches_the_job_in_progress_and_the_next_one() -> None:
    slot = RequestSlot()
    slot.submit(_request(1))
    taken = slot.take()
    assert taken is not None
    slot.focus(17)
    assert taken[1].focus == 17
    slot.submit(_request(2))
    following = slot.take()
    assert following is not None
    assert following[1].focus == 17


def test_cancel_drops_a_request_that_has_not_begun() -> None:
    slot = RequestSlot()
    slot.submit(_request(4))
    assert slot.cancel() == _request(4)
    slot.close()
    assert slot.take() is None


def test_a_request_after_a_pause_keeps_the_memory() -> None:
    slot = RequestSlot()
    slot.unload()
    slot.submit(_request(5))
    taken = slot.take()
    assert taken is not None
    assert taken[0] == _request(5)
    slot.probe(m.ProbeRequest(1, "starter", Walk(), Sampling(), 0.0, 0.0))
    following = slot.take()
    assert following is not None
    assert following[0] is not None, "None would ask to unload"


def test_a_probe_that_does_not_match_waits_for_the_end_of_the_job() -> None:
    slot = RequestSlot()
    probe = m.ProbeRequest(1, "starter", Walk(), Sampling(), 0.0, 1.0)
    slot.probe(probe)
    assert slot.take_probe(lambda p: False) is None
    assert slot.take_probe(lambda p: p.y == 1.0) == probe
    assert slot.take_probe(lambda p: True) is None


def test_waiting_for_a_probe_ends_with_one_with_a_cancel_and_in_time() -> None:
    slot = RequestSlot()
    slot.submit(_request(1))
    slot.take()
    assert slot.take_probe(lambda p: True, 0.01) is None
    probe = m.ProbeRequest(1, "starter", Walk(), Sampling(), 0.0, 1.0)
    for act in (lambda: slot.probe(probe), slot.cancel):
        timer = threading.Timer(0.05, act)
        timer.start()
        began = time.monotonic()
        found = slot.take_probe(lambda p: True, 30.0)
        assert time.monotonic() - began < 10.0
        assert found == (probe if act != slot.cancel else None)
        timer.join()


def test_a_draft_comes_before_the_finished_picture_and_replaces_an_older_one() -> None:
    slot = RequestSlot()
    final = m.ProbeRequest(1, "starter", Walk(), Sampling(), 0.0, 1.0)
    draft = replace(final, serial=2, draft_steps=4)
    slot.probe(final)
    slot.probe(draft)
    slot.probe(replace(draft, serial=3))
    slot.probe(replace(final, serial=4))
    taken = [slot.take_probe(lambda p: True) for _ in range(3)]
    assert [probe.serial if probe else 0 for probe in taken] == [3, 4, 0]


def test_a_question_about_memory_is_answered_first_and_during_a_job() -> None:
    slot, question = RequestSlot(), m.MemoryRequest("cpu")
    slot.submit(_request(1))
    slot.ask_memory(m.MemoryRequest())
    slot.ask_memory(question)
    taken = [slot.take(), slot.take()]
    assert [work[0] for work in taken if work is not None] == [question, _request(1)]
    slot.ask_memory(question)
    assert slot.take_memory() == question
    assert slot.take_memory() is None


def test_a_newer_answer_about_memory_replaces_an_older_one() -> None:
    outbox = Outbox(lambda: None)
    for free in (1, 2):
        outbox.post(m.DeviceMemory(free, gpu=False, half=False))
    assert outbox.drain() == [m.DeviceMemory(2, gpu=False, half=False)]


def test_a_cancelled_control_raises_at_the_next_check() -> None:
    control = JobControl()
    control.check()
    control.cancel()
    with pytest.raises(Cancelled):
        control.check()


def test_newer_previews_and_progress_replace_older_ones_finals_never() -> None:
    woken: list[int] = []
    outbox = Outbox(lambda: woken.append(1))
    outbox.post(_frame(0, m.Tier.PREVIEW))
    outbox.post(m.Progress(1, 0, 2, 1, 10))
    outbox.post(_frame(0, m.Tier.PREVIEW))
    outbox.post(_frame(0, m.Tier.FINAL))
    outbox.post(_frame(1, m.Tier.FINAL))
    outbox.post(m.Progress(1, 0, 2, 2, 10))
    events = outbox.drain()
    assert [type(e) for e in events] == [m.FrameReady] * 3 + [m.Progress]
    assert [e.tier for e in events if isinstance(e, m.FrameReady)] == [1, 3, 3]
    assert woken == [1]
    outbox.post(m.JobCancelled(1))
    assert woken == [1, 1]
    assert outbox.drain() == [m.JobCancelled(1)]


@pytest.mark.parametrize("tier", [m.Tier.DRAFT, m.Tier.FINAL])
def test_a_slow_window_makes_the_engine_wait_instead_of_memory_grow(tier: m.Tier) -> None:
    outbox = Outbox(lambda: None, limit=3)
    posted = threading.Semaphore(0)

    def work() -> None:
        for k in range(6):
            outbox.post(_frame(k, tier), JobControl())
            posted.release()

    worker = threading.Thread(target=work)
    worker.start()
    assert all(posted.acquire(timeout=5) for _ in range(3))
    assert not posted.acquire(timeout=0.2), "the fourth must wait"
    assert len(outbox.drain()) == 3
    worker.join(5)
    assert not worker.is_alive()
    assert len(outbox.drain()) == 3


def test_a_closed_outbox_holds_nobody_up() -> None:
    outbox = Outbox(lambda: None, limit=1)
    outbox.close()
    for k in range(5):
        outbox.post(_frame(k, m.Tier.FINAL))
    assert len(outbox.drain()) == 5
