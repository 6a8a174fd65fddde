"""Single steps and decodes in different ways: what a faster way would bring."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from engine.models.loaded import DiffusionModel
from engine.models.running.cuda_graphs import _record_graph, recorded_on_cuda
from engine.models.running.rows import Rows
from engine.models.running.unet_runner import UnetRunner
from tests.benchmarks.gpu.notes import Notes, paces
from tests.benchmarks.gpu.random_models import RandomModel
from tests.benchmarks.workloads import PROMPT

Step = Callable[[], torch.Tensor]


def engine_step(ours: DiffusionModel, model: RandomModel, rows: int) -> Step:
    """One call of this engine's UNet with so many rows."""
    sample = torch.from_numpy(model.latents(rows)).to(model.device, model.dtype)
    times = ours.time_state(torch.full((rows,), 500.0))
    texts = ours.text_state(ours.encode(["", PROMPT])[:1] * rows)
    return partial(ours.denoise, sample, times, texts)


def their_step(model: RandomModel, rows: int) -> Step:
    """One call of diffusers' UNet with so many rows."""
    unet, device, dtype = model.networks["unet"], model.device, model.dtype
    sample = torch.from_numpy(model.latents(rows)).to(device, dtype)
    width, s = unet.config.cross_attention_dim, model.sampling
    texts = torch.randn(rows, 77, width, device=device, dtype=dtype)
    added = {
        "text_embeds": torch.randn(rows, 1280, device=device, dtype=dtype),
        "time_ids": torch.tensor([[s.height, s.width, 0, 0, s.height, s.width]], device=device)
        .expand(rows, -1)
        .to(dtype),
    }
    options = {"added_cond_kwargs": added} if model.kind == "SDXL" else {}
    time = torch.tensor(500, device=device)

    @torch.inference_mode()
    def step() -> torch.Tensor:
        output: torch.Tensor = unet(sample, time, texts, **options).sample
        return output

    return step


def time_steps(notes: Notes, model: RandomModel, ours: DiffusionModel, sizes: Any) -> None:
    """This engine's step beside diffusers', by the number of rows; then channels-last there."""
    for rows in sizes:
        with notes.attempt(f"step of {rows} rows"):
            found = paces(model.device, engine_step(ours, model, rows), 5)
            notes.put(f"engine, step of {rows} rows, s", found)
            found = paces(model.device, their_step(model, rows), 5)
            notes.put(f"diffusers, step of {rows} rows, s", found)
    with notes.attempt("channels-last"):
        model.networks["unet"].to(memory_format=torch.channels_last)
        for rows in sizes:
            found = paces(model.device, their_step(model, rows), 5)
            notes.put(f"diffusers, channels-last, step of {rows} rows, s", found)
    model.networks["unet"].to(memory_format=torch.contiguous_format)


def time_tuned(notes: Notes, model: RandomModel, ours: DiffusionModel, sizes: Any) -> None:
    """Steps with cuDNN choosing its convolutions by measurement."""
    torch.backends.cudnn.benchmark = True
    try:
        for rows in sizes:
            with notes.attempt(f"measured convolutions, {rows} rows"):
                found = paces(model.device, engine_step(ours, model, rows), 5)
                notes.put(f"engine, measured convolutions, step of {rows} rows, s", found)
    finally:
        torch.backends.cudnn.benchmark = False


def time_graphs(
    notes: Notes, model: RandomModel, ours: DiffusionModel, unet: Any, sizes: Any
) -> None:
    """Steps as CUDA graphs: as the engine would use them, and of any size."""
    device = model.device
    if device.type != "cuda":
        return notes.put("graphs", "only on CUDA")
    run = ours.family.runner(unet, device, model.dtype)
    with notes.attempt("recorded"), torch.inference_mode():
        recorded = recorded_on_cuda(run, device)
        for rows in (r for r in sizes if r <= 8):
            step = engine_step(ours, model, rows)
            inputs = step.args  # type: ignore[attr-defined]
            for _ in range(5):
                recorded(*inputs)
            found = paces(device, partial(recorded, *inputs), 5)
            notes.put(f"engine, recorded, step of {rows} rows, s", found)
    pool = torch.cuda.graph_pool_handle()
    for rows in sizes:
        with notes.attempt(f"graph of {rows} rows"), torch.inference_mode():
            _time_graph(notes, model, run, engine_step(ours, model, rows), pool)


