"""The coefficient tables against diffusers' own schedulers, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler

from engine.errors import InputError
from engine.solvers.contract import Schedule, make_table, solvers

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
    scheduler = CLASSES[name].from_config(config)
    prediction = config.get("prediction_type", "epsilon")
    schedule = Schedule(scheduler.alphas_cumprod.double().numpy(), prediction, config)
    table = make_table(name, schedule, steps)
    assert table is not None
    x, previous = noise * table.initial_scale, torch.zeros_like(noise)
    for k in range(steps):
        output = _model(table.input_scale[k] * x, torch.tensor(table.timesteps[k]))
        x0 = table.x0_sample[k] * x + table.x0_output[k] * output
        x = table.next_sample[k] * x + table.next_x0[k] * x0 + table.next_previous[k] * previous
        previous = x0
    return x


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


def test_all_solvers_are_found() -> None:
    assert set(solvers.names()) == {*CLASSES, "scheduler"}


@pytest.mark.parametrize("name", sorted({*solvers.names()} - {"scheduler"}))
def test_as_many_steps_as_there_are_in_training(name: str) -> None:
    schedule = Schedule(np.linspace(0.999, 0.005, 1000), "epsilon", {"steps_offset": 1})
    table = make_table(name, schedule, 1000)
    assert table is not None
    assert np.isfinite(table.rows()).all()


@pytest.mark.parametrize("steps", [0, -3, 1001])
def test_steps_that_cannot_be_taken_are_refused(steps: int) -> None:
    schedule = Schedule(np.linspace(0.999, 0.005, 1000), "epsilon", {})
    with pytest.raises(InputError, match="from 1 to 1000"):
        make_table("ddim", schedule, steps)
