"""Decides the number of frames in work, and when the next one may start."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch

from engine.conditioning import Conditioning
from engine.models.running.devices import choose_batch
from engine.models.running.memory import release_memory, within_memory
from engine.render.sampling.sampler import Denoiser

#: Multiples of the first guess that are measured, and the time limit of measuring.
_MULTIPLES = (1.0, 1.5, 2.0)
_TRIALS = 3
_BATCH_TIMEOUT_S = 2.0
#: Number of slots that are used until twice as many frames are shown.
_FEW = 8
#: The share of a run in which the slots are filled.
_FILLING = 0.25
#: A larger batch must take at most this share of the time for a frame, because its frames come
#: later.
_WORTHWHILE_SHARE = 0.95
#: Is increased when the engine divides its work in another way, so that sizes are measured again.
_GENERATION = 3


@dataclass(frozen=True, slots=True)
class Batching:
    """`slots` is the number of frames in a batch. With `few_first`, a job's first frame is rendered
    alone, and the next ones in small batches, so that they are ready soon."""

    slots: int
    few_first: bool

    def admits(self, active: int, lead: int, steps: int, shown: int) -> bool:
        """True if another frame may start beside `active` ones, of which the furthest is at step
        `lead`, when `shown` frames are ready.

        Slots are filled over the first quarter of a run, so that frames are ready a few at a time
        instead of all at once.
        """
        slots = self._slots_after(shown)
        if active == 0 or active >= slots:
            return active == 0
        return lead * slots >= _FILLING * steps * active

    def _slots_after(self, shown: int) -> int:
        """Return the number of slots when `shown` frames are ready: one, few, then one more with
        each frame."""
        if not self.few_first:
            return self.slots
        return min(self.slots, max(_FEW, shown - _FEW)) if shown else 1


def choose_batching(device: torch.device, side: int, weights: int, asked: int) -> Batching:
    """Chooses the slots for a device, latents about `side` wide and a UNet with `weights` weights.
    `asked` overrides the choice unless it is 0."""
    return Batching(asked or choose_batch(device, side, weights), few_first=device.type == "cpu")


def batch_key(device: torch.device, identity: str, precision: str, shape: tuple[int, ...]) -> str:
    """Returns the key of a measured number of slots."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
    software = f"engine {_GENERATION} on torch {torch.__version__}"
    threads = f"{torch.get_num_threads()} threads"
    return ", ".join((name, software, threads, precision, identity[:12], *map(str, shape)))


def measure_batch(
    model: Denoiser,
    shape: tuple[int, int, int],
    text: Conditioning,
    first: int,
    check: Callable[[], None] = lambda: None,
) -> int:
    """Measures the number of slots, from `first` upwards, with the shortest time for a frame.

    `shape` [C, h, w] is that of the latents, `text` any text of the model. Takes a second or two.
    If `first` is 1, the device is too small or too slow for more. `check` is called before each
    step and may raise an exception.
    """
    if first == 1:
        return 1
    began, best, best_pace = time.perf_counter(), first, float("inf")
    for multiple in _MULTIPLES:
        slots, ticks = round(first * multiple), list[float]()
        while len(ticks) < _TRIALS and time.perf_counter() - began < _BATCH_TIMEOUT_S:
            check()
            tick = within_memory(partial(_tick, model, shape, text, slots))
            if tick is None:
                release_memory(model.device)
                return best
            ticks.append(tick)
        pace = min(ticks, default=float("inf")) / slots
        if pace < best_pace * _WORTHWHILE_SHARE:
            best, best_pace = slots, pace
        if time.perf_counter() - began > _BATCH_TIMEOUT_S / 2:
            break
    return best


def _tick(model: Denoiser, shape: tuple[int, int, int], text: Conditioning, slots: int) -> float:
    """Measures one guided step of all slots, in seconds."""
    rows = 2 * slots
    sample = torch.randn((rows, *shape), device=model.device)
    times = model.time_state(torch.full((rows,), 500.0), 1.0)
    texts = model.text_state([text] * rows)
    began = time.perf_counter()
    float(model.denoise(sample, times, texts).sum())  # reading a number waits for the device
    return time.perf_counter() - began
