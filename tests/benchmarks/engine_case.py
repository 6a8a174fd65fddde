"""O: this engine, without a window: what a frame takes, with the exact settings and without."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine import messages as m
from engine.mailbox import JobControl
from engine.render.batch_memory import BatchMemory
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import Lane, Walk
from tests.benchmarks.clock import timed
from tests.benchmarks.workloads import Workload, make_walk

#: Approximations that are measured alone, each beside the exact settings. With drafts first, what
#: counts is the time until every frame is there as a draft.
INTERVAL, HALF, DRAFTS = "the guidance interval 0.2–0.7", "half the steps", "drafts first"
SWITCHES = (INTERVAL, HALF, DRAFTS)
_DRAFT_STEPS = 8


def run_engine(
    workload: Workload,
    out: Path,
    frames: int,
    switch: str = "",
    batch: int = 0,
    compared: Sequence[int] = (),
    warm_ups: int = 3,
) -> dict[str, Any]:
    """Seconds a frame over a whole walk, pictures written as PNG, and the compared frames."""
    began = time.perf_counter()
    renderer = new_renderer(FrameStore(), out)

    def request(walk: Walk) -> m.RenderRequest:
        return approximate(request_for(workload, walk, batch), switch)

    list(renderer.run(request(make_walk(warm_ups, seed=7)), JobControl()))
    second = renderer.run(request(make_walk(2 * warm_ups, seed=8)), JobControl())
    slots = [event.info.batch for event in second if isinstance(event, m.ModelReady)]
    result: dict[str, Any] = {"load_s": time.perf_counter() - began, "batch": slots[0]}
    finished: dict[int, m.FrameReady] = {}
    tier = m.Tier.DRAFT if switch == DRAFTS else m.Tier.FINAL
    events = renderer.run(request(make_walk(frames)), JobControl())
    spent = timed(lambda: finished.update(_written(events, tier, frames, out)))
    result["frame_s"], result["frame_cpu_s"] = ([seconds / frames] for seconds in spent)
    if compared:
        some = [finished[k] for k in compared]
        np.savez(
            out / "compared.npz",
            finals=np.stack([frame.final for frame in some if frame.final is not None]),
            pictures=np.stack([frame.image for frame in some]),
        )
    return result


def approximate(request: m.RenderRequest, switch: str) -> m.RenderRequest:
    """The request with one of the approximate switches on."""
    sampling = request.sampling
    if switch == INTERVAL:
        return replace(request, sampling=replace(sampling, guidance_from=0.2, guidance_to=0.7))
    if switch == HALF:
        return replace(request, sampling=replace(sampling, steps=max(1, sampling.steps // 2)))
    return replace(request, draft_steps=_DRAFT_STEPS if switch == DRAFTS else 0)


def request_for(workload: Workload, walk: Walk, batch: int = 0) -> m.RenderRequest:
    """All frames of a walk with their latents, as the workload draws them; without previews."""
    return m.RenderRequest(
        job=1,
        model=workload.folder,
        lanes=(Lane("walk", walk),),
        sampling=workload.sampling,
        previews=False,
        latents=True,
        batch=batch,
        device=workload.device,
        precision=workload.precision,
    )


def new_renderer(store: FrameStore, out: Path) -> Renderer:
    """As the program has it: the number of slots is measured after the first, warming job."""
    return Renderer(store, batches=BatchMemory(out / "batches.json"))


def frames_of(events: Iterable[m.Event], tier: m.Tier = m.Tier.FINAL) -> Iterator[m.FrameReady]:
    """The frames of one tier as they come. Raises RuntimeError for what failed."""
    for event in events:
        if isinstance(event, m.FrameReady) and event.tier == tier:
            yield event
        elif isinstance(event, m.JobFailed | m.FrameFailed | m.MeasureFailed):
            raise RuntimeError(event.message)


def _written(
    events: Iterator[m.Event], tier: m.Tier, frames: int, out: Path
) -> Iterator[tuple[int, m.FrameReady]]:
    """Frames of one tier, each written as a picture; ends with the last one."""
    for count, frame in enumerate(frames_of(events, tier), 1):
        Image.fromarray(frame.image).save(out / f"{frame.index:05d}.png")
        yield frame.index, frame
        if count == frames:
            return
