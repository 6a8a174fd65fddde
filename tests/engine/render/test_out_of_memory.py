"""Steps that do not fit the device's memory: fewer frames at once, and nothing is lost."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import pytest
import torch

from engine import messages as m
from engine.mailbox import JobControl
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from tests.support.render_requests import finals_of, make_request
from tests.support.tiny_models import make_tiny_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def renderer() -> Renderer:
    return Renderer(FrameStore())


def allow_rows(most: int, patch: pytest.MonkeyPatch) -> None:
    """Steps of more rows run out of memory."""
    from engine.models.loaded import DiffusionModel

    denoise = DiffusionModel.denoise

    def cramped(self: DiffusionModel, sample: torch.Tensor, *rest: Any) -> torch.Tensor:
        if len(sample) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return denoise(self, sample, *rest)

    patch.setattr(DiffusionModel, "denoise", cramped)


def test_out_of_memory_halves_the_batch_and_says_so(
    folder: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow_rows(4, monkeypatch)
    frames = finals_of(renderer.run(make_request(folder, batch=8), JobControl()))
    assert len(frames) == 7
    assert any("Memory" in note for frame in frames.values() for note in frame.notes)


def test_what_was_said_of_a_frame_comes_back_from_the_disk(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def frames() -> dict[tuple[int, int], m.FrameReady]:
        renderer = Renderer(FrameStore(folder=tmp_path))
        return finals_of(renderer.run(make_request(folder, batch=8), JobControl()))

    with monkeypatch.context() as patched:
        allow_rows(4, patched)
        drawn = frames()
    cached = frames()
    assert all(frame.cached for frame in cached.values())
    assert any(frame.notes for frame in drawn.values())
    assert {k: f.notes for k, f in cached.items()} == {k: f.notes for k, f in drawn.items()}


def test_memory_that_ends_again_on_the_way_down_is_no_end(
    folder: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.models.loaded import DiffusionModel

    list(renderer.run(make_request(folder, indices=(0,)), JobControl()))  # the model is open
    denoise, text_state, full = DiffusionModel.denoise, DiffusionModel.text_state, [False]

    def cramped(self: DiffusionModel, sample: torch.Tensor, *rest: Any) -> torch.Tensor:
        if len(sample) > 4:
            full[0] = True
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return denoise(self, sample, *rest)

    def once_more(self: DiffusionModel, texts: Any) -> Any:
        if full[0]:
            full[0] = False
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB")
        return text_state(self, texts)

    monkeypatch.setattr(DiffusionModel, "denoise", cramped)
    monkeypatch.setattr(DiffusionModel, "text_state", once_more)
    events = list(renderer.run(make_request(folder, batch=8), JobControl()))
    assert len(finals_of(events)) == 7
    assert isinstance(events[-1], m.JobFinished)


def test_what_ran_out_of_memory_is_let_go_before_it_is_tried_again(
    folder: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.models.loaded import DiffusionModel
    from engine.render import frame_work

    honest, held = DiffusionModel.denoise, []
    alive: list[bool] = []

    def cramped(self: DiffusionModel, sample: torch.Tensor, *rest: Any) -> torch.Tensor:
        if len(sample) > 4:
            activations = torch.zeros(8)
            held.append(weakref.ref(activations))
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return honest(self, sample, *rest)

    def release(device: torch.device) -> None:
        alive.append(held[-1]() is not None)

    monkeypatch.setattr(DiffusionModel, "denoise", cramped)
    monkeypatch.setattr(frame_work, "release_memory", release)
    assert len(finals_of(renderer.run(make_request(folder, batch=8), JobControl()))) == 7
    assert alive
    assert not any(alive)
