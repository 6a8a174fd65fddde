"""O over long walks: when frames come, what is no denoising, what is remembered, and memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

from engine import messages as m
from engine.export.contract import Plan
from engine.export.open_export import open_export
from engine.mailbox import JobControl
from engine.models.loaded import DiffusionModel
from engine.render.renderer import Renderer
from engine.render.sampling.sampler import Sampler
from engine.store.frame_store import FrameStore
from tests.benchmarks.clock import timed
from tests.benchmarks.engine_case import frames_of, new_renderer, request_for
from tests.benchmarks.workloads import PROMPT, Workload, make_walk

_SPREAD = 16
_MEASURES = ("clip_score", "sharpness", "step_length")
#: The picture of which memory is measured, whatever the model's own size: 512×512.
_LARGE = 512


def run_long(workload: Workload, out: Path, frames: int, batch: int = 0) -> dict[str, Any]:
    """One long walk with previews: when frames come, what is no denoising, and re-runs."""
    renderer = new_renderer(FrameStore(folder=out / "frames"), out)
    warm_up = request_for(workload, make_walk(3, seed=7), batch)
    list(renderer.run(warm_up, JobControl()))
    request = replace(request_for(workload, make_walk(frames), batch), previews=True, latents=False)
    story = _Story()
    with _Spent(Sampler, "tick") as steps, _Spent(DiffusionModel, "decode") as decoding:
        for event in renderer.run(request, JobControl()):
            story.hear(event)
    result: dict[str, Any] = story.told(frames)
    result["overhead"] = story.total / steps.seconds - 1.0
    result["decoding"] = decoding.seconds / steps.seconds
    result["rerun_fps"] = frames / _seconds(renderer, request)
    other = Renderer(FrameStore(folder=out / "frames"))
    list(other.run(warm_up, JobControl()))
    result["rerun_disk_fps"] = frames / _seconds(other, request)
    return result


def run_everything(workload: Workload, out: Path, frames: int) -> dict[str, Any]:
    """What pictures, a video and measures cost beside the steps, all on one thread, one by one."""
    renderer = new_renderer(FrameStore(), out)
    walk = make_walk(frames)
    plain = replace(
        request_for(workload, make_walk(3, seed=7)), measures=_MEASURES, scoring_text=PROMPT
    )
    request = replace(plain, lanes=request_for(workload, walk).lanes, in_order=True, latents=False)
    plan = Plan(indices=tuple(range(frames)))
    list(renderer.run(plain, JobControl()))
    began = time.perf_counter()
    with _Spent(Sampler, "tick") as steps, ExitStack() as files:
        writers = [
            files.enter_context(open_export(out / name, plan)) for name in ("walk.mp4", "pictures")
        ]
        for frame in frames_of(renderer.run(request, JobControl())):
            for add in writers:
                add(frame.index, [frame.image])
    return {"overhead": (time.perf_counter() - began) / steps.seconds - 1.0}


def run_memory(workload: Workload, out: Path, frames: int) -> dict[str, Any]:
    """Bytes above the loaded model at the most, over a walk of large pictures in two steps."""
    sampling = replace(workload.sampling, steps=2, guidance=1.0, width=_LARGE, height=_LARGE)
    renderer = new_renderer(FrameStore(folder=out / "frames"), out)
    large = replace(workload, sampling=sampling)
    list(renderer.run(request_for(large, make_walk(1, seed=7)), JobControl()))
    with _MemoryWatch() as watch:
        list(renderer.run(request_for(large, make_walk(frames)), JobControl()))
    return {"frames": frames, "side": _LARGE, "memory_bytes": watch.most - watch.before}


class _MemoryWatch:
    """Looks at this process's memory every few milliseconds, as a context: also in the middle of a
    decode."""

    _EVERY_S = 0.005

    def __init__(self) -> None:
        self._memory, self._done = psutil.Process().memory_info, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.before = self.most = self._memory().rss

    def _look(self) -> None:
        while not self._done.wait(self._EVERY_S):
            self.most = max(self.most, self._memory().rss)

    def __enter__(self) -> _MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()


class _Story:
    """When the first preview, the first frame and the first 16 spread frames came."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._preview = 0.0
        self._frames: list[float] = []
        self._order: list[int] = []

    def hear(self, event: m.Event) -> None:
        if not isinstance(event, m.FrameReady):
            return
        now = time.perf_counter() - self._began
        if event.tier == m.Tier.PREVIEW:
            self._preview = self._preview or now
        else:
            self._frames.append(now)
            self._order.append(event.index)

    @property
    def total(self) -> float:
        return self._frames[-1]

    def told(self, frames: int) -> dict[str, Any]:
        spread = min(_SPREAD, frames) - 1
        return {
            "preview_s": self._preview,
            "first_s": self._frames[0],
            "spread_s": self._frames[spread],
            "spread_gap": int(np.diff(sorted(self._order[: spread + 1])).max(initial=0)),
            "spread_share": self._frames[spread] / self.total,
            "total_s": self.total,
            "frames": len(self._frames),
        }


class _Spent:
    """Adds up the seconds spent in a method of a class, as a context."""

    def __init__(self, owner: type, method: str) -> None:
        self._owner, self._method, self.seconds = owner, method, 0.0

    def __enter__(self) -> _Spent:
        self._honest: Callable[..., Any] = getattr(self._owner, self._method)
        setattr(self._owner, self._method, self._measured)
        return self

    def __exit__(self, *_: object) -> None:
        setattr(self._owner, self._method, self._honest)

    @property
    def _measured(self) -> Callable[..., Any]:
        honest = self._honest

        def measured(*args: Any) -> Any:
            began = time.perf_counter()
            answer = honest(*args)
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            self.seconds += time.perf_counter() - began
            return answer

        return measured


def _seconds(renderer: Renderer, request: m.RenderRequest) -> float:
    return timed(lambda: list(renderer.run(request, JobControl())))[0]
