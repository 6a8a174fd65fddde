"""Computes the parts of a batch in parallel on a CPU.

A small network has hundreds of short operations. Threads that share each operation wait for one
another most of the time. Threads that each compute a part of the batch wait once in a step only.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import torch

from engine.models.running.rows import Rows
from engine.models.running.unet_runner import UnetRunner

#: Fewer rows than these are not worth a part of their own.
_LEAST_ROWS = 4
#: Python prepares one operation after the other, for all parts: more of them would wait for it.
_MOST_PARTS = 4


class ParallelUnet:
    """A `UnetRunner` on several `threads`. A part may differ in rounding from the same rows in a
    whole batch."""

    def __init__(self, run: UnetRunner, threads: int) -> None:
        self._run, self._threads = run, threads
        self._pool = ThreadPoolExecutor(_MOST_PARTS, thread_name_prefix="unet")

    def time_state(self, timesteps: torch.Tensor) -> torch.Tensor:
        """The states of the other runner."""
        return self._run.time_state(timesteps)

    def text_state(self, texts: Rows) -> Rows:
        """The states of the other runner."""
        return self._run.text_state(texts)

    def __call__(self, sample: torch.Tensor, times: torch.Tensor, texts: Rows) -> torch.Tensor:
        """The network's output for sample [n, C, h, w] and the states of its rows."""
        parts = min(len(sample) // _LEAST_ROWS, self._threads, _MOST_PARTS)
        if parts < 2:
            torch.set_num_threads(self._threads)
            return self._run(sample, times, texts)
        shares = [(self._threads + part) // parts for part in range(parts)]
        rows = sample.tensor_split(parts), times.tensor_split(parts), texts.split(parts)
        jobs = zip(shares, *rows, strict=True)
        done = [self._pool.submit(self._part, *job) for job in jobs]
        try:
            return torch.cat([part.result() for part in done])
        finally:
            torch.set_num_threads(self._threads)

    @torch.inference_mode()
    def _part(
        self, threads: int, sample: torch.Tensor, times: torch.Tensor, texts: Rows
    ) -> torch.Tensor:
        # What torch takes for the number of threads belongs to the thread that asks.
        torch.set_num_threads(threads)
        return self._run(sample, times, texts)
