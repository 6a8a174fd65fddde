"""Walks on models of every family: frames, previews, drafts, points of the plane, known frames."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import messages as m
from engine.mailbox import JobControl
from engine.models.loaded import DiffusionModel
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import Keyframe, Lane, NoiseSource, Sampling, Walk
from tests.support import tiny_families
from tests.support.render_requests import finals_of
from tests.support.tiny_families.contract import TinyFamily

MODELS: dict[str, TinyFamily] = {
    tiny.family: tiny
    for module in pkgutil.iter_modules(tiny_families.__path__)
    if module.name != "contract"
    for tiny in reversed(importlib.import_module(f"{tiny_families.__name__}.{module.name}").MODELS)
}
each_family = pytest.mark.parametrize("name", MODELS)
pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return cache(lambda name: MODELS[name].write(tmp_path_factory.mktemp(name)))


def request_for(folder: Path, tiny: TinyFamily, **changes: Any) -> m.RenderRequest:
    width, height = tiny.sizes[-1]
    walk = Walk(
        keyframes=tuple(
            Keyframe(prompt, NoiseSource(1, draw)) for draw, prompt in enumerate(tiny.prompts)
        ),
        negative=tiny.negative,
        frames=3,
    )
    sampling = Sampling(tiny.steps, tiny.guidances[0], width, height)
    request = m.RenderRequest(1, str(folder), (Lane("walk", walk),), sampling, latents=True)
    return replace(request, device="cpu", **changes)


def failures(events: list[m.Event]) -> list[m.Event]:
    return [e for e in events if isinstance(e, m.JobFailed | m.FrameFailed | m.ProbeFailed)]


@each_family
def test_a_walk_is_rendered_with_all_that_belongs_to_it(folders: Any, name: str) -> None:
    tiny, renderer = MODELS[name], Renderer(FrameStore())
    width, height = tiny.sizes[-1]
    request = request_for(folders(name), tiny, draft_steps=1)
    events = list(renderer.run(request, JobControl()))
    assert failures(events) == []
    finals = finals_of(events)
    assert sorted(finals) == [(0, 0), (0, 1), (0, 2)]
    for frame in finals.values():
        assert frame.image.shape == (height, width, 3)
        assert frame.final is not None
        assert np.isfinite(frame.final).all()
    tiers = {e.tier for e in events if isinstance(e, m.FrameReady)}
    assert {m.Tier.DRAFT, m.Tier.FINAL} <= tiers
    (info,) = [e.info for e in events if isinstance(e, m.ModelReady)]
    assert width % info.multiple == 0
    again = finals_of(renderer.run(request, JobControl()))
    assert all(frame.cached for frame in again.values())
    assert {k: f.key for k, f in again.items()} == {k: f.key for k, f in finals.items()}


@each_family
def test_a_point_of_the_plane_is_rendered(folders: Any, name: str) -> None:
    tiny, renderer = MODELS[name], Renderer(FrameStore())
    request = request_for(folders(name), tiny)
    probe = m.ProbeRequest(
        serial=7,
        walk=request.lanes[0].walk,
        x=0.5,
        y=0.2,
        time=0.5,
        model=request.model,
        sampling=request.sampling,
        device="cpu",
    )
    events = list(renderer.probe(probe, JobControl()))
    assert failures(events) == []
    ready = [e for e in events if isinstance(e, m.ProbeReady) and e.tier == m.Tier.FINAL]
    assert [e.serial for e in ready] == [7]


@each_family
def test_ends_of_a_rendered_walk_are_the_plain_pictures(folders: Any, name: str) -> None:
    """Bit for bit where the model says so, although frames are computed beside others."""
    tiny = MODELS[name]
    request = request_for(folders(name), tiny)
    events = list(Renderer(FrameStore()).run(request, JobControl()))
    finals = finals_of(events)
    exact = next(e.info.batch_exact for e in events if isinstance(e, m.ModelReady))
    walk = request.lanes[0].walk
    for index, keyframe in ((0, walk.keyframes[0]), (2, walk.keyframes[1])):
        alone = replace(walk, keyframes=(keyframe, keyframe), frames=2)
        single = replace(request, lanes=(Lane("alone", alone),), indices=(0,))
        (frame,) = finals_of(Renderer(FrameStore()).run(single, JobControl())).values()
        assert frame.key == finals[0, index].key
        assert frame.final is not None
        found = finals[0, index].final
        assert found is not None
        assert np.abs(frame.final - found).max() <= (0.0 if exact else 2e-5)


def test_texts_are_encoded_once_and_kept_for_the_next_start(
    folders: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where text encoders do not fit beside the denoiser: then they are not opened again."""
    tiny = MODELS["sd3"]
    request = request_for(folders("sd3"), tiny)
    first = finals_of(Renderer(FrameStore(folder=tmp_path / "a")).run(request, JobControl()))
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "texts").rename(tmp_path / "b" / "texts")

    def refuse(*_: Any, **__: Any) -> Any:
        pytest.fail("encoded again")

    monkeypatch.setattr(DiffusionModel, "encode", refuse)
    monkeypatch.setattr("engine.models.load.free_memory", lambda _: 0)
    again = finals_of(Renderer(FrameStore(folder=tmp_path / "b")).run(request, JobControl()))
    assert [f.key for f in again.values()] == [f.key for f in first.values()]
    assert not any(frame.cached for frame in again.values())


def test_frames_of_fewer_bits_are_told_and_kept_apart(folders: Any) -> None:
    pytest.importorskip("bitsandbytes", reason="the optional library of weights of few bits")
    renderer, tiny = Renderer(FrameStore()), MODELS["pixart-sigma"]
    keys: set[str] = set()
    for bits in (0, 8, 4):
        request = request_for(folders(tiny.family), tiny, weight_bits=bits)
        events = list(renderer.run(request, JobControl()))
        assert failures(events) == []
        (info,) = [e.info for e in events if isinstance(e, m.ModelReady)]
        assert info.weight_bits == bits
        frames = finals_of(events)
        assert len(frames) == 3
        assert keys.isdisjoint(frame.key for frame in frames.values())
        keys |= {frame.key for frame in frames.values()}
