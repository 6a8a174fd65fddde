"""A batch in parts beside each other against the batch as a whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from engine.models.running.parallel_unet import ParallelUnet
from engine.models.running.rows import Rows


class Recorder:
    """A runner that notes which thread was given which rows."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int, int]] = []

    def time_state(self, timesteps: torch.Tensor) -> torch.Tensor:
        return timesteps + 1

    def text_state(self, texts: Rows) -> Rows:
        return texts.map(lambda tensor: 2 * tensor)

    def __call__(self, sample: torch.Tensor, times: torch.Tensor, texts: Rows) -> torch.Tensor:
        thread = threading.current_thread().name
        self.seen.append((thread, len(sample), torch.get_num_threads()))
        said = texts.tensors["sequence"].sum(dim=(1, 2)) + texts.tensors["pooled"].sum(dim=1)
        return sample * times[:, None, None, None] + said[:, None, None, None]


@pytest.fixture(autouse=True)
def _same_threads_after() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def _inputs(rows: int) -> tuple[torch.Tensor, torch.Tensor, Rows]:
    generator = torch.Generator().manual_seed(rows)
    return (
        torch.randn(rows, 4, 2, 2, generator=generator),
        torch.randn(rows, generator=generator),
        Rows(
            {
                "sequence": torch.randn(rows, 3, 5, generator=generator),
                "pooled": torch.randn(rows, 5, generator=generator),
            }
        ),
    )


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 9, 16, 31])
@pytest.mark.parametrize("threads", [1, 2, 8])
def test_the_parts_are_the_whole(rows: int, threads: int) -> None:
    plain, inputs = Recorder(), _inputs(rows)
    assert torch.equal(ParallelUnet(plain, threads)(*inputs), Recorder()(*inputs))
    assert sum(count for _, count, _ in plain.seen) == rows
    assert all(cores * len(plain.seen) <= max(threads, 1) for _, _, cores in plain.seen)


def test_many_rows_are_shared_out_and_few_are_not() -> None:
    plain = Recorder()
    crew = ParallelUnet(plain, threads=2)
    crew(*_inputs(16))
    assert sorted(count for _, count, _ in plain.seen) == [8, 8]
    assert all(name.startswith("unet") for name, _, _ in plain.seen)
    plain.seen.clear()
    crew(*_inputs(2))
    assert plain.seen == [(threading.current_thread().name, 2, 2)]


def test_the_caller_has_all_its_threads_afterwards() -> None:
    ParallelUnet(Recorder(), threads=2)(*_inputs(16))
    assert torch.get_num_threads() == 2


def test_states_are_the_network_s_own() -> None:
    crew, ones = ParallelUnet(Recorder(), threads=2), torch.ones(3)
    assert torch.equal(crew.time_state(ones), ones + 1)
    assert torch.equal(crew.text_state(Rows({"a": ones})).tensors["a"], 2 * ones)


def test_an_error_in_a_part_reaches_the_caller() -> None:
    class Failing(Recorder):
        def __call__(self, sample: torch.Tensor, times: torch.Tensor, texts: Rows) -> torch.Tensor:
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        ParallelUnet(Failing(), threads=2)(*_inputs(16))
