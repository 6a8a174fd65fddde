"""O: this engine, without a window. What it takes, when frames come, and what it remembers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from PIL import Image

from engine import messages as m
from engine.batch_memory import BatchMemory
from engine.frame_store import FrameStore
from engine.mailbox import JobControl
from engine.models.loaded import DiffusionModel
from engine.renderer import Renderer
from engine.sampler import Sampler
from engine.walk import Lane, Sampling, Walk
from tests.benchmarks.clock import timed
from tests.benchmarks.workloads import Workload, make_walk

#: Approximations that are measured alone, each beside the exact settings.
SWITCHES = ("guidance interval", "half the steps")
_SPREAD = 16


def approximate(sampling: Sampling, switch: str) -> Sampling:
    """The sampling with one of the approximate switches on."""
    if switch == "guidance interval":
        return replace(sampling, guidance_from=0.2, guidance_to=0.7)
    if switch == "half the steps":
        return replace(sampling, steps=max(1, sampling.steps // 2))
    return sampling


def run_engine(
    workload: Workload,
    out: Path,
    frames: int,
    switch: str = "",
    batch: int = 0,
    compared: Sequence[int] = (),
) -> dict[str, Any]:
    """Seconds a frame over a whole walk, pictures written as PNG, and the compared frames."""
    began = time.perf_counter()
    renderer = _renderer(FrameStore(), out)
    sampling = approximate(workload.sampling, switch)
    list(renderer.run(_request(workload, make_walk(6, seed=7), sampling, batch), _go()))
    second = renderer.run(_request(workload, make_walk(12, seed=8), sampling, batch), _go())
    slots = [e.info.batch for e in second if isinstance(e, m.ModelReady)]
    result: dict[str, Any] = {"load_s": time.perf_counter() - began, "batch": slots[0]}
    request = _request(workload, make_walk(frames), sampling, batch)
    finished: dict[int, m.FrameReady] = {}
    spent = timed(lambda: finished.update(_written(renderer.run(request, JobControl()), out)))
    result["frame_s"], result["frame_cpu_s"] = ([seconds / frames] for seconds in spent)
    if compared:
        some = [finished[k] for k in compared]
        np.savez(
            out / "compared.npz",
            finals=np.stack([frame.final for frame in some if frame.final is not None]),
            pictures=np.stack([frame.image for frame in some]),
        )
    return result


def run_long(workload: Workload, out: Path, frames: int, batch: int = 0) -> dict[str, Any]:
    """One long walk with previews: when frames come, what is no denoising, memory, and re-runs."""
    store = FrameStore(folder=out / "frames")
    renderer = _renderer(store, out)
    warm_up = _request(workload, make_walk(3, seed=7), workload.sampling, batch)
    list(renderer.run(warm_up, _go()))
    request = _request(workload, make_walk(frames), workload.sampling, batch)
    request = replace(request, previews=True, latents=False)
    memory = psutil.Process().memory_info().rss
    story = _Story()
    with _Spent(Sampler, "tick") as steps, _Spent(DiffusionModel, "decode") as decoding:
        for event in renderer.run(request, _go()):
            story.hear(event)
    result: dict[str, Any] = story.told(frames)
    result["overhead"] = story.total / steps.seconds - 1.0
    result["decoding"] = decoding.seconds / steps.seconds
    result["memory_bytes"] = story.peak - memory
    result["rerun_fps"] = frames / _seconds(renderer, request)
    other = Renderer(FrameStore(folder=out / "frames"))
    list(other.run(warm_up, _go()))
    result["rerun_disk_fps"] = frames / _seconds(other, request)
    return result


class _Story:
    """When the first preview, the first frame and the first 16 spread frames came."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._preview = 0.0
        self._frames: list[float] = []
        self.peak = 0

    def hear(self, event: m.Event) -> None:
        if not isinstance(event, m.FrameReady):
            return
        now = time.perf_counter() - self._began
        if event.tier == m.Tier.PREVIEW:
            self._preview = self._preview or now
        else:
            self._frames.append(now)
            self.peak = max(self.peak, psutil.Process().memory_info().rss)

    @property
    def total(self) -> float:
        return self._frames[-1]

    def told(self, frames: int) -> dict[str, Any]:
        spread = min(_SPREAD, frames) - 1
        return {
            "preview_s": self._preview,
            "first_s": self._frames[0],
            "spread_s": self._frames[spread],
            "spread_share": self._frames[spread] / self.total,
            "total_s": self.total,
            "frames": len(self._frames),
        }


class _Spent:
    """Adds up the seconds spent in a method of a class, as a context."""

    def __init__(self, owner: type, method: str) -> None:
        self._owner, self._method, self.seconds = owner, method, 0.0

    def __enter__(self) -> _Spent:
        self._honest = honest = getattr(self._owner, self._method)

        def measured(*args: Any) -> Any:
            began = time.perf_counter()
            answer = honest(*args)
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            self.seconds += time.perf_counter() - began
            return answer

        setattr(self._owner, self._method, measured)
        return self

    def __exit__(self, *_: object) -> None:
        setattr(self._owner, self._method, self._honest)


def _request(workload: Workload, walk: Walk, sampling: Sampling, batch: int) -> m.RenderRequest:
    return m.RenderRequest(
        job=1,
        model=workload.folder,
        lanes=(Lane("walk", walk),),
        sampling=sampling,
        previews=False,
        latents=True,
        batch=batch,
        device=workload.device,
        precision=workload.precision,
    )


def _renderer(store: FrameStore, out: Path) -> Renderer:
    """As the program has it: the number of slots is measured after the first, warming job."""
    return Renderer(store, batches=BatchMemory(out / "batches.json"))


def _go() -> JobControl:
    return JobControl()


def _written(events: Iterator[m.Event], out: Path) -> Iterator[tuple[int, m.FrameReady]]:
    for event in events:
        if isinstance(event, m.FrameReady) and event.tier == m.Tier.FINAL:
            Image.fromarray(event.image).save(out / f"{event.index:05d}.png")
            yield event.index, event
        elif isinstance(event, m.JobFailed | m.FrameFailed):
            raise RuntimeError(event.message)


def _seconds(renderer: Renderer, request: m.RenderRequest) -> float:
    return timed(lambda: list(renderer.run(request, JobControl())))[0]
