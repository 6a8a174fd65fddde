"""A, A′, B and O on models with random weights: seconds a frame, with and without writing PNG."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from PIL import Image

from engine import messages as m
from engine.conditioning import Array32
from engine.mailbox import JobControl
from engine.models.loaded import DiffusionModel
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import Lane, Walk
from tests.benchmarks.engine_case import frames_of
from tests.benchmarks.gpu.notes import Notes, paces, seconds, spread
from tests.benchmarks.gpu.random_models import RandomModel
from tests.benchmarks.workloads import PROMPT, make_walk

Picture = Any


class Pipelines:
    """Diffusers' pipeline of a model, called in the ways of today."""

    def __init__(self, model: RandomModel) -> None:
        self._model, self._pipe = model, model.pipeline()
        with torch.inference_mode():
            encoded = self._pipe.encode_prompt(
                prompt=PROMPT,
                device=model.device,
                num_images_per_prompt=1,
                do_classifier_free_guidance=True,
            )
        names = ("prompt_embeds", "negative_prompt_embeds")
        pooled = ("pooled_prompt_embeds", "negative_pooled_prompt_embeds")
        self._texts = dict(zip(names + pooled, encoded, strict=False))

    def naive(self, latents: Array32, output: str = "pil") -> Any:
        """A: one call for latents [1, C, h, w], with the prompt as text."""
        return self._call(latents, output, {"prompt": PROMPT})

    @torch.inference_mode()
    def careful(self, latents: Array32, output: str = "np", steps: int = 0) -> Any:
        """A′ and B: one call for latents [n, C, h, w], with the encoded prompt."""
        n = len(latents)
        texts = {name: text.expand(n, *text.shape[1:]) for name, text in self._texts.items()}
        return self._call(latents, output, texts, steps)

    def _call(self, latents: Array32, output: str, texts: dict[str, Any], steps: int = 0) -> Any:
        s, model = self._model.sampling, self._model
        return self._pipe(
            latents=torch.from_numpy(latents).to(model.device, model.dtype),
            num_inference_steps=steps or s.steps,
            guidance_scale=s.guidance,
            width=s.width,
            height=s.height,
            output_type=output,
            **texts,
        ).images


def time_pipelines(
    notes: Notes, model: RandomModel, calls: int, batches: tuple[int, ...]
) -> dict[str, float]:
    """Seconds a frame of A, A′ and B. Returns the medians by case."""
    pipe, device, found = Pipelines(model), model.device, dict[str, float]()

    def note(case: str, of: dict[str, Any], frames: int = 1) -> None:
        quartiles = [q / frames for q in of["quartiles"]]
        found[case] = of["median"] / frames
        notes.put(f"{case}, s a frame", {**of, "median": found[case], "quartiles": quartiles})

    one = model.latents(1)
    pipe.careful(one, steps=2)
    with notes.attempt("A"):
        note("A", paces(device, lambda: pipe.naive(one), calls))
        notes.put("A, s to write a PNG", spread([_write(pipe.naive(one)[0]) for _ in range(2)]))
    with notes.attempt("A′"):
        note("A′", paces(device, lambda: pipe.careful(one), calls))
    for batch in batches:
        with notes.attempt(f"B of {batch}"):
            some = model.latents(batch)
            pipe.careful(some, steps=2)
            took = [seconds(device, lambda: pipe.careful(some)) for _ in range(max(1, calls // 2))]  # noqa: B023
            note(f"B of {batch}", spread(took), batch)
    return found


def time_engine(
    notes: Notes, model: DiffusionModel, sampling: Any, frames: int, slots: int
) -> float:
    """Seconds a frame of O over a whole walk, with a PNG of each written beside, as an export has
    it; and what comes first. Returns the median of the pace."""
    label = f"O of {slots}"
    list(frames_of(render(model, sampling, make_walk(2, seed=7), slots)))
    walk, times, began = make_walk(frames), list[float](), time.perf_counter()
    with ThreadPoolExecutor(4) as files:
        writing = []
        for frame in frames_of(render(model, sampling, walk, slots)):
            times.append(time.perf_counter() - began)
            writing.append(files.submit(_png, frame.image))
        drawn = time.perf_counter() - began
        for file in writing:
            file.result()
    pace = drawn / frames
    full = _full(times, slots)
    notes.put(f"{label}, s a frame", {"whole walk": pace, "frames": frames, "full slots": full})
    notes.put(f"{label}, s to the first frame", times[0])
    notes.put(f"{label}, s with all PNGs written", time.perf_counter() - began)
    if frames >= 16:
        notes.put(f"{label}, s to 16 frames", times[15])
    notes.put(f"{label}, note of decoding", model.decode_note)
    return pace


def render(
    model: DiffusionModel,
    sampling: Any,
    walk: Walk,
    slots: int,
    control: JobControl | None = None,
    store: FrameStore | None = None,
) -> Iterator[m.Event]:
    """The events of a job on a model that is open already."""
    request = m.RenderRequest(
        job=1,
        model="random",
        lanes=(Lane("walk", walk),),
        sampling=sampling,
        previews=False,
        latents=True,
        batch=slots,
        device=str(model.device),
    )
    with patch("engine.render.renderer.open_model", lambda *_, **__: model):
        yield from Renderer(store or FrameStore()).run(request, control or JobControl())


def _full(times: list[float], slots: int) -> float | None:
    """Seconds a frame while all slots are in use: between the first and the last frames."""
    within = times[slots:-slots]
    return (within[-1] - within[0]) / (len(within) - 1) if len(within) > 4 else None


def _write(picture: Picture) -> float:
    began = time.perf_counter()
    picture.save(io.BytesIO(), "PNG")
    return time.perf_counter() - began


def _png(picture: np.ndarray[Any, Any]) -> None:
    Image.fromarray(picture).save(io.BytesIO(), "PNG")
