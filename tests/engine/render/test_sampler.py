"""Slots at their own steps: as if each frame were alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from engine.conditioning import Conditioning
from engine.models.running.rows import Rows, rows_of_texts
from engine.models.schedules.noise_schedule import noise_schedule
from engine.render.sampling.sampler import Guidance, Sampler
from engine.solvers.contract import SolverTable, make_table
from tests.support.texts import make_rich_text

SHAPE, STEPS = (4, 3, 3), 6


class Formula:
    """A smooth function of sample, timestep and text stands for the UNet; it counts its rows."""

    device = torch.device("cpu")

    def __init__(self) -> None:
        self.rows: list[int] = []

    def time_state(self, timesteps: torch.Tensor, guidance: float) -> torch.Tensor:
        return timesteps[:, None] / 300.0

    def text_state(self, texts: Sequence[Conditioning]) -> Rows:
        rows = rows_of_texts(texts).tensors
        return Rows({name: tensor.flatten(1).mean(1) for name, tensor in rows.items()})

    def denoise(self, sample: torch.Tensor, times: torch.Tensor, texts: Rows) -> torch.Tensor:
        self.rows.append(len(sample))
        said = sum(k * t for k, t in enumerate(texts.tensors.values(), 1))
        return torch.sin(sample + times[:, :, None, None]) + said[:, None, None, None]


def _table() -> SolverTable:
    betas = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
    return make_table("dpm++2m", noise_schedule("DDIMScheduler", betas), STEPS)


def _sampler(guidance: Guidance, slots: int = 3, model: Formula | None = None) -> Sampler[int]:
    return Sampler(model or Formula(), _table(), guidance, slots, SHAPE, make_rich_text())


def _admit(sampler: Sampler[int], item: int) -> None:
    latent = np.random.default_rng(item).standard_normal(SHAPE).astype(np.float32)
    texts = make_rich_text(item, read=1 + item % 5), make_rich_text(100 + item)
    sampler.admit(item, latent, *texts)


def _alone(item: int, guidance: Guidance) -> torch.Tensor:
    sampler = _sampler(guidance, slots=1)
    _admit(sampler, item)
    for _ in range(STEPS - 1):
        assert sampler.tick() == []
    ((same, latent),) = sampler.tick()
    assert same == item
    return latent


@pytest.mark.parametrize(
    "guidance", [Guidance(4.0), Guidance(1.0), Guidance(4.0, start=0.3, stop=0.7)]
)
def test_every_frame_ends_as_if_it_were_alone(guidance: Guidance) -> None:
    sampler = _sampler(guidance)
    waiting, done = list(range(7)), dict[int, torch.Tensor]()
    for tick in range(40):
        if waiting and sampler.free and tick % 2 == 0:  # so that all are at different steps
            _admit(sampler, waiting.pop())
        done |= dict(sampler.tick())
    assert sorted(done) == list(range(7))
    for item, latent in done.items():
        assert torch.allclose(latent, _alone(item, guidance), atol=1e-5)


@pytest.mark.parametrize(
    ("guidance", "rows"),
    [
        (Guidance(4.0), [2] * 6),
        (Guidance(1.0), [1] * 6),
        (Guidance(4.0, start=0.5), [1, 1, 1, 2, 2, 2]),
    ],
)
def test_the_negative_text_is_asked_only_where_it_counts(
    guidance: Guidance, rows: list[int]
) -> None:
    model = Formula()
    sampler = _sampler(guidance, model=model)
    _admit(sampler, 1)
    for _ in range(STEPS):
        sampler.tick()
    assert model.rows == rows


def test_estimates_belong_to_the_frames_in_work() -> None:
    sampler = _sampler(Guidance(4.0))
    _admit(sampler, 5)
    sampler.tick()
    _admit(sampler, 8)
    assert [(item, step) for item, step, _ in sampler.estimates()] == [(5, 1)]
    sampler.tick()
    assert [(item, step) for item, step, _ in sampler.estimates()] == [(5, 2), (8, 1)]
    assert (sampler.furthest, sampler.lead, sampler.free) == (2, 2, 1)


def test_there_are_no_more_frames_than_slots() -> None:
    sampler = _sampler(Guidance(4.0), slots=1)
    _admit(sampler, 1)
    with pytest.raises(RuntimeError, match="occupied"):
        _admit(sampler, 2)
    assert _sampler(Guidance(4.0)).tick() == []
