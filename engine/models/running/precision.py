"""Chooses a large model's precision on a CPU by measurement, which is stored for later runs.

Newer CPUs have instructions for bfloat16. A step of a large model then takes half to a fifth of the
time. Small models stay in float32: what such instructions do not speed up outweighs it, and 8 bits
of mantissa show in the picture. The starter model's is at 33 dB to that in float32.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

import torch

from engine.conditioning import Conditioning
from engine.models.running.devices import is_large_step, require_working
from engine.models.running.memory import within_memory
from engine.models.running.rows import Rows
from engine.walk import Sampling

#: A precision must be so many times as fast as float32 to be chosen.
WORTHWHILE = 1.3
#: Side of the square matrices whose products show if a CPU has instructions, and their number.
_SIDE, _PRODUCTS = 768, 5
#: The longest side in pixels at which a step is measured.
_PIXELS = 256
#: A step that takes longer is not repeated.
_LONG_S = 2.0


class Numbers(Protocol):
    """Numbers by key that outlast the program."""

    def get(self, key: str) -> int | None: ...

    def put(self, key: str, number: int) -> None: ...


class Measurable(Protocol):
    """The parts of an opened model that a measurement uses."""

    apart: bool
    weights: int
    family: Any
    device: torch.device
    dtype: torch.dtype
    default_sampling: Sampling
    precision_note: str

    def latent_shape(self, width: int, height: int) -> tuple[int, int, int]: ...

    def encode(self, prompts: Sequence[str]) -> tuple[Conditioning, ...]: ...

    def time_state(self, timesteps: torch.Tensor, guidance: float) -> torch.Tensor: ...

    def text_state(self, texts: Sequence[Conditioning]) -> Rows: ...

    def denoise(self, sample: torch.Tensor, times: torch.Tensor, texts: Rows) -> torch.Tensor: ...

    def close(self) -> None: ...


Opened = TypeVar("Opened", bound=Measurable)


def product_speedup() -> float:
    """The speed of products of matrices in bfloat16 on this CPU, as a multiple of float32.

    Takes less than 0.1 s. It shows the instructions that the processor has and torch uses.
    """
    matrix = torch.randn(_SIDE, _SIDE)
    whole, half = (
        min(_seconds(partial(torch.mm, x, x)) for _ in range(_PRODUCTS))
        for x in (matrix, matrix.to(torch.bfloat16))
    )
    return whole / half


def seconds_of_step(model: Measurable) -> float:
    """Seconds of a guided step of one frame of at most 256² pixels, after one that warms up.

    If the first one takes longer than two seconds, it is the measurement.
    """
    unit, usual = model.family.multiple, model.default_sampling
    sides = (max(min(side, _PIXELS) // unit, 1) * unit for side in (usual.width, usual.height))
    sample = torch.randn(2, *model.latent_shape(*sides))
    times = model.time_state(torch.full((2,), 500.0), usual.guidance)
    texts = model.text_state(model.encode([""]) * 2)
    step = partial(model.denoise, sample, times, texts)
    first = _seconds(step)
    return first if first > _LONG_S else min(_seconds(step) for _ in range(2))


@dataclass(frozen=True)
class PrecisionTrials:
    """Decides whether bfloat16 is worthwhile for a model on this CPU.

    `numbers` stores the measured speedups in percent. The other three measure, or decide whether a
    step with so many weights and latents so wide is large enough to be measured.
    """

    numbers: Numbers
    product_speedup: Callable[[], float] = product_speedup
    step_s: Callable[[Any], float] = seconds_of_step
    is_large: Callable[[int, int], bool] = is_large_step

    def open(
        self,
        open_in: Callable[[torch.dtype], Opened],
        identity: str,
        tell: Callable[[str, float], None] = lambda *_: None,
    ) -> Opened:
        """Open a model in bfloat16 if that is known or found to be worthwhile, else in float32.

        `open_in` opens it in a precision. Nothing is measured for a model that does not fit into
        the memory as a whole. `tell` is called with what is being done.
        """
        key = _key(identity)
        percent = self.numbers.get(key)
        if percent is not None:
            return self._opened(open_in, percent / 100)
        model = open_in(torch.float32)
        if not self._can_pay(model):
            return model
        tell("Measuring float32", 1.0)
        whole = within_memory(lambda: self.step_s(model))
        if whole is None:
            return model
        model.close()
        model = open_in(torch.bfloat16)
        tell("Measuring bfloat16", 1.0)
        half = within_memory(lambda: self.step_s(model))
        speedup = whole / half if half else 0.0
        self.numbers.put(key, round(100 * speedup))
        if speedup >= WORTHWHILE:
            return _noted(model, speedup)
        model.close()
        return open_in(torch.float32)

    def _can_pay(self, model: Measurable) -> bool:
        """True if a measurement may find that bfloat16 is worthwhile."""
        usual = model.default_sampling
        side = max(model.latent_shape(usual.width, usual.height)[1:])
        return (
            not model.apart
            and self.is_large(model.weights, side)
            and self.product_speedup() >= WORTHWHILE
        )

    def _opened(self, open_in: Callable[[torch.dtype], Opened], speedup: float) -> Opened:
        if speedup < WORTHWHILE:
            return open_in(torch.float32)
        require_working(torch.device("cpu"), torch.bfloat16)
        return _noted(open_in(torch.bfloat16), speedup)


def _noted(model: Opened, speedup: float) -> Opened:
    """Returns the model with the sentence about its precision."""
    model.precision_note = (
        f"bfloat16 is {speedup:.1f}× as fast as float32 here; pictures differ a little from fp32."
    )
    return model


def _key(identity: str) -> str:
    """Returns the key of a measured speedup."""
    software = f"torch {torch.__version__}, {torch.get_num_threads()} threads"
    return f"bfloat16 in percent, cpu, {software}, {identity[:12]}"


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
