"""What a model folder says about its noise schedule: signal levels, and which solver it names."""

from __future__ import annotations

import importlib
import inspect
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import ModelError

Config = Mapping[str, Any]

#: The solver that runs a diffusers scheduler object over one batch in lockstep.
LOCKSTEP = "lockstep"

#: Scheduler class → the option values our solver implements; any other value means lockstep.
#: An option that the config leaves out has diffusers' default, which is the first one here.
_SOLVERS: Mapping[str, tuple[str, Mapping[str, tuple[Any, ...]]]] = {
    "DPMSolverMultistepScheduler": (
        "dpm++2m",
        {
            "algorithm_type": ("dpmsolver++",),
            "solver_type": ("midpoint", "logrho", "bh1", "bh2"),
            "solver_order": (2,),
            "lower_order_final": (True,),
            "euler_at_final": (False,),
            "final_sigmas_type": ("zero",),
            "thresholding": (False,),
            "use_exponential_sigmas": (False,),
            "use_beta_sigmas": (False,),
            "use_lu_lambdas": (False,),
            "use_flow_sigmas": (False,),
        },
    ),
    "DDIMScheduler": ("ddim", {"clip_sample": (False,), "thresholding": (False,)}),
    "EulerDiscreteScheduler": (
        "euler",
        {
            "interpolation_type": ("linear",),
            "timestep_type": ("discrete",),
            "final_sigmas_type": ("zero",),
            "use_karras_sigmas": (False,),
            "use_exponential_sigmas": (False,),
            "use_beta_sigmas": (False,),
        },
    ),
}

#: Schedulers whose last signal level must stay above 0, because they divide by it.
_ABOVE_ZERO = frozenset(
    {
        "DPMSolverMultistepScheduler",
        "EulerDiscreteScheduler",
        "EulerAncestralDiscreteScheduler",
        "UniPCMultistepScheduler",
    }
)

#: Scheduler classes that diffusers can run in lockstep with the pictures that SD makes, by module.
_MODULES: Mapping[str, str] = {
    "DDIMScheduler": "ddim",
    "DDPMScheduler": "ddpm",
    "DEISMultistepScheduler": "deis_multistep",
    "DPMSolverMultistepScheduler": "dpmsolver_multistep",
    "DPMSolverSinglestepScheduler": "dpmsolver_singlestep",
    "EulerAncestralDiscreteScheduler": "euler_ancestral_discrete",
    "EulerDiscreteScheduler": "euler_discrete",
    "HeunDiscreteScheduler": "heun_discrete",
    "KDPM2AncestralDiscreteScheduler": "k_dpm_2_ancestral_discrete",
    "KDPM2DiscreteScheduler": "k_dpm_2_discrete",
    "LCMScheduler": "lcm",
    "LMSDiscreteScheduler": "lms_discrete",
    "PNDMScheduler": "pndm",
    "TCDScheduler": "tcd",
    "UniPCMultistepScheduler": "unipc_multistep",
}


def solver_name(scheduler_class: str, config: Config) -> str:
    """Our solver that equals this scheduler, or "lockstep" where none does."""
    if scheduler_class not in _SOLVERS:
        return LOCKSTEP
    name, supported = _SOLVERS[scheduler_class]
    if any(config.get(option, values[0]) not in values for option, values in supported.items()):
        return LOCKSTEP
    return f"{name}-karras" if config.get("use_karras_sigmas", False) else name


def pipeline_config(config: Config) -> Config:
    """The scheduler's config as StableDiffusionPipeline uses it.

    The pipeline overrides two values of folders that were written before they mattered.
    """
    options = {name: value for name, value in config.items() if not name.startswith("_")}
    return {**options, "steps_offset": 1, "clip_sample": False}


def is_known_scheduler(scheduler_class: str) -> bool:
    """Whether a folder that names this scheduler can be drawn with it."""
    return scheduler_class in _MODULES


def make_scheduler(scheduler_class: str, config: Config) -> Any:
    """A new diffusers scheduler. Raises ModelError, which names the class, where there is none."""
    if scheduler_class not in _MODULES:
        raise ModelError(
            f"The model names the scheduler {scheduler_class!r}, which this program does not know; "
            "choose a solver in the sampling settings instead."
        )
    module = importlib.import_module(f"diffusers.schedulers.scheduling_{_MODULES[scheduler_class]}")
    scheduler = getattr(module, scheduler_class)
    known = inspect.signature(scheduler.__init__).parameters
    return scheduler(**{name: value for name, value in config.items() if name in known})


def signal_levels(scheduler_class: str, config: Config) -> npt.NDArray[np.float64]:
    """ᾱ [T], the share of the signal's variance at each training timestep.

    Computed in float32, as diffusers' schedulers do, so that both agree to the last bit. Raises
    ModelError for a schedule that is not known.
    """
    import torch

    betas = _betas(config)
    zero_snr = bool(config.get("rescale_betas_zero_snr", False))
    if zero_snr:
        betas = _rescale_to_zero_snr(betas)
    levels = torch.cumprod(1.0 - betas, dim=0)
    if zero_snr and scheduler_class in _ABOVE_ZERO:
        levels[-1] = 2**-24
    return np.ascontiguousarray(levels.numpy().astype(np.float64))


def _betas(config: Config) -> Any:
    import torch

    if config.get("trained_betas") is not None:
        return torch.tensor(config["trained_betas"], dtype=torch.float32)
    count = int(config.get("num_train_timesteps", 1000))
    start, end = float(config.get("beta_start", 0.0001)), float(config.get("beta_end", 0.02))
    schedule = config.get("beta_schedule", "linear")
    if schedule == "linear":
        return torch.linspace(start, end, count, dtype=torch.float32)
    if schedule == "scaled_linear":
        return torch.linspace(start**0.5, end**0.5, count, dtype=torch.float32) ** 2
    if schedule == "squaredcos_cap_v2":
        return torch.tensor(_cosine_betas(count), dtype=torch.float32)
    raise ModelError(f"The model's noise schedule {schedule!r} is not known; use another model.")


def _cosine_betas(count: int) -> list[float]:
    """Nichol & Dhariwal 2021, eq. 17, capped at 0.999."""

    def level(time: float) -> float:
        return math.cos((time + 0.008) / 1.008 * math.pi / 2) ** 2

    return [min(1 - level((i + 1) / count) / level(i / count), 0.999) for i in range(count)]


def _rescale_to_zero_snr(betas: Any) -> Any:
    """Betas whose last step is pure noise: Lin et al., arXiv 2305.08891, algorithm 1."""
    import torch

    roots = torch.cumprod(1.0 - betas, dim=0).sqrt()
    first, last = roots[0].clone(), roots[-1].clone()
    levels = ((roots - last) * (first / (first - last))) ** 2
    return 1 - torch.cat([levels[:1], levels[1:] / levels[:-1]])
