"""Shared by the steps: the work folder, checkpoints, progress lines, time budgets, devices."""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
from platformdirs import user_cache_dir
from torch import nn

from .muon import Pair

MODEL_FOLDER = Path(__file__).resolve().parent.parent / "starter_model"
HELD_OUT_SEED = 1_000_000_000


def parser(description: str | None) -> argparse.ArgumentParser:
    """The options that every step has."""
    result = argparse.ArgumentParser(description=description)
    default = Path(user_cache_dir("latent-trails")) / "starter-recipe"
    result.add_argument("--work", type=Path, default=default, help="checkpoints and caches")
    result.add_argument("--minutes", type=float, default=15.0, help="training time of this step")
    result.add_argument("--batch", type=int, default=32)
    result.add_argument("--seed", type=int, default=0)
    result.add_argument("--threads", type=int, default=0, help="0: as PyTorch chooses")
    result.add_argument("--eager", action="store_true", help="no CUDA graphs")
    return result


def prepare(options: argparse.Namespace) -> torch.device:
    """Seeds, threads and the work folder, before a network is built; returns the device."""
    options.work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    if options.threads:
        torch.set_num_threads(options.threads)
    # The momentum of units that no longer learn fades to numbers that slow CPUs down manifold.
    torch.set_flush_denormal(True)
    if not torch.cuda.is_available():
        return torch.device("cpu")
    torch.set_float32_matmul_precision("high")
    return torch.device("cuda")


@functools.cache
@torch.enable_grad()
def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether bf16 pays: on CUDA, and on CPUs that are measured to convolve faster in it."""
    if device.type == "cuda":
        return True
    flags = Path("/proc/cpuinfo")
    if not flags.exists() or "avx512_bf16" not in flags.read_text(encoding="ascii"):
        return False
    return _convolving(torch.bfloat16) < 0.9 * _convolving(torch.float32)


def _convolving(dtype: torch.dtype, rounds: int = 12) -> float:
    """Processor seconds of some small convolutions and their gradients, the first few apart.

    The libraries make their kernels in the first ones.
    """
    layer = nn.Conv2d(64, 64, 3, padding=1).to(dtype)
    pictures = torch.zeros(8, 64, 16, 16, dtype=dtype, requires_grad=True)
    start = 0.0
    for turn in range(rounds):
        start = time.process_time() if turn == 4 else start
        torch.autograd.backward(layer(pictures).sum())
    return time.process_time() - start


def autocast(device: torch.device) -> AbstractContextManager[None]:
    """bf16 autocast where it pays, nothing elsewhere."""
    enabled = has_fast_bfloat16(device)
    context: AbstractContextManager[None] = torch.autocast(device.type, torch.bfloat16, enabled)
    return context


def save_checkpoint(path: Path, state: Any) -> None:
    """Writes beside the target first, so that an interrupted save leaves the old one whole."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def save_training(
    path: Path,
    model: nn.Module,
    pair: Pair,
    step: int,
    spent: float,
    average: nn.Module | None = None,
) -> None:
    """Writes what training needs to go on from, after `step` steps and `spent` seconds."""
    state = {"model": model.state_dict(), "pair": pair.state_dict(), "step": step, "spent": spent}
    if average is not None:
        state["average"] = average.state_dict()
    save_checkpoint(path, state)


def shipped_bytes(folder: Path) -> int:
    """What the model folder adds to the repository."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def is_current(path: Path, *sources: Path) -> bool:
    """Whether a cache was written after all that it was made from."""
    if not path.exists():
        return False
    return all(path.stat().st_mtime >= source.stat().st_mtime for source in sources)


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """The checkpoint, or None where there is none yet."""
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


class Budget:
    """Time-budgeted training: yields (step, share of the budget used) until the time is over.

    `spent` seconds of earlier runs count, so that a resumed run ends where one run would have.
    """

    def __init__(self, minutes: float, step: int = 0, spent: float = 0.0) -> None:
        self.seconds = minutes * 60
        self.step = step
        self.spent = spent

    def __iter__(self) -> Iterator[tuple[int, float]]:
        start, before = time.monotonic(), self.spent
        while self.spent < self.seconds:
            yield self.step, self.spent / self.seconds
            self.step += 1
            self.spent = before + time.monotonic() - start


def resume(
    path: Path,
    model: nn.Module,
    pair: Pair,
    options: argparse.Namespace,
    average: nn.Module | None = None,
) -> Budget:
    """Takes up what `save_training` left, if it did, and returns what is left of the minutes.

    Random numbers that were drawn before are not drawn again.
    """
    state = load_checkpoint(path) or {"step": 0, "spent": 0.0}
    if "model" in state:
        model.load_state_dict(state["model"])
        pair.load_state_dict(state["pair"])
        if average is not None:
            average.load_state_dict(state["average"])
    torch.manual_seed(options.seed + state["step"])
    return Budget(options.minutes, state["step"], state["spent"])


class Progress:
    """Prints a line at most every `interval` seconds."""

    def __init__(self, name: str, interval: float = 15.0) -> None:
        self.name = name
        self.interval = interval
        self._last = time.monotonic()
        self._sums: dict[str, torch.Tensor] = {}
        self._count = 0

    def add(self, step: int, share: float, values: dict[str, torch.Tensor]) -> bool:
        """Gathers the values of one step; returns True when it printed their means.

        A GPU is waited for only then.
        """
        for key, value in values.items():
            value = value.detach()
            self._sums[key] = self._sums[key] + value if key in self._sums else value.clone()
        self._count += 1
        if time.monotonic() - self._last < self.interval:
            return False
        means = "  ".join(
            f"{key} {float(total) / self._count:.4f}" for key, total in self._sums.items()
        )
        print(f"{self.name}: step {step}  {share:4.0%}  {means}", flush=True)
        self._last, self._sums, self._count = time.monotonic(), {}, 0
        return True
