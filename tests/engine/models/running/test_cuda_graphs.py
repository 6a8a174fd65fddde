"""Recorded steps: used where they give the same bits sooner, and never where not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from engine.models.running.cuda_graphs import Recorded, Replay, Step, recorded_on_cuda
from engine.models.running.memory import is_out_of_memory
from engine.models.running.rows import Rows
from engine.models.running.unet_runner import UnetRunner, make_runner
from tests.support.texts import sequences
from tests.support.tiny_unets import make_inputs, make_our_unet, make_unet

Tensors = tuple[torch.Tensor, ...]
#: After so many steps of a shape, a recording that is worth it is in use.
STEPS = 6


class Tape:
    """Records on the CPU as a GPU does: fixed places, which a replay fills and computes from.

    `flaw` is added to what a replay gives, `error` is raised when recording.
    """

    def __init__(self, flaw: float = 0.0, error: Exception | None = None) -> None:
        self.flaw, self.error = flaw, error
        self.made, self.played = 0, 0

    def record(self, run: Step, inputs: Tensors) -> Replay:
        if self.error is not None:
            raise self.error
        self.made += 1
        places = [tensor.clone() for tensor in inputs]

        def replay(*fresh: torch.Tensor) -> torch.Tensor:
            self.played += 1
            for place, tensor in zip(places, fresh, strict=True):
                place.copy_(tensor)
            return run(*places) + self.flaw

        return replay


def in_favour(of_replays: bool) -> Callable[[Callable[[], object]], float]:
    """A clock by which replays, which are timed first, are faster, or not."""
    readings = iter([1.0] * 3 + [2.0 if of_replays else 1.0] * 3)

    def pace(work: Callable[[], object]) -> float:
        work()
        return next(readings)

    return pace


def states(runner: UnetRunner, rows: int) -> tuple[torch.Tensor, torch.Tensor, Rows]:
    sample, timesteps, texts = make_inputs(rows)
    return sample, runner.time_state(timesteps), runner.text_state(sequences(texts))


@pytest.fixture
def plain() -> UnetRunner:
    return make_runner(make_our_unet(make_unet()))


@torch.inference_mode()
def test_a_recording_takes_over_and_gives_the_same_bits(plain: UnetRunner) -> None:
    tape = Tape()
    runner = Recorded(plain, tape.record, in_favour(of_replays=True))
    for step in range(STEPS):
        inputs = states(runner, rows=2)
        inputs[0].add_(step)  # other numbers than those that were recorded
        assert torch.equal(runner(*inputs), plain(*inputs))
    assert tape.made == 1
    assert tape.played > 4  # those that were compared and timed, and then the steps themselves


@pytest.mark.parametrize(
    ("tape", "favoured"),
    [(Tape(flaw=1e-6), True), (Tape(), False), (Tape(error=RuntimeError("no capture")), True)],
    ids=["other bits", "no faster", "cannot be made"],
)
@torch.inference_mode()
def test_what_is_not_right_or_not_worth_it_is_not_used(
    plain: UnetRunner, tape: Tape, favoured: bool
) -> None:
    runner, inputs = Recorded(plain, tape.record, in_favour(favoured)), states(plain, rows=2)
    outputs = [runner(*inputs) for _ in range(STEPS)]
    before = tape.played
    outputs += [runner(*inputs) for _ in range(STEPS)]
    assert all(torch.equal(output, plain(*inputs)) for output in outputs)
    assert tape.played == before
    assert tape.made <= 1


@torch.inference_mode()
def test_each_shape_has_a_recording_of_its_own_and_large_ones_none(plain: UnetRunner) -> None:
    tape = Tape()
    runner = Recorded(plain, tape.record, in_favour(of_replays=True))
    sample, times, texts = states(plain, rows=1)
    for _ in range(STEPS):
        many = texts.map(lambda tensor: tensor.expand(600, -1, -1))
        large = sample.expand(600, -1, -1, -1)
        assert runner(large, times.expand(600, -1), many).shape == large.shape
    assert tape.made == 0
    for _ in range(STEPS):
        runner(*states(plain, rows=1))
        wide = torch.cat((sample, sample), dim=3)
        assert torch.equal(runner(wide, times, texts), plain(wide, times, texts))
    assert tape.made == 2


@torch.inference_mode()
def test_where_memory_ends_recordings_do(plain: UnetRunner) -> None:
    class Full:
        """A runner without room for two rows."""

        time_state, text_state = plain.time_state, plain.text_state

        def __call__(self, sample: torch.Tensor, times: torch.Tensor, texts: Rows) -> torch.Tensor:
            if len(sample) > 1:
                raise torch.OutOfMemoryError("out of memory")
            return plain(sample, times, texts)

    tape = Tape()
    runner, one = Recorded(Full(), tape.record, in_favour(of_replays=True)), states(plain, rows=1)
    for _ in range(STEPS):
        runner(*one)
    with pytest.raises(torch.OutOfMemoryError) as raised:
        runner(*states(plain, rows=2))
    assert is_out_of_memory(raised.value)
    before = tape.played
    for _ in range(STEPS):
        assert torch.equal(runner(*one), plain(*one))
    assert tape.played == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA card")
@torch.inference_mode()
def test_cuda_graphs_give_the_bits_of_the_steps() -> None:
    device = torch.device("cuda:0")
    plain = make_runner(make_our_unet(make_unet()).to(device))
    runner = recorded_on_cuda(plain, device)
    for step in range(3 * STEPS):
        sample, timesteps, texts = (tensor.to(device) for tensor in make_inputs(rows=2))
        inputs = sample + step, runner.time_state(timesteps), runner.text_state(sequences(texts))
        assert torch.equal(runner(*inputs), plain(*inputs))
