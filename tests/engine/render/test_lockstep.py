"""Schedulers that are no table: equal to the pipeline that uses them, all frames in step."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

from engine import messages as m
from engine.conditioning import Array32
from engine.mailbox import JobControl
from engine.models.inspection.check import check_model
from engine.models.inspection.recommended_settings import recommended
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import Keyframe, Lane, NoiseSource, Sampling, Walk
from tests.support.tiny_models import make_tiny_model

SAMPLING = Sampling(steps=6, guidance=4.0, width=32, height=32, solver="scheduler")
ENDS = (Keyframe("a cat", NoiseSource(1, 0)), Keyframe("a cat", NoiseSource(1, 1)))
WALK = Walk(keyframes=ENDS, negative="of a", frames=3)
#: Multistep, two calls a step, noise between the steps, and a schedule that starts at σ ≫ 1.
CLASSES = (
    "PNDMScheduler",
    "HeunDiscreteScheduler",
    "UniPCMultistepScheduler",
    "EulerAncestralDiscreteScheduler",
    "LCMScheduler",
    "TCDScheduler",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def _with_scheduler(folder: Path, name: str) -> Path:
    """The folder, naming another scheduler."""
    index, config = folder / "model_index.json", folder / "scheduler" / "scheduler_config.json"
    names = json.loads(index.read_text())
    index.write_text(json.dumps({**names, "scheduler": ["diffusers", name]}))
    kept = ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "steps_offset")
    options = {k: v for k, v in json.loads(config.read_text()).items() if k in kept}
    extra = {"skip_prk_steps": True} if name == "PNDMScheduler" else {}
    config.write_text(json.dumps({"_class_name": name, **options, **extra}))
    return folder


def _request(folder: Path, **changes: Any) -> m.RenderRequest:
    request = m.RenderRequest(1, str(folder), (Lane("walk", WALK),), SAMPLING, latents=True)
    return replace(request, **changes)


def _run(folder: Path, **changes: Any) -> list[m.Event]:
    return list(Renderer(FrameStore()).run(_request(folder, **changes), JobControl()))


def _finals(events: list[m.Event]) -> dict[int, m.FrameReady]:
    frames = [e for e in events if isinstance(e, m.FrameReady) and e.tier == m.Tier.FINAL]
    return {frame.index: frame for frame in frames}


def _theirs(folder: Path, frame: m.FrameReady, steps: int, guidance: float) -> Array32:
    """The z_0 that the pipeline makes of the frame's z_T."""
    pipe = StableDiffusionPipeline.from_pretrained(folder)
    pipe.set_progress_bar_config(disable=True)
    latents: torch.Tensor = pipe(
        "a cat",
        negative_prompt="of a",
        latents=torch.tensor(frame.initial)[None],
        generator=torch.Generator().manual_seed(0),
        num_inference_steps=steps,
        guidance_scale=guidance,
        output_type="latent",
        height=32,
        width=32,
    ).images[0]
    return latents.numpy()


@pytest.mark.parametrize("name", CLASSES)
def test_frames_are_those_of_the_pipeline(folder: Path, name: str) -> None:
    frame = _finals(_run(_with_scheduler(folder, name)))[1]
    theirs = _theirs(folder, frame, SAMPLING.steps, SAMPLING.guidance)
    assert np.abs(frame.final - theirs).max() < 1e-3


def test_the_batch_changes_no_frame(folder: Path) -> None:
    _with_scheduler(folder, "EulerAncestralDiscreteScheduler")
    alone, together = (_finals(_run(folder, batch=n)) for n in (1, 4))
    for index, frame in alone.items():
        assert np.abs(frame.final - together[index].final).max() < 1e-4


def test_it_shows_previews_and_progress(folder: Path) -> None:
    events = _run(_with_scheduler(folder, "HeunDiscreteScheduler"))
    tiers = {e.tier for e in events if isinstance(e, m.FrameReady)}
    assert m.Tier.PREVIEW in tiers
    steps = {e.steps for e in events if isinstance(e, m.Progress)}
    assert steps == {2 * SAMPLING.steps - 1}


