"""The tables of flow models against diffusers' own schedulers, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, FlowMatchEulerDiscreteScheduler
from diffusers.pipelines.flux.pipeline_flux import calculate_shift

from engine.errors import InputError
from engine.models.schedules.noise_schedule import noise_schedule
from engine.solvers.contract import SolverTable, make_table
from engine.solvers.flow_shift import mu_of_tokens
from tests.support.solver_run import run_table

EULER, DPM = "FlowMatchEulerDiscreteScheduler", "DPMSolverMultistepScheduler"
STEPS = [1, 2, 4, 8, 20, 30]
DYNAMIC = {"use_dynamic_shifting": True}
LINEAR = {**DYNAMIC, "time_shift_type": "linear"}
CONFIGS: list[tuple[dict[str, Any], float | None]] = [
    ({}, None),
    ({"shift": 3.0}, None),
    ({"shift": 12.0, "num_train_timesteps": 500}, None),
    (DYNAMIC, 0.5),
    (DYNAMIC, 1.15),
    (LINEAR, 1.8),
    ({"shift": 3.0, "use_karras_sigmas": True}, None),
    ({"shift": 3.0, "use_exponential_sigmas": True}, None),
    ({**DYNAMIC, "use_karras_sigmas": True}, 0.8),
]
Linear = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@pytest.fixture(scope="module")
def network() -> Linear:
    """A random linear map of the sample, and one of the timestep."""
    generator = torch.Generator().manual_seed(5)
    weights = torch.randn(6, 6, generator=generator).double() / 6.0
    bias = torch.randn(6, generator=generator).double()
    return lambda x, t: x @ weights + bias * t.double() / 1000.0


@pytest.fixture(scope="module")
def noise() -> torch.Tensor:
    return torch.randn(3, 6, generator=torch.Generator().manual_seed(6)).double()


def _table(
    name: str, scheduler: str, config: dict[str, Any], steps: int, mu: float | None = None
) -> SolverTable:
    table = make_table(name, noise_schedule(scheduler, config), steps, mu)
    assert table is not None
    assert np.isfinite(table.rows()).all()
    return table


def _run_scheduler(scheduler: Any, network: Linear, noise: torch.Tensor) -> torch.Tensor:
    x = noise
    for t in scheduler.timesteps:
        x = scheduler.step(network(x, t), t, x).prev_sample
    return x


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize(("config", "mu"), CONFIGS)
@pytest.mark.parametrize("spacing", ["scheduler", "trailing"])
def test_euler_equals_diffusers(
    config: dict[str, Any],
    mu: float | None,
    steps: int,
    spacing: str,
    network: Linear,
    noise: torch.Tensor,
) -> None:
    """With the scheduler's own levels, and with linspace(1, 1/n, n), as Flux.1 gives them."""
    scheduler = FlowMatchEulerDiscreteScheduler(**config)
    given = np.linspace(1.0, 1.0 / steps, steps) if spacing == "trailing" else None
    scheduler.set_timesteps(steps, sigmas=given, mu=mu)
    ours = _table("flow-euler", EULER, {**config, "timestep_spacing": spacing}, steps, mu)
    assert np.allclose(ours.timesteps, scheduler.timesteps, rtol=1e-6, atol=1e-6)
    theirs = _run_scheduler(scheduler, network, noise)
    assert torch.allclose(run_table(ours, network, noise), theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("steps", [2, 4, 8, 20, 30])
def test_a_schedule_can_end_at_a_given_level(
    steps: int, network: Linear, noise: torch.Tensor
) -> None:
    config = {**DYNAMIC, "shift_terminal": 0.02, "timestep_spacing": "trailing"}
    scheduler = FlowMatchEulerDiscreteScheduler(**DYNAMIC, shift_terminal=0.02)
    scheduler.set_timesteps(sigmas=np.linspace(1.0, 1.0 / steps, steps), mu=0.7)
    ours = _table("flow-euler", EULER, config, steps, 0.7)
    assert ours.timesteps[-1] == pytest.approx(20.0, rel=1e-6)
    theirs = _run_scheduler(scheduler, network, noise)
    assert torch.allclose(run_table(ours, network, noise), theirs, rtol=1e-6, atol=1e-6)


def test_a_single_step_starts_at_the_top_wherever_the_schedule_ends() -> None:
    """diffusers divides by 0 here."""
    config = {"shift_terminal": 0.02, "timestep_spacing": "trailing"}
    assert _table("flow-euler", EULER, config, 1).timesteps == [1000.0]


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize(
    ("options", "mu"),
    [({}, None), ({"flow_shift": 3.0}, None), ({"flow_shift": 8.0}, None), (DYNAMIC, 1.15)],
)
@pytest.mark.parametrize(
    "more", [{}, {"lower_order_final": False}, {"euler_at_final": True}, {"solver_order": 1}]
)
@pytest.mark.parametrize("prediction", ["flow_prediction", "sample"])
def test_dpm_multistep_equals_diffusers(
    options: dict[str, Any],
    mu: float | None,
    more: dict[str, Any],
    prediction: str,
    steps: int,
    network: Linear,
    noise: torch.Tensor,
) -> None:
    config = {**options, **more, "prediction_type": prediction, "use_flow_sigmas": True}
    scheduler = DPMSolverMultistepScheduler(**config)
    scheduler.set_timesteps(steps, mu=mu)
    ours = _table("flow-dpm++2m", DPM, config, steps, mu)
    assert np.array_equal(ours.timesteps, scheduler.timesteps.numpy())
    theirs = _run_scheduler(scheduler, network, noise)
    assert torch.allclose(run_table(ours, network, noise), theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("tokens", [256, 1024, 4096, 9000])
def test_the_shift_of_a_size_is_that_of_the_pipelines(tokens: int) -> None:
    config = {"base_shift": 0.4, "max_shift": 1.2, "base_image_seq_len": 200}
    theirs = calculate_shift(tokens, 200, 4096, 0.4, 1.2)
    assert mu_of_tokens(noise_schedule(EULER, config), tokens) == pytest.approx(theirs, rel=1e-12)


def test_a_shift_that_depends_on_the_size_must_be_given() -> None:
    with pytest.raises(InputError, match="depends on the picture's size"):
        make_table("flow-euler", noise_schedule(EULER, DYNAMIC), 20)


@pytest.mark.parametrize("name", ["flow-euler", "flow-dpm++2m"])
def test_either_solver_takes_the_shift_of_either_scheduler(name: str) -> None:
    dpm = {"use_flow_sigmas": True, "prediction_type": "flow_prediction", "flow_shift": 3.0}
    ours = _table(name, EULER, {"shift": 3.0}, 8).rows()
    assert np.array_equal(ours, _table(name, DPM, dpm, 8).rows())
