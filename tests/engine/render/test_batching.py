"""How many frames at once: guessed, measured, remembered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine import messages as m
from engine.conditioning import Conditioning
from engine.errors import Cancelled
from engine.mailbox import JobControl
from engine.models.running.rows import Rows, rows_of_texts
from engine.render.batch_memory import BatchMemory
from engine.render.batching import Batching, measure_batch
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import Lane, Sampling, Walk
from tests.support.render_requests import WALK, make_request
from tests.support.texts import make_rich_text
from tests.support.tiny_models import make_tiny_model

SHAPE, TEXT = (4, 3, 3), make_rich_text()


class Crowded:
    """A device whose memory ends at some number of rows; larger batches cost nothing more."""

    device = torch.device("cpu")

    def __init__(self, rows: int) -> None:
        self.rows, self.asked = rows, list[int]()

    def time_state(self, timesteps: torch.Tensor, guidance: float) -> torch.Tensor:
        return timesteps

    def text_state(self, texts: Sequence[Conditioning]) -> Rows:
        return rows_of_texts(texts)

    def denoise(self, sample: torch.Tensor, *states: Any) -> torch.Tensor:
        self.asked.append(len(sample))
        if len(sample) > self.rows:
            raise torch.OutOfMemoryError("out of memory")
        return torch.randn(300, 300) @ torch.randn(300, 300)


def test_larger_batches_are_tried_until_memory_ends() -> None:
    model = Crowded(rows=25)
    assert measure_batch(model, SHAPE, TEXT, first=8) in (8, 12)
    assert sorted(set(model.asked)) == [16, 24, 32]


def test_a_slow_device_is_not_made_to_try() -> None:
    model = Crowded(rows=100)
    assert measure_batch(model, SHAPE, TEXT, first=1) == 1
    assert model.asked == []


def test_measuring_ends_in_time_however_slow_a_step_is(monkeypatch: pytest.MonkeyPatch) -> None:
    model, now = Crowded(rows=100), [0.0]
    honest = model.denoise

    def slow(sample: torch.Tensor, *states: Any) -> torch.Tensor:
        now[0] += 5.0
        return honest(sample, *states)

    monkeypatch.setattr(model, "denoise", slow)
    monkeypatch.setattr("engine.render.batching.time.perf_counter", lambda: now[0])
    assert measure_batch(model, SHAPE, TEXT, first=8) == 8
    assert model.asked == [16]


def test_measuring_can_be_cancelled() -> None:
    control = JobControl()
    control.cancel()
    with pytest.raises(Cancelled):
        measure_batch(Crowded(rows=100), SHAPE, TEXT, 8, control.check)


def test_starts_are_spread_over_the_run() -> None:
    batching = Batching(slots=4, few_first=True)
    assert batching.admits(active=0, lead=0, steps=20, shown=0)
    assert batching.admits(active=1, lead=2, steps=20, shown=1)
    assert not batching.admits(active=1, lead=1, steps=20, shown=1)
    assert not batching.admits(active=2, lead=2, steps=20, shown=1)
    assert not batching.admits(active=4, lead=19, steps=20, shown=1)


@pytest.mark.parametrize(("slots", "steps"), [(4, 20), (16, 20), (16, 30), (3, 4)])
def test_all_slots_are_filled_soon_and_a_free_one_at_once(slots: int, steps: int) -> None:
    batching, active = Batching(slots, few_first=True), 1
    starts = []
    for lead in range(steps):
        before = active
        while batching.admits(active, lead, steps, shown=100):
            active += 1
        starts.append(active - before)
    assert active == slots
    assert max(starts) <= -(-4 * slots // steps)  # never all at once
    assert sum(starts[: steps // 4 + 2]) == slots - 1
    assert batching.admits(slots - 1, lead=steps - 1, steps=steps, shown=100)


def test_the_first_frame_is_alone_all_its_way() -> None:
    batching = Batching(slots=4, few_first=True)
    for lead in (0, 10, 19):
        assert not batching.admits(active=1, lead=lead, steps=20, shown=0)
    assert batching.admits(active=1, lead=10, steps=20, shown=1)
    together = Batching(slots=4, few_first=False)
    assert together.admits(active=1, lead=5, steps=20, shown=0)


def test_few_share_the_device_until_the_walk_is_seen_as_a_whole() -> None:
    batching = Batching(slots=12, few_first=True)

    def most(shown: int) -> int:
        return next(k for k in range(1, 14) if not batching.admits(k, 19, 20, shown))

    assert [most(shown) for shown in (1, 8, 16)] == [8, 8, 8]
    assert [most(shown) for shown in (17, 18, 19, 20, 50)] == [9, 10, 11, 12, 12]


def test_in_order_frames_that_lie_far_apart_are_in_work_together(tmp_path: Path) -> None:
    request = make_request(make_tiny_model(tmp_path / "m"), replace(WALK, frames=400), batch=4)
    ticks = []
    for indices in (range(4), range(0, 400, 100)):
        asked = replace(request, indices=tuple(indices), in_order=True)
        events = Renderer(FrameStore()).run(asked, JobControl())
        ticks.append(sum(isinstance(event, m.Progress) for event in events))
    assert ticks[0] == ticks[1]


def test_a_number_is_remembered_between_runs(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "batches.json"
    BatchMemory(file).put("a", 12)
    BatchMemory(file).put("b", 3)
    assert (BatchMemory(file).get("a"), BatchMemory(file).get("b")) == (12, 3)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": "many"}', '{"a": -1}'])
def test_a_spoilt_file_counts_as_empty(tmp_path: Path, text: str) -> None:
    file = tmp_path / "batches.json"
    file.write_text(text)
    memory = BatchMemory(file)
    assert memory.get("a") is None
    memory.put("a", 5)
    assert memory.get("a") == 5


def test_the_second_run_uses_what_was_measured_after_the_first(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "tiny")
    memory = BatchMemory(tmp_path / "batches.json")
    lane = Lane("walk", Walk(frames=2))
    sampling = Sampling(steps=2, guidance=4.0, width=32, height=32)
    request = m.RenderRequest(1, str(folder), (lane,), sampling)

    def slots() -> int:
        events = Renderer(FrameStore(), batches=memory).run(request, JobControl())
        return next(e.info.batch for e in events if isinstance(e, m.ModelReady))

    renderer = Renderer(FrameStore(), batches=memory)
    *_, last = renderer.run(request, JobControl())
    assert isinstance(last, m.JobFinished)
    known: dict[str, int] = json.loads((tmp_path / "batches.json").read_text())
    (measured,) = (number for key, number in known.items() if not key.startswith("steady rows"))
    assert slots() == measured