def _with_flow(folder: Path, **options: Any) -> Path:
    """The folder of a model that was trained as a rectified flow."""
    _with_scheduler(folder, "FlowMatchEulerDiscreteScheduler")
    content = {"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0, **options}
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(content))
    return folder


def test_a_flow_model_is_drawn_alike_by_its_scheduler_and_by_the_table(tmp_path: Path) -> None:
    folder = _with_flow(make_tiny_model(tmp_path / "tiny"))
    by_table = _finals(_run(folder, sampling=replace(SAMPLING, solver="")))
    by_scheduler = _finals(_run(folder))
    for index, frame in by_table.items():
        assert np.abs(frame.final - by_scheduler[index].final).max() < 1e-4
    events = _run(folder)
    assert m.Tier.PREVIEW in {e.tier for e in events if isinstance(e, m.FrameReady)}
    *_, last = _run(folder, sampling=replace(SAMPLING, solver="ddim"))
    assert isinstance(last, m.JobFailed)
    assert "'ddim' cannot be used with this flow model" in last.message


@pytest.mark.parametrize("solver", ["", "dpm++2m", "dpm++2m-karras", "euler", "ddim", "scheduler"])
@pytest.mark.parametrize("name", ["DDIMScheduler", "EulerDiscreteScheduler"])
def test_a_model_without_signal_at_the_last_level_is_drawn(
    tmp_path: Path, name: str, solver: str
) -> None:
    folder = _with_scheduler(make_tiny_model(tmp_path / "tiny"), name)
    config = folder / "scheduler" / "scheduler_config.json"
    more = {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    more["prediction_type"] = "v_prediction"
    config.write_text(json.dumps({**json.loads(config.read_text()), **more}))
    frames = _finals(_run(folder, sampling=replace(SAMPLING, solver=solver)))
    assert len(frames) == WALK.frames
    assert all(np.isfinite(frame.final).all() for frame in frames.values())


def test_a_cancelled_job_ends_and_the_next_one_works(folder: Path) -> None:
    _with_scheduler(folder, "PNDMScheduler")
    control, renderer = JobControl(), Renderer(FrameStore())
    for event in renderer.run(_request(folder), control):
        if isinstance(event, m.Progress):
            control.cancel()
    assert event == m.JobCancelled(1)
    assert len(_finals(list(renderer.run(_request(folder), JobControl())))) == WALK.frames


def test_a_scheduler_that_does_not_exist_is_named(folder: Path) -> None:
    *_, last = _run(_with_scheduler(folder, "MagicScheduler"))
    assert isinstance(last, m.JobFailed)
    assert "'MagicScheduler'" in last.message


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("LCMScheduler", {"original_inference_steps": 50}),
        ("TCDScheduler", {"original_inference_steps": 50}),
        ("EulerDiscreteScheduler", {"timestep_spacing": "trailing"}),
    ],
)
@pytest.mark.parametrize("steps", [1, 4])
def test_models_of_few_steps_are_drawn_as_their_pipeline_draws_them(
    tmp_path: Path, name: str, options: dict[str, Any], steps: int
) -> None:
    """Their own solver is chosen by itself, the noise between its steps is the pipeline's."""
    folder = _with_scheduler(make_tiny_model(tmp_path / "tiny"), name)
    config = folder / "scheduler" / "scheduler_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), **options}))
    assert recommended(folder, check_model(folder)).guidance == 1.0
    sampling = replace(SAMPLING, solver="", guidance=1.0, steps=steps)
    frame = _finals(_run(folder, sampling=sampling))[1]
    theirs = _theirs(folder, frame, steps=steps, guidance=0.0)
    assert np.abs(frame.final - theirs).max() < 1e-3


def test_more_steps_than_a_scheduler_takes_are_refused_with_a_way_out(tmp_path: Path) -> None:
    folder = _with_scheduler(make_tiny_model(tmp_path / "tiny"), "LCMScheduler")
    *_, last = _run(folder, sampling=replace(SAMPLING, steps=60))
    assert isinstance(last, m.JobFailed)
    assert "does not take 60 steps; choose fewer" in last.message
