"""The engine without a window: equal to diffusers itself, remembering, refining, cancelling."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

from engine import messages as m
from engine.mailbox import JobControl
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import Lane, MethodChoice, Sampling, Walk, with_method
from tests.support.render_requests import SAMPLING, WALK, finals_of, make_request
from tests.support.tiny_models import make_tiny_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def renderer() -> Renderer:
    return Renderer(FrameStore())


@cache
def _pipeline(folder: Path) -> StableDiffusionPipeline:
    pipe = StableDiffusionPipeline.from_pretrained(folder)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _diffusers(folder: Path, frame: m.FrameReady, walk: Walk, sampling: Sampling) -> Any:
    """What StableDiffusionPipeline makes of the same initial latent."""
    pipe = _pipeline(folder)
    time = frame.time
    texts = [k.prompt for k in walk.keyframes]
    first, _ = pipe.encode_prompt(texts[0], "cpu", 1, False)
    last, _ = pipe.encode_prompt(texts[1], "cpu", 1, False)
    negative, _ = pipe.encode_prompt(walk.negative, "cpu", 1, False)
    assert frame.initial is not None
    return (
        pipe(
            prompt_embeds=(1 - time) * first + time * last,
            negative_prompt_embeds=negative,
            latents=torch.tensor(frame.initial)[None],
            num_inference_steps=sampling.steps,
            guidance_scale=sampling.guidance,
            output_type="latent",
            height=sampling.height,
            width=sampling.width,
        )
        .images[0]
        .numpy()
    )


@pytest.mark.parametrize(("steps", "batch"), [(10, 1), (20, 3), (10, 4)])
def test_final_latents_are_those_of_diffusers(
    folder: Path, renderer: Renderer, steps: int, batch: int
) -> None:
    sampling = replace(SAMPLING, steps=steps)
    request = make_request(folder, sampling=sampling, batch=batch)
    frames = finals_of(renderer.run(request, JobControl()))
    assert len(frames) == WALK.frames
    for index in (0, 2, 6):
        frame = frames[0, index]
        assert frame.final is not None
        theirs = _diffusers(folder, frame, WALK, sampling)
        assert np.abs(frame.final - theirs).max() < 1e-3


@pytest.mark.parametrize(
    ("prediction", "scheduler"), [("v_prediction", "ddim"), ("epsilon", "euler")]
)
def test_the_models_own_scheduler_and_prediction_are_followed(
    tmp_path: Path, renderer: Renderer, prediction: str, scheduler: str
) -> None:
    folder = make_tiny_model(tmp_path / "m", prediction=prediction, scheduler=scheduler)
    frames = finals_of(renderer.run(make_request(folder, indices=(3,)), JobControl()))
    theirs = _diffusers(folder, frames[0, 3], WALK, SAMPLING)
    assert frames[0, 3].final is not None
    assert np.abs(frames[0, 3].final - theirs).max() < 1e-3


def test_without_guidance_the_conditional_prediction_stands_alone(
    folder: Path, renderer: Renderer
) -> None:
    sampling = replace(SAMPLING, guidance=1.0)
    request = make_request(folder, sampling=sampling, indices=(0,))
    frame = finals_of(renderer.run(request, JobControl()))[0, 0]
    assert frame.final is not None
    assert np.abs(frame.final - _diffusers(folder, frame, WALK, sampling)).max() < 1e-3


def test_a_job_tells_its_story_in_order(folder: Path, renderer: Renderer) -> None:
    events = list(renderer.run(make_request(folder), JobControl()))
    kinds = [type(e) for e in events]
    assert kinds[0] is m.ModelReady
    assert kinds[1:3] == [m.JobStarted, m.PathReady]
    assert kinds[-1] is m.JobFinished
    assert sum(k in (m.JobFinished, m.JobCancelled, m.JobFailed) for k in kinds) == 1
    order = [e.index for e in events if isinstance(e, m.FrameReady) and e.tier == m.Tier.FINAL]
    assert order[:2] == [0, 6]
    assert m.Tier.PREVIEW in {e.tier for e in events if isinstance(e, m.FrameReady)}


def test_the_same_request_again_is_read_and_equal(folder: Path, renderer: Renderer) -> None:
    first = finals_of(renderer.run(make_request(folder), JobControl()))
    again = finals_of(renderer.run(make_request(folder), JobControl()))
    assert [frame.cached for frame in again.values()] == [True] * WALK.frames
    assert all(np.array_equal(first[k].image, again[k].image) for k in first)


def test_a_walk_that_is_all_remembered_can_be_cancelled(folder: Path, renderer: Renderer) -> None:
    walk, quick = replace(WALK, frames=100), replace(SAMPLING, steps=1)
    request = make_request(folder, walk, sampling=quick, previews=False)
    assert len(finals_of(renderer.run(request, JobControl()))) == 100
    for in_order in (True, False):
        control, frames = JobControl(), 0
        for event in renderer.run(replace(request, in_order=in_order), control):
            frames += isinstance(event, m.FrameReady)
            if frames == 1:
                control.cancel()
        assert isinstance(event, m.JobCancelled)
        assert frames < 70


def test_in_order_what_is_remembered_does_not_run_away_from_what_is_not(folder: Path) -> None:
    """Whoever puts lanes together frame by frame holds what comes early: that must be bounded."""
    walk, quick = replace(WALK, frames=80), Sampling(steps=2, guidance=1.0, width=32, height=32)
    store, holed = FrameStore(), FrameStore()
    request = make_request(folder, walk, sampling=quick, batch=4, in_order=True)
    for (_, index), frame in finals_of(Renderer(store).run(request, JobControl())).items():
        stored = store.get(frame.key)
        if index != 5 and stored is not None:
            holed.put(frame.key, stored)
    events = list(Renderer(holed).run(request, JobControl()))
    order = [index for _, index in finals_of(events)]
    assert sorted(order) == list(range(80))
    assert order[:5] == [0, 1, 2, 3, 4]
    assert 5 < order.index(5) < 45, "some, but not all, while the missing one is in work"
    assert order[order.index(5) + 1 :] == list(range(order.index(5) + 1, 80))


def test_other_frames_and_methods_reuse_what_is_equal(folder: Path, renderer: Renderer) -> None:
    list(renderer.run(make_request(folder), JobControl()))
    twice = replace(WALK, frames=13)
    frames = finals_of(renderer.run(make_request(folder, twice), JobControl()))
    assert [frames[0, k].cached for k in range(13)] == [k % 2 == 0 for k in range(13)]
    linear = with_method(WALK, MethodChoice("linear"))
    frames = finals_of(renderer.run(make_request(folder, linear), JobControl()))
    assert [k for k in range(7) if frames[0, k].cached] == [0, 6]


def test_lanes_share_the_pictures_that_are_equal(folder: Path, renderer: Renderer) -> None:
    lanes = tuple(Lane(name, with_method(WALK, MethodChoice(name))) for name in ("linear", "slerp"))
    frames = finals_of(renderer.run(make_request(folder, lanes=lanes), JobControl()))
    assert len(frames) == 14
    assert np.array_equal(frames[0, 0].image, frames[1, 0].image)
    assert not np.array_equal(frames[0, 3].image, frames[1, 3].image)


def test_two_fresh_runs_are_bit_equal(folder: Path) -> None:
    runs = [
        finals_of(Renderer(FrameStore()).run(make_request(folder), JobControl())) for _ in range(2)
    ]
    assert len(runs[0]) == WALK.frames
    for key, frame in runs[0].items():
        assert np.array_equal(frame.image, runs[1][key].image)
        assert frame.final is not None
        assert np.array_equal(frame.final, runs[1][key].final)


def test_initial_latents_equal_the_formula(folder: Path, renderer: Renderer) -> None:
    generator = torch.Generator("cpu").manual_seed(1)
    a, b = (torch.randn((1, 4, 8, 8), generator=generator).double()[0].numpy() for _ in range(2))
    frames = finals_of(renderer.run(make_request(folder), JobControl()))
    cosine = np.vdot(a, b) / np.linalg.norm(a) / np.linalg.norm(b)
    phi = np.arccos(cosine)
    for (_, index), frame in frames.items():
        g = index / 6
        expected = (np.sin((1 - g) * phi) * a + np.sin(g * phi) * b) / np.sin(phi)
        assert frame.initial is not None
        assert np.abs(frame.initial - expected).max() < 1e-6


def test_a_cancelled_job_ends_at_the_next_step_and_the_next_one_works(
    folder: Path, renderer: Renderer
) -> None:
    control = JobControl()
    events = []
    for event in renderer.run(make_request(folder), control):
        events.append(event)
        if isinstance(event, m.Progress):
            control.cancel()
    assert sum(isinstance(e, m.Progress) for e in events) == 1
    assert events[-1] == m.JobCancelled(1)
    assert isinstance(list(renderer.run(make_request(folder), JobControl()))[-1], m.JobFinished)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model": "/nowhere/at/all"}, "nowhere"),
        ({"sampling": replace(SAMPLING, width=33)}, "multiples of 4 .* not 33×32; use 32×32"),
        ({"sampling": replace(SAMPLING, width=35)}, "multiples of 4 .* not 35×32; use 36×32"),
        ({"sampling": replace(SAMPLING, steps=0)}, "number of steps"),
        ({"sampling": replace(SAMPLING, solver="magic")}, "no solver called 'magic'"),
        ({"lanes": (Lane("x", with_method(WALK, MethodChoice("slrp"))),)}, "did you mean"),
    ],
)
def test_what_cannot_be_done_fails_with_one_sentence(
    folder: Path, renderer: Renderer, changes: dict[str, Any], sentence: str
) -> None:
    *_, last = renderer.run(make_request(folder, **changes), JobControl())
    assert isinstance(last, m.JobFailed)
    assert re.search(sentence, last.message)


def test_a_point_of_the_plane_is_rendered_like_a_frame(folder: Path, renderer: Renderer) -> None:
    events = list(renderer.run(make_request(folder), JobControl()))
    (path,) = (e for e in events if isinstance(e, m.PathReady))
    x, y = path.frames[3]
    walk = replace(WALK, keyframes=tuple(replace(k, prompt="a cat") for k in WALK.keyframes))
    probe = m.ProbeRequest(5, str(folder), walk, SAMPLING, float(x), float(y))
    events = list(renderer.probe(probe, JobControl()))
    ready = [e for e in events if isinstance(e, m.ProbeReady)][-1]
    frame = finals_of(renderer.run(make_request(folder, walk), JobControl()))[0, 3]
    assert ready.tier == m.Tier.FINAL
    assert ready.std == pytest.approx(1.0, abs=0.1)
    assert np.abs(ready.image.astype(int) - frame.image.astype(int)).max() <= 1


def test_a_probe_joins_the_job_in_progress(folder: Path, renderer: Renderer) -> None:
    waiting = [m.ProbeRequest(5, str(folder), WALK, SAMPLING, 0.2, 0.3)]

    def probes(matches: Any, wait: float = 0.0) -> m.ProbeRequest | None:
        return waiting.pop() if waiting and matches(waiting[0]) else None

    events = list(renderer.run(make_request(folder), JobControl(), probes))
    done = [k for k, e in enumerate(events) if isinstance(e, m.ProbeReady) and e.tier == 3]
    assert len(done) == 1
    assert done[0] < len(events) // 2
    assert len(finals_of(events)) == 7


def test_a_probe_waits_where_nobody_can_join_on_the_way(folder: Path, renderer: Renderer) -> None:
    lockstep = replace(SAMPLING, solver="scheduler")
    waiting = [m.ProbeRequest(5, str(folder), WALK, lockstep, 0.2, 0.3)]
    asked: list[float] = []

    def probes(matches: Any, wait: float = 0.0) -> m.ProbeRequest | None:
        asked.append(wait)
        # The first frames are two steps on their way by the third call.
        return waiting.pop() if len(asked) > 2 and waiting and matches(waiting[0]) else None

    events = list(renderer.run(make_request(folder, sampling=lockstep), JobControl(), probes))
    assert sum(isinstance(e, m.ProbeReady) and e.tier == m.Tier.FINAL for e in events) == 1
    assert len(finals_of(events)) == 7


def test_drafts_of_points_come_before_the_frames_and_are_remembered(
    folder: Path, renderer: Renderer
) -> None:
    draft = m.ProbeRequest(5, str(folder), WALK, SAMPLING, 0.2, 0.3, draft_steps=2)
    waiting = [replace(draft, serial=k, x=0.1 * min(k, 2)) for k in (3, 2, 1)]

    def probes(matches: Any, wait: float = 0.0) -> m.ProbeRequest | None:
        return waiting.pop() if waiting and matches(waiting[-1]) else None

    events = list(renderer.run(make_request(folder), JobControl(), probes))
    drafts = [k for k, e in enumerate(events) if isinstance(e, m.ProbeReady)]
    first = next(k for k, e in enumerate(events) if isinstance(e, m.FrameReady))
    assert len(drafts) == 3
    assert drafts[-1] < first
    ready = [e for e in events if isinstance(e, m.ProbeReady)]
    assert [e.tier for e in ready] == [m.Tier.DRAFT] * 3
    assert ready[2].image is ready[1].image, "the same point is read from the store"
    list(renderer.probe(replace(draft, draft_steps=0), JobControl()))
    (known,) = renderer.probe(draft, JobControl())
    assert isinstance(known, m.ProbeReady)
    assert known.tier == m.Tier.FINAL, "a finished point needs no draft"


def test_a_point_may_be_any_sum_of_noises(folder: Path, renderer: Renderer) -> None:
    point = WALK.keyframes[1]
    probe = m.ProbeRequest(5, str(folder), WALK, SAMPLING, 7.0, 8.0, point=point)
    ready = [e for e in renderer.probe(probe, JobControl()) if isinstance(e, m.ProbeReady)][-1]
    assert (ready.x, ready.y, ready.point) == (7.0, 8.0, point)
    frame = finals_of(renderer.run(make_request(folder), JobControl()))[0, 6]
    assert np.array_equal(ready.image, frame.image)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_draws_and_is_told_and_kept_apart(folder: Path, precision: str) -> None:
    renderer = Renderer(FrameStore())
    whole = finals_of(renderer.run(make_request(folder, device="cpu"), JobControl()))
    request = make_request(folder, device="cpu", precision=precision)
    events = list(renderer.run(request, JobControl()))
    (info,) = [e.info for e in events if isinstance(e, m.ModelReady)]
    assert info.precision == {"bf16": "bfloat16", "fp16": "float16"}[precision]
    half = finals_of(events)
    assert {f.key for f in half.values()}.isdisjoint(f.key for f in whole.values())
    gap = np.abs(half[0, 3].image.astype(int) - whole[0, 3].image).mean()
    assert 0 < gap < 16


def test_a_hub_model_that_is_not_here_is_named_and_not_fetched(renderer: Renderer) -> None:
    request = replace(make_request(Path("x")), model="nobody/knows-this-model")
    (event,) = renderer.run(request, JobControl())
    assert isinstance(event, m.JobFailed)
    assert event.missing == "nobody/knows-this-model"
    assert "nothing is downloaded unasked" in event.message


def test_a_frame_decoded_otherwise_says_so_when_it_is_recalled(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.models.loaded import DiffusionModel

    store = FrameStore()
    monkeypatch.setattr(DiffusionModel, "decode_note", "Decoded in tiles.")
    made = finals_of(Renderer(store).run(make_request(folder), JobControl()))
    monkeypatch.undo()
    recalled = finals_of(Renderer(store).run(make_request(folder), JobControl()))
    assert [frame.cached for frame in recalled.values()] == [True] * WALK.frames
    for frame in (*made.values(), *recalled.values()):
        assert frame.notes == ("Decoded in tiles.",)


@pytest.mark.parametrize("draft_steps", [0, 3])
def test_one_frame_that_is_not_finite_fails_alone(
    folder: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch, draft_steps: int
) -> None:
    from engine.geometry.walk_path import WalkPath

    honest = WalkPath.latent

    def spoilt(self: WalkPath, time: float) -> Any:
        latent = honest(self, time)
        return latent * np.nan if time == 0.5 else latent

    monkeypatch.setattr(WalkPath, "latent", spoilt)
    events = list(renderer.run(make_request(folder, draft_steps=draft_steps), JobControl()))
    failed = [e.index for e in events if isinstance(e, m.FrameFailed)]
    assert failed == [3]
    assert len(finals_of(events)) == 6


def test_pictures_that_are_forgotten_are_decoded_again_and_not_drawn(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.models.loaded import DiffusionModel

    store = FrameStore(memory_bytes=0)  # keeps the newest picture alone
    renderer, request = Renderer(store), make_request(folder, batch=1)
    drawn = finals_of(renderer.run(request, JobControl()))
    assert sum(store.get(frame.key) is not None for frame in drawn.values()) == 1

    def steps(self: DiffusionModel, *_: Any) -> torch.Tensor:
        raise AssertionError("it is drawn from nothing")

    monkeypatch.setattr(DiffusionModel, "denoise", steps)
    again = finals_of(renderer.run(request, JobControl()))
    assert again.keys() == drawn.keys()
    for place, frame in again.items():
        assert frame.cached
        assert np.array_equal(frame.image, drawn[place].image)
        assert np.array_equal(frame.final, drawn[place].final)


def test_the_memory_of_the_opened_model_counts_as_free(folder: Path) -> None:
    renderer = Renderer(FrameStore(), free=lambda device: 1000 if device.type == "cpu" else 0)
    question = m.MemoryRequest("cpu", "fp32")
    assert renderer.memory(question) == m.DeviceMemory(1000, gpu=False, half=False)
    info = next(
        event.info
        for event in renderer.run(make_request(folder), JobControl())
        if isinstance(event, m.ModelReady)
    )
    assert renderer.memory(question).free == 1000 + info.bytes_loaded > 1000
    renderer.unload()
    assert renderer.memory(replace(question, precision="bf16")).free == 1000
