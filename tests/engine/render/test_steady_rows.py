"""The same request gives the same frames, however many of them are drawn at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import messages as m
from engine.conditioning import Conditioning
from engine.errors import Cancelled
from engine.export.metadata import Provenance
from engine.mailbox import JobControl
from engine.models.load import open_model
from engine.models.running.rows import Rows, rows_of_texts
from engine.render.batch_memory import BatchMemory
from engine.render.renderer import Renderer
from engine.render.steady_rows import measure_steady_rows
from engine.store.frame_store import FrameStore
from engine.walk import STARTER, Exploration, Lane, Sampling, Walk
from tests.support.render_requests import SAMPLING, WALK, finals_of, make_request
from tests.support.texts import make_rich_text
from tests.support.tiny_models import make_tiny_model

SHAPE, TEXT = (4, 2, 2), make_rich_text()


def frames_of(request: m.RenderRequest) -> dict[tuple[int, int], m.FrameReady]:
    """The finished frames of a request, drawn by an engine that remembers nothing."""
    return finals_of(Renderer(FrameStore()).run(request, JobControl()))


def same_bits(ours: m.FrameReady, theirs: m.FrameReady) -> bool:
    assert ours.final is not None
    assert theirs.final is not None
    return np.array_equal(ours.final, theirs.final) and np.array_equal(ours.image, theirs.image)


@pytest.mark.parametrize(
    ("size", "guidance"), [((64, 72), 1.0), ((40, 56), 1.0), ((128, 128), 1.0), ((64, 72), 4.0)]
)
def test_frames_of_the_starter_model_do_not_depend_on_the_batch(
    size: tuple[int, int], guidance: float
) -> None:
    sampling = Sampling(steps=2, guidance=guidance, width=size[0], height=size[1])
    lane = Lane("walk", Walk(frames=8))
    request = m.RenderRequest(1, STARTER, (lane,), sampling, latents=True)
    alone = frames_of(replace(request, batch=1))
    assert len(alone) == 8
    for batch in (2, 3, 8):
        drawn = frames_of(replace(request, batch=batch))
        assert all(same_bits(drawn[key], alone[key]) for key in alone), batch


@pytest.mark.parametrize("width", [16, 32, 72])
def test_frames_of_another_model_do_not_depend_on_the_batch(tmp_path: Path, width: int) -> None:
    folder = make_tiny_model(tmp_path / "tiny")
    request = make_request(folder, sampling=replace(SAMPLING, steps=2, width=width))
    alone = frames_of(replace(request, batch=1))
    for batch in (2, 3, 8):
        drawn = frames_of(replace(request, batch=batch))
        assert all(same_bits(drawn[key], alone[key]) for key in alone), batch


def test_a_single_frame_is_the_one_of_the_whole_walk(tmp_path: Path) -> None:
    request = make_request(make_tiny_model(tmp_path / "tiny"), walk=replace(WALK, frames=8))
    whole, single = frames_of(request), frames_of(replace(request, indices=(5,)))
    assert same_bits(single[0, 5], whole[0, 5])


class Unsteady:
    """Rows of batches smaller than `steady` come out a little different."""

    device = torch.device("cpu")

    def __init__(self, steady: int) -> None:
        self.steady, self.asked = steady, list[int]()

    def time_state(self, timesteps: torch.Tensor, guidance: float) -> torch.Tensor:
        return timesteps

    def text_state(self, texts: Sequence[Conditioning]) -> Rows:
        return rows_of_texts(texts)

    def denoise(self, sample: torch.Tensor, times: torch.Tensor, texts: Rows) -> torch.Tensor:
        self.asked.append(len(sample))
        return sample + (1e-6 if len(sample) < self.steady else 0.0)


@pytest.mark.parametrize(("steady", "found"), [(1, 1), (2, 2), (3, 3), (7, 8), (12, 12), (13, 0)])
def test_the_least_number_of_rows_is_found(steady: int, found: int) -> None:
    assert measure_steady_rows(Unsteady(steady), SHAPE, TEXT) == found


def test_rows_that_are_seldom_different_are_found() -> None:
    class Seldom(Unsteady):
        def denoise(self, sample: torch.Tensor, times: torch.Tensor, texts: Rows) -> torch.Tensor:
            moved = super().denoise(sample, times, texts)
            return torch.where(sample[:, :1, :1, :1] > 1.0, moved, sample)

    assert measure_steady_rows(Seldom(3), SHAPE, TEXT) == 3


def test_a_model_without_memory_for_the_comparison_has_no_number() -> None:
    class Full(Unsteady):
        def denoise(self, *rows: Any) -> torch.Tensor:
            raise torch.OutOfMemoryError("out of memory")

    assert measure_steady_rows(Full(1), SHAPE, TEXT) == 0


def test_comparing_ends_in_time_with_what_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Unsteady(1)
    spent = "engine.render.steady_rows.time.process_time"
    monkeypatch.setattr(spent, lambda: 0.7 * len(model.asked))
    assert measure_steady_rows(model, SHAPE, TEXT) == 8
    assert model.asked == [24, 12, 12, 8, 8, 8]


def test_comparing_can_be_cancelled() -> None:
    control = JobControl()
    control.cancel()
    with pytest.raises(Cancelled):
        measure_steady_rows(Unsteady(1), SHAPE, TEXT, control.check)


def test_fewer_rows_are_filled_up(tmp_path: Path) -> None:
    model = open_model(str(make_tiny_model(tmp_path / "tiny")))
    sample = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(0))
    times = model.time_state(torch.full((7,), 500.0))
    texts = model.text_state(model.encode(["a cat"] * 7))
    expected = model.denoise(sample.repeat(7, 1, 1, 1), times, texts)
    model.keep_steady((4, 8, 8), 7)
    assert torch.equal(model.denoise(sample, times[:1], texts[:1]), expected[:1])


def test_the_number_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = BatchMemory(tmp_path / "batches.json")
    request = make_request(make_tiny_model(tmp_path / "tiny"), indices=(0,))
    list(Renderer(FrameStore(), batches=memory).run(request, JobControl()))
    assert '"steady rows, ' in (tmp_path / "batches.json").read_text()
    monkeypatch.setattr(
        "engine.render.model_resources.measure_steady_rows", lambda *_: pytest.fail("again")
    )
    frames = finals_of(Renderer(FrameStore(), batches=memory).run(request, JobControl()))
    assert len(frames) == 1


def test_a_moment_without_free_memory_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, request = tmp_path / "batches.json", make_request(make_tiny_model(tmp_path / "tiny"))
    with monkeypatch.context() as crowded:
        for user in ("batching", "model_resources"):
            crowded.setattr(f"engine.render.{user}.choose_batch", lambda *_: 1)
        frames = finals_of(
            Renderer(FrameStore(), batches=BatchMemory(file)).run(request, JobControl())
        )
    assert len(frames) == request.lanes[0].walk.frames
    assert not file.exists() or file.read_text().strip() in ("", "{}")
    list(Renderer(FrameStore(), batches=BatchMemory(file)).run(request, JobControl()))
    assert '"steady rows, ' in file.read_text()


def test_pictures_say_where_their_bits_depend_on_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.render.model_resources.measure_steady_rows", lambda *_: 0)
    request = make_request(make_tiny_model(tmp_path / "tiny"), indices=(0,))
    events = list(Renderer(FrameStore()).run(request, JobControl()))
    (info,) = (event.info for event in events if isinstance(event, m.ModelReady))
    assert not info.batch_exact
    text = Provenance.of(Exploration(), info, lambda *_: ()).parameters(0, 0)
    assert "may differ in rounding" in text
    exact = Provenance.of(Exploration(), replace(info, batch_exact=True), lambda *_: ())
    assert "rounding" not in exact.parameters(0, 0)
