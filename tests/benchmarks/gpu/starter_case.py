"""The starter model on a device: frames like the CPU's, slots, memory, cancelling."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine import messages as m
from engine.mailbox import JobControl
from engine.models.load import open_model
from engine.models.loaded import DiffusionModel
from engine.render.batch_memory import BatchMemory
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import STARTER, Lane
from tests.benchmarks.bench import peak_signal_to_noise
from tests.benchmarks.engine_case import frames_of
from tests.benchmarks.gpu.cases import render
from tests.benchmarks.gpu.equality import without_tf32
from tests.benchmarks.gpu.notes import Notes
from tests.benchmarks.workloads import make_walk, starter

#: The least likeness of frames to the CPU's in dB: in float32, and in half precision.
EXACT_DB, HALF_DB = 60.0, 35.0


def run(notes: Notes, device: torch.device, work: Path, small: bool) -> None:
    """All checks; each costs only itself."""
    frames = 3 if small else 6
    name = str(device)
    with notes.attempt("frames"):
        expected = _frames(open_model(STARTER, "cpu", "float32"), frames)
        without_tf32()
        exact = open_model(STARTER, name, "float32")
        _compare(notes, "float32", expected, _frames(exact, frames), EXACT_DB)
        exact.close()
    with notes.attempt("half precision"):
        half = open_model(STARTER, name, "float16" if device.type == "cuda" else "bfloat16")
        _compare(notes, str(half.dtype), expected, _frames(half, frames), HALF_DB)
        half.close()
    with notes.attempt("slots"):
        _slots(notes, name, work, small)
    with notes.attempt("cancelling"):
        _cancel(notes, name)
    if device.type == "cuda":
        with notes.attempt("memory"):
            _little_memory(notes, name)


def _frames(model: DiffusionModel, frames: int) -> list[m.FrameReady]:
    found = frames_of(render(model, model.default_sampling, make_walk(frames), 4))
    return sorted(found, key=lambda frame: frame.index)


def _compare(
    notes: Notes,
    precision: str,
    expected: list[m.FrameReady],
    found: list[m.FrameReady],
    least: float,
) -> None:
    pairs = [(a.image, b.image) for a, b in zip(expected, found, strict=True)]
    likeness = [peak_signal_to_noise(a, b) for a, b in pairs]
    worst = min((db for db in likeness if db is not None), default=float("inf"))
    shown: Any = worst if np.isfinite(worst) else "equal"
    notes.put(f"{precision}, least dB to the CPU's frames", shown)
    notes.put(f"{precision}, like the CPU's", bool(worst >= least))


def _slots(notes: Notes, device: str, work: Path, small: bool) -> None:
    """The first job, the measured number of slots, and the pace of a long second job."""
    memory = BatchMemory(work / "batches.json")
    renderer = Renderer(FrameStore(), batches=memory)
    list(renderer.run(_request(device, 4, seed=3), JobControl()))
    frames = 8 if small else 300
    began, slots = time.perf_counter(), 0
    for event in renderer.run(_request(device, frames, seed=4), JobControl()):
        if isinstance(event, m.ModelReady):
            slots = event.info.batch
        if isinstance(event, m.FrameReady) and event.tier == m.Tier.FINAL and event.index == 0:
            notes.put("s to the first frame", time.perf_counter() - began)
    notes.put("slots by measurement", slots)
    notes.put("frames/s", frames / (time.perf_counter() - began))
    renderer.unload()


def _cancel(notes: Notes, device: str) -> None:
    """A job that is cancelled after its first frame ends at the next step."""
    renderer, control, last = Renderer(FrameStore()), JobControl(), None
    began = 0.0
    for event in renderer.run(_request(device, 64, seed=5), control):
        if isinstance(event, m.FrameReady) and not control.cancelled:
            control.cancel()
            began = time.perf_counter()
        last = event
    notes.put("cancelled", isinstance(last, m.JobCancelled))
    notes.put("s until a job is cancelled", time.perf_counter() - began)
    renderer.unload()


def _little_memory(notes: Notes, device: str) -> None:
    """Memory that is too small for the slots asked for: fewer slots, and all frames."""
    model = open_model(STARTER, device)
    _frames(model, 4)
    torch.cuda.empty_cache()
    used = torch.cuda.memory_reserved() + 300 * 2**20
    torch.cuda.set_per_process_memory_fraction(used / torch.cuda.mem_get_info()[1])
    try:
        drawn, said = 0, set[str]()
        for frame in frames_of(_wide(model)):
            drawn += 1
            said |= set(frame.notes)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    notes.put("with little memory", {"frames": drawn, "of": 48, "notes": sorted(said)})


def _wide(model: DiffusionModel) -> Iterator[m.Event]:
    """Pictures four times as wide and high with very many slots."""
    usual = model.default_sampling
    sampling = replace(usual, steps=3, width=4 * usual.width, height=4 * usual.height)
    return render(model, sampling, make_walk(48), 48)


def _request(device: str, frames: int, seed: int) -> m.RenderRequest:
    return m.RenderRequest(
        job=1,
        model=STARTER,
        lanes=(Lane("walk", make_walk(frames, seed)),),
        sampling=starter().sampling,
        previews=False,
        device=device,
    )
