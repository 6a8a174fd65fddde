"""Records small steps as CUDA graphs, and replays them if this is faster.

On a fast GPU, launching the hundreds of operations of a small step from Python takes longer than
computing them. A graph launches all of them at once. With larger steps, the device is always busy,
and the memory of a graph is better used for larger batches.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from engine.models.running.memory import is_out_of_memory
from engine.models.running.rows import Rows
from engine.models.running.unet_runner import UnetRunner

#: A step of a runner, on tensors alone: sample, times, and those of the texts' rows.
Step = Callable[..., torch.Tensor]
#: What replays a recording: given inputs of the shapes it was made for, it returns a new output.
Replay = Callable[..., torch.Tensor]
#: Makes a recording of a step with these inputs. Raises RuntimeError where that cannot be done.
Record = Callable[[Step, tuple[torch.Tensor, ...]], Replay]
#: Seconds that some work takes on the device.
Pace = Callable[[Callable[[], object]], float]

#: Steps of more latent pixels are never recorded: four frames of 64×64 with guidance.
_MOST_PIXELS = 8 * 64 * 64
#: Number of steps of one shape before it is recorded, because a rare shape is not worth it.
_EAGER_STEPS = 4
#: A replay must be this much faster than the step itself.
_WORTH = 0.95
_TRIALS = 3


class Recorded:
    """A `UnetRunner` that runs another one, or replays a recording of it if that is faster.

    A recording is used only if its output equals that of the step bit for bit. After a failed
    recording, or if memory ran out, no recordings are used any more.
    """

    def __init__(self, run: UnetRunner, record: Record, pace: Pace) -> None:
        self._run, self._record, self._pace = run, record, pace
        self._replays: dict[tuple[torch.Size, ...], Replay] = {}
        self._seen: dict[tuple[torch.Size, ...], int] = {}
        self._stopped = False

    def time_state(self, timesteps: torch.Tensor) -> torch.Tensor:
        """The states of the other runner."""
        return self._run.time_state(timesteps)

    def text_state(self, texts: Rows) -> Rows:
        """The states of the other runner."""
        return self._run.text_state(texts)

    def __call__(self, sample: torch.Tensor, times: torch.Tensor, texts: Rows) -> torch.Tensor:
        """The network's output for sample [n, C, h, w] and the states of its rows."""
        step = partial(_step, self._run, tuple(texts.tensors))
        inputs = sample, times, *texts.tensors.values()
        shapes = tuple(tensor.shape for tensor in inputs)
        replay = self._replays.get(shapes)
        try:
            if replay is not None:
                return replay(*inputs)
            output = step(*inputs)
        except RuntimeError as error:
            if is_out_of_memory(error):
                self._stop()
            raise
        if not self._stopped and sample[:, 0].numel() <= _MOST_PIXELS:
            self._seen[shapes] = seen = self._seen.get(shapes, 0) + 1
            if seen == _EAGER_STEPS:
                self._try(step, inputs, output)
        return output

    def _try(
        self,
        step: Step,
        inputs: tuple[torch.Tensor, ...],
        expected: torch.Tensor,
    ) -> None:
        """Record the step. Keep the recording if its output is equal and it is faster."""
        try:
            replay = self._record(step, inputs)
            if not torch.equal(replay(*inputs), expected):
                return
            replayed, plain = (
                min(self._pace(partial(run, *inputs)) for _ in range(_TRIALS))
                for run in (replay, step)
            )
            if replayed < _WORTH * plain:
                self._replays[tuple(tensor.shape for tensor in inputs)] = replay
        except RuntimeError:  # what fails is only the recording: the step has been made
            self._stop()

    def _stop(self) -> None:
        """Make no more recordings, and free those that exist."""
        self._stopped = True
        self._replays.clear()


def _step(
    run: UnetRunner,
    names: tuple[str, ...],
    sample: torch.Tensor,
    times: torch.Tensor,
    *texts: torch.Tensor,
) -> torch.Tensor:
    return run(sample, times, Rows(dict(zip(names, texts, strict=True))))


def recorded_on_cuda(run: UnetRunner, device: torch.device) -> Recorded:
    """Returns a runner for a CUDA device. Its CUDA graphs share one memory pool."""
    pool = torch.cuda.graph_pool_handle()

    def record(run: Step, inputs: tuple[torch.Tensor, ...]) -> Replay:
        with torch.cuda.device(device):
            return _record_graph(run, inputs, pool)

    return Recorded(run, record, lambda work: _seconds_on(device, work))


def _record_graph(run: Step, inputs: tuple[torch.Tensor, ...], pool: Any) -> Replay:
    """Records the step as a CUDA graph. It reads and writes tensors at fixed addresses."""
    still = [tensor.clone() for tensor in inputs]
    beside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):  # libraries get ready on a stream like the recorded one
        run(*still)
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    # Of all threads, only this one is kept from what a recording cannot hold.
    with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
        output = run(*still)

    def replay(*fresh: torch.Tensor) -> torch.Tensor:
        for place, tensor in zip(still, fresh, strict=True):
            place.copy_(tensor)
        graph.replay()
        return output.clone()

    return replay


def _seconds_on(device: torch.device, work: Callable[[], object]) -> float:
    torch.cuda.synchronize(device)
    began = time.perf_counter()
    work()
    torch.cuda.synchronize(device)
    return time.perf_counter() - began
