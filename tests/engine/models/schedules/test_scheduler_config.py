"""What scheduler configs mean: signal levels as diffusers computes them, solvers, overrides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    PNDMScheduler,
)

from engine.errors import ModelError
from engine.models.families.contract import families
from engine.models.schedules.noise_schedule import noise_schedule
from engine.models.schedules.scheduler_config import (
    draws_in_few_steps,
    has_own_solver,
    pipeline_config,
    prediction_type,
    replaced_scheduler,
    schedule_kind,
    solver_name,
)
from engine.solvers.contract import solvers_for

SD1 = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


@pytest.mark.parametrize(
    "scheduler", [DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, LCMScheduler]
)
@pytest.mark.parametrize(
    "options",
    [
        SD1,
        {"beta_schedule": "linear"},
        {"beta_schedule": "squaredcos_cap_v2"},
        {"trained_betas": [0.1, 0.2, 0.3], "num_train_timesteps": 3},
        {**SD1, "num_train_timesteps": 50},
        {**SD1, "rescale_betas_zero_snr": True},
    ],
)
def test_signal_levels_equal_those_of_diffusers(scheduler: Any, options: dict[str, Any]) -> None:
    made = scheduler(**options)
    schedule = noise_schedule(scheduler.__name__, dict(made.config))
    if made.alphas_cumprod[-1] > 0:
        schedule = schedule.above_zero()
    assert schedule.signal.dtype == np.float64
    assert np.array_equal(schedule.signal, made.alphas_cumprod.double().numpy())
    assert np.allclose(schedule.alphas**2 + schedule.sigmas**2, 1.0, rtol=0.0, atol=1e-15)


def test_an_unknown_schedule_is_named() -> None:
    with pytest.raises(ModelError, match="'sigmoid'"):
        noise_schedule("DDIMScheduler", {"beta_schedule": "sigmoid"})


@pytest.mark.parametrize(
    ("scheduler", "options", "solver", "own"),
    [
        ("DPMSolverMultistepScheduler", {}, "dpm++2m", True),
        ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}, "dpm++2m-karras", True),
        ("DPMSolverMultistepScheduler", {"solver_order": 3}, "dpm++2m", False),
        ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}, "dpm++2m", False),
        ("DDIMScheduler", {"clip_sample": False}, "ddim", True),
        ("DDIMScheduler", {"clip_sample": False, "thresholding": True}, "dpm++2m", False),
        ("DDIMScheduler", {}, "dpm++2m", False),
        ("EulerDiscreteScheduler", {}, "euler", True),
        ("EulerDiscreteScheduler", {"use_karras_sigmas": True}, "dpm++2m", False),
        ("PNDMScheduler", {}, "dpm++2m", False),
        ("LCMScheduler", {}, "scheduler", False),
        ("TCDScheduler", {}, "scheduler", False),
        ("", {}, "dpm++2m", False),
        ("FlowMatchEulerDiscreteScheduler", {"shift": 3.0}, "flow-euler", True),
        ("FlowMatchEulerDiscreteScheduler", {"stochastic_sampling": True}, "flow-euler", False),
        ("FlowMatchHeunDiscreteScheduler", {}, "flow-euler", False),
        ("FlowMatchLCMScheduler", {}, "scheduler", False),
        ("UniPCMultistepScheduler", {"use_flow_sigmas": True}, "flow-euler", False),
        ("DPMSolverMultistepScheduler", {"use_flow_sigmas": True}, "flow-dpm++2m", True),
    ],
)
def test_solver_by_scheduler(
    scheduler: str, options: dict[str, Any], solver: str, own: bool
) -> None:
    assert solver_name(scheduler, options) == solver
    assert has_own_solver(scheduler, options) is own
    assert solver in solvers_for(schedule_kind(scheduler, options))
    stands_in = not own and solver != "scheduler"
    assert bool(replaced_scheduler(scheduler, options)) is stands_in


def test_what_a_model_predicts() -> None:
    assert prediction_type("DDIMScheduler", {}) == "epsilon"
    assert prediction_type("DDIMScheduler", {"prediction_type": "sample"}) == "sample"
    left_over = {"prediction_type": "epsilon"}
    assert prediction_type("FlowMatchEulerDiscreteScheduler", left_over) == "flow_prediction"


def test_the_config_is_as_the_pipeline_uses_it() -> None:
    """The article replaces SD 1.4's scheduler; the new one takes over what the old one said."""
    old = PNDMScheduler(**SD1, skip_prk_steps=True, steps_offset=1)
    new = DPMSolverMultistepScheduler.from_config(old.config)
    set_by_pipeline = families.get("stable-diffusion")({}).scheduler_options()
    ours = {**pipeline_config("PNDMScheduler", {**SD1, "skip_prk_steps": True}), **set_by_pipeline}
    for name in ("steps_offset", "beta_start", "beta_end", "beta_schedule"):
        assert ours[name] == new.config[name], name
    assert ours["clip_sample"] is False
    assert "timestep_spacing" not in ours
    assert (
        new.config["timestep_spacing"] == DPMSolverMultistepScheduler().config["timestep_spacing"]
    )


def test_models_distilled_to_few_steps_are_recognised() -> None:
    assert draws_in_few_steps("LCMScheduler", {})
    assert draws_in_few_steps("EulerDiscreteScheduler", {"timestep_spacing": "trailing"})
    assert not draws_in_few_steps("EulerDiscreteScheduler", SD1)
    zero_snr = {"timestep_spacing": "trailing", "rescale_betas_zero_snr": True}
    assert not draws_in_few_steps("EulerDiscreteScheduler", zero_snr)


@pytest.mark.parametrize(
    "options",
    [
        {"num_train_timesteps": 1, "rescale_betas_zero_snr": True},
        {"trained_betas": [0.1, 1.5, 0.1]},
        {"trained_betas": [0.0, 0.0]},
    ],
)
def test_a_schedule_that_is_none_is_one_sentence(options: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="does not add noise at every step"):
        noise_schedule("DDIMScheduler", options)
