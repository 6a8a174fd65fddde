"""Shares of the operations in a step of the UNet, by the number of rows, on one thread of a CPU.

On a CPU, the engine gives each thread a part of the batch, so that one thread is what a step
consists of.
"""

from __future__ import annotations

import os
from collections import Counter
from statistics import median

import torch

from engine.models.load import open_model
from engine.models.loaded import DiffusionModel
from tests.benchmarks.machine import processor_name
from tests.benchmarks.workloads import PROMPT, Workload

#: Rows of a step: two for each frame with guidance.
ROWS = (8, 16, 32)
#: Steps in a turn, and turns, of which the medians count.
_STEPS, _TURNS = 5, 7
#: Kinds of operations by parts of their names in torch's profiler; the first that fits counts.
_KINDS = {
    "convolution": ("convolution",),
    "attention": ("attention",),
    "group norm": ("group_norm", "GroupNorm"),
    "layer norm": ("layer_norm",),
    "matrix product": ("addmm", "::mm", "bmm", "linear"),
    "gelu": ("gelu",),
    "silu": ("silu",),
    "copy": ("copy_", "::cat", "clone", "contiguous"),
    "sum and product": ("::add", "::mul"),
    "enlargement": ("upsample",),
}
_OTHER = "other"


def operations_table(workload: Workload) -> str:
    """The milliseconds of a step for each number of rows, and the shares of its kinds of
    operations, as a table in Markdown."""
    os.environ["OMP_NUM_THREADS"] = "1"  # The engine would set torch's number of threads.
    torch.set_num_threads(1)
    model = open_model(workload.folder, "cpu", "fp32")
    found = {rows: _measure(model, workload, rows) for rows in ROWS}
    head = f"{processor_name()}, one thread, float32, torch {torch.__version__}; "
    head += f"medians of {_TURNS} turns of {_STEPS} steps.\n"
    lines = [head, f"| rows | {' | '.join(map(str, ROWS))} |", "|---|" + "---|" * len(ROWS)]
    times = (sum(found[rows].values()) for rows in ROWS)
    lines.append("| ms a step | " + " | ".join(f"{1e3 * time:.1f}" for time in times) + " |")
    for kind in (*_KINDS, _OTHER):
        shares = (found[rows][kind] / sum(found[rows].values()) for rows in ROWS)
        lines.append(f"| {kind} | " + " | ".join(f"{share:.1%}" for share in shares) + " |")
    return "\n".join(lines)


def _measure(model: DiffusionModel, workload: Workload, rows: int) -> dict[str, float]:
    """Seconds of a step for each kind of operation."""
    from torch.profiler import ProfilerActivity, profile

    sampling = workload.sampling
    shape = model.latent_shape(sampling.width, sampling.height)
    sample = torch.randn(rows, *shape, generator=torch.Generator().manual_seed(0))
    times = model.time_state(torch.full((rows,), 500.0))
    texts = model.text_state(model.encode(["", PROMPT]) * (rows // 2))
    turns = list[Counter[str]]()
    for turn in range(_TURNS + 1):  # the first turn warms up
        with profile(activities=[ProfilerActivity.CPU]) as profiler:
            for _ in range(_STEPS):
                model.denoise(sample, times, texts)
        spent = Counter[str]()
        for operation in profiler.key_averages():
            spent[_kind(operation.key)] += operation.self_cpu_time_total / 1e6 / _STEPS
        if turn:
            turns.append(spent)
    return {kind: median(turn[kind] for turn in turns) for kind in (*_KINDS, _OTHER)}


def _kind(name: str) -> str:
    for kind, parts in _KINDS.items():
        if any(part in name for part in parts):
            return kind
    return _OTHER