def _time_graph(notes: Notes, model: RandomModel, run: UnetRunner, step: Step, pool: Any) -> None:
    sample, times, texts = step.args  # type: ignore[attr-defined]
    inputs = (sample, times, *texts.tensors.values())

    def call(x: torch.Tensor, t: torch.Tensor, *more: torch.Tensor) -> torch.Tensor:
        named = dict(zip(texts.tensors, more, strict=True))
        return run(x, t, Rows(named))

    replay = _record_graph(call, inputs, pool)
    same = torch.equal(replay(*inputs), call(*inputs))
    found = paces(model.device, lambda: replay(*inputs), 5)
    notes.put(f"engine, graph, step of {len(sample)} rows, s", {**found, "bit-equal": same})


def time_decodes(
    notes: Notes, model: RandomModel, ours: DiffusionModel, vae: Any, rows: int
) -> None:
    """A step and the decoding of two pictures, one after the other and on two streams."""
    device, step = model.device, engine_step(ours, model, rows)
    latents = torch.from_numpy(model.latents(8)).to(device)
    for count in (1, 2, 4, 8):
        found = paces(device, lambda: ours.decode(latents[:count]), 3)  # noqa: B023
        notes.put(f"decode of {count}, s", found)
    notes.put(
        f"step of {rows} rows and decode of 2, s",
        paces(device, lambda: (step(), ours.decode(latents[:2])), 5),
    )
    if device.type != "cuda":
        return
    beside: Any = torch.cuda.Stream()  # type: ignore[no-untyped-call]

    @torch.inference_mode()
    def together() -> None:
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            ours.family.pixels(vae, latents[:2].to(model.dtype))
        step()
        torch.cuda.current_stream().wait_stream(beside)

    @torch.inference_mode()
    def in_line() -> None:
        ours.family.pixels(vae, latents[:2].to(model.dtype))
        step()

    notes.put("the same on one stream without waiting, s", paces(device, in_line, 5))
    notes.put("the same on two streams, s", paces(device, together, 5))


def profile_step(notes: Notes, model: RandomModel, ours: DiffusionModel, rows: int) -> None:
    """The kernels that take most of a step."""
    from torch.profiler import ProfilerActivity, profile

    step, device = engine_step(ours, model, rows), model.device
    step()
    kinds = [ProfilerActivity.CUDA] if device.type == "cuda" else [ProfilerActivity.CPU]
    with profile(activities=kinds) as found:
        step()
        if device.type == "cuda":
            torch.cuda.synchronize()
    spent = "self_device_time_total" if device.type == "cuda" else "self_cpu_time_total"
    rows_of = sorted(found.key_averages(), key=lambda e: -float(getattr(e, spent, 0.0)))
    top = [[e.key[:90], round(float(getattr(e, spent)) / 1e3, 3), e.count] for e in rows_of[:25]]
    notes.put(f"kernels of a step of {rows} rows: ms, calls", top)


def time_compiled(
    notes: Notes, model: RandomModel, ours: DiffusionModel, unet: Any, rows: int
) -> None:
    """A step through torch.compile, and the seconds that compiling took."""
    step = engine_step(ours, model, rows)
    sample, times, texts = step.args  # type: ignore[attr-defined]
    plain = paces(model.device, step, 5)
    notes.put(f"engine, eager, step of {rows} rows, s", plain)
    compiled = torch.compile(unet)
    began = time.perf_counter()
    with torch.inference_mode():
        run = partial(compiled, sample, times, texts.tensors["keys_values"])
        run()
        notes.put("s of compiling", time.perf_counter() - began)
        notes.put(f"engine, compiled, step of {rows} rows, s", paces(model.device, run, 5))
        off = (run() - step()).abs().max() / step().abs().max()
        notes.put("compiled, largest difference as a share", float(off))


def frame_work(notes: Notes, model: RandomModel) -> float:
    """Floating-point operations of one frame with guidance."""
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from torch.utils.flop_counter import FlopCounterMode

    s = model.sampling
    with torch.device("meta"), torch.no_grad():
        unet = UNet2DConditionModel.from_config(model.configs["unet"])
        vae = AutoencoderKL.from_config(model.configs["vae"])
        latent = torch.empty(1, 4, s.height // 8, s.width // 8)
        text = torch.empty(1, 77, unet.config.cross_attention_dim)
        added = {"text_embeds": torch.empty(1, 1280), "time_ids": torch.zeros(1, 6)}
        with FlopCounterMode(display=False) as step:
            unet(latent, torch.zeros(1), text, added_cond_kwargs=added)
        with FlopCounterMode(display=False) as picture:
            vae.decode(latent)
    work = float(2 * s.steps * step.get_total_flops() + picture.get_total_flops())
    notes.put("operations of a frame, TFLOP", work / 1e12)
    return work
