"""The coefficient tables against diffusers' own schedulers, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler

from engine.errors import InputError
from engine.models.schedules.noise_schedule import noise_schedule
from engine.solvers.contract import make_table, solvers, solvers_for
from tests.support.solver_run import run_table

SD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
CLASSES = {
    "dpm++2m": DPMSolverMultistepScheduler,
    "dpm++2m-karras": DPMSolverMultistepScheduler,
    "ddim": DDIMScheduler,
    "euler": EulerDiscreteScheduler,
}
SAME: dict[str, Any] = {"clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1}


def _model(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Any smooth function of sample and timestep stands for a UNet here."""
    return torch.sin(x * 1.3 + t.double() / 300.0) + 0.3 * x


def _theirs(name: str, config: dict[str, Any], steps: int, noise: torch.Tensor) -> torch.Tensor:
    extra = {"use_karras_sigmas": True} if name.endswith("karras") else {}
    scheduler = CLASSES[name].from_config({**config, **extra})
    scheduler.set_timesteps(steps)
    x = noise * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        output = _model(scheduler.scale_model_input(x, t), t)
        x = scheduler.step(output, t, x).prev_sample
    return x


def _ours(name: str, config: dict[str, Any], steps: int, noise: torch.Tensor) -> torch.Tensor:
    table = make_table(name, noise_schedule("DDIMScheduler", config), steps)
    assert table is not None
    return run_table(table, _model, noise)


@pytest.mark.parametrize("name", sorted(CLASSES))
@pytest.mark.parametrize("steps", [1, 2, 10, 20, 30])
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("spacing", [None, "leading", "trailing", "linspace"])
def test_a_run_ends_where_the_scheduler_of_diffusers_ends(
    name: str, steps: int, prediction: str, spacing: str | None
) -> None:
    config: dict[str, Any] = {**SD, **SAME, "prediction_type": prediction}
    if spacing:
        config["timestep_spacing"] = spacing
    noise = torch.randn(2, 4, 5, 5, generator=torch.Generator().manual_seed(3)).double()
    ours, theirs = _ours(name, config, steps, noise), _theirs(name, config, steps, noise)
    assert torch.allclose(ours, theirs, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("name", ["dpm++2m", "euler"])
def test_a_run_may_end_at_the_smallest_sigma(name: str) -> None:
    config = {**SD, "final_sigmas_type": "sigma_min"}
    noise = torch.randn(1, 4, 5, 5, generator=torch.Generator().manual_seed(3)).double()
    ours, theirs = _ours(name, config, 20, noise), _theirs(name, config, 20, noise)
    assert torch.allclose(ours, theirs, rtol=2e-5, atol=2e-5)


def test_each_solver_says_which_models_it_is_for() -> None:
    assert set(solvers_for("diffusion")) == {*CLASSES, "scheduler"}
    assert set(solvers_for("flow")) == {"flow-euler", "flow-dpm++2m", "scheduler"}
    assert {*solvers_for("diffusion"), *solvers_for("flow")} == set(solvers.names())


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_as_many_steps_as_there_are_in_training(name: str) -> None:
    table = make_table(name, noise_schedule("DDIMScheduler", {**SD, "steps_offset": 1}), 1000)
    assert table is not None
    assert np.isfinite(table.rows()).all()


@pytest.mark.parametrize("steps", [0, -3, 1001])
def test_steps_that_cannot_be_taken_are_refused(steps: int) -> None:
    with pytest.raises(InputError, match="from 1 to 1000"):
        make_table("ddim", noise_schedule("DDIMScheduler", SD), steps)


def test_a_solver_of_the_other_kind_is_refused_with_those_that_fit() -> None:
    with pytest.raises(InputError, match=r"'flow-euler' cannot be used .* one of: ddim, dpm"):
        make_table("flow-euler", noise_schedule("DDIMScheduler", SD), 20)
    flow = noise_schedule("FlowMatchEulerDiscreteScheduler", {})
    with pytest.raises(InputError, match=r"'dpm\+\+2m' cannot be used .* one of: flow-dpm"):
        make_table("dpm++2m", flow, 20)
