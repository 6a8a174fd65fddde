"""Every scheduler's config with every solver, also where the last noise level has no signal."""

from __future__ import annotations

from itertools import product
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from engine.models.families.contract import families
from engine.models.schedules.noise_schedule import noise_schedule
from engine.models.schedules.scheduler_config import pipeline_config, schedule_kind
from engine.solvers.contract import make_table, solvers_for
from tests.support.solver_run import run_table

SD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
DPM, DDIM, EULER = "DPMSolverMultistepScheduler", "DDIMScheduler", "EulerDiscreteScheduler"
SCHEDULERS = (
    *(DPM, DDIM, EULER, "DDPMScheduler", "DEISMultistepScheduler", "DPMSolverSDEScheduler"),
    *("DPMSolverSinglestepScheduler", "EulerAncestralDiscreteScheduler", "LCMScheduler"),
    *("HeunDiscreteScheduler", "KDPM2DiscreteScheduler", "LMSDiscreteScheduler", "PNDMScheduler"),
    *("TCDScheduler", "UniPCMultistepScheduler", "FlowMatchEulerDiscreteScheduler"),
    *("FlowMatchHeunDiscreteScheduler", ""),
)
FLOW = {"use_flow_sigmas": True, "flow_shift": 3.0}
BETAS: dict[str, dict[str, Any]] = {
    "sd": SD,
    "linear": {},
    "cosine": {"beta_schedule": "squaredcos_cap_v2"},
    "trained": {"trained_betas": np.linspace(1e-4, 0.02, 100).tolist(), "num_train_timesteps": 100},
}
EQUAL = {"dpm++2m": DPM, "dpm++2m-karras": DPM, "ddim": DDIM, "euler": EULER}


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("betas", sorted(BETAS))
@pytest.mark.parametrize("more", [{}, {"rescale_betas_zero_snr": True}, FLOW])
def test_every_table_is_finite(scheduler: str, betas: str, more: dict[str, Any]) -> None:
    spacings = ("leading", "trailing", "linspace")
    predictions = ("epsilon", "v_prediction", "flow_prediction")
    for spacing, prediction, steps in product(spacings, predictions, (1, 2, 7, 20, 50)):
        said = {**BETAS[betas], "timestep_spacing": spacing, "prediction_type": prediction}
        config = pipeline_config(scheduler, {**said, **more})
        schedule = noise_schedule(scheduler, config)
        for name in solvers_for(schedule_kind(scheduler, config)):
            table = make_table(name, schedule, steps)
            if table is not None:  # only the model's own scheduler has none
                assert np.isfinite(table.rows()).all(), (name, spacing, prediction, steps)
                assert np.isfinite(table.timesteps).all()
                assert np.isfinite(table.initial_scale)


@pytest.mark.parametrize("name", sorted(EQUAL))
@pytest.mark.parametrize(
    "scheduler", [DDIM, DPM, EULER, "PNDMScheduler", "UniPCMultistepScheduler"]
)
@pytest.mark.parametrize("spacing", ["leading", "trailing", "linspace"])
@pytest.mark.parametrize("prediction", ["v_prediction", "sample"])
def test_a_model_of_zero_terminal_snr_is_drawn_as_diffusers_draws_it(
    name: str, scheduler: str, spacing: str, prediction: str
) -> None:
    """Whatever scheduler the model names, the last level is that of the solver in use."""
    said = {**SD, "timestep_spacing": spacing, "prediction_type": prediction}
    set_by_pipeline = families.get("stable-diffusion")({}).scheduler_options()
    said |= {"rescale_betas_zero_snr": True}
    config = {**pipeline_config(scheduler, said), **set_by_pipeline}
    extra = {"use_karras_sigmas": True} if name.endswith("karras") else {}
    known = {k: v for k, v in config.items() if k != "clip_sample" or name == "ddim"}
    theirs = getattr(diffusers, EQUAL[name])(**{**known, **extra})
    theirs.set_timesteps(20)
    noise = torch.randn(2, 5, generator=torch.Generator().manual_seed(3)).double()
    x = noise * theirs.init_noise_sigma
    for t in theirs.timesteps:
        x = theirs.step(_network(theirs.scale_model_input(x, t), t), t, x).prev_sample
    table = make_table(name, noise_schedule(scheduler, config), 20)
    assert table is not None
    assert torch.allclose(run_table(table, _network, noise), x, rtol=1e-4, atol=1e-4)


def _network(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    return torch.sin(x * 1.3 + t.double() / 300.0) + 0.3 * x
