"""Selects the solver for a model's scheduler config and prepares the config as diffusers does."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Literal

from engine.errors import ModelError

Config = Mapping[str, Any]

#: Scheduler class → our equivalent solver, and the option values that the solver implements. An
#: option that is missing in the config has diffusers' default, which is the first value here.
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
            "use_karras_sigmas": (False, True),
            "use_exponential_sigmas": (False,),
            "use_beta_sigmas": (False,),
            "use_lu_lambdas": (False,),
            "use_flow_sigmas": (False, True),
        },
    ),
    "DDIMScheduler": ("ddim", {"thresholding": (False,)}),
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
    "FlowMatchEulerDiscreteScheduler": (
        "flow-euler",
        {
            "invert_sigmas": (False,),
            "stochastic_sampling": (False,),
            "use_beta_sigmas": (False,),
        },
    ),
}
#: The replacement for any other scheduler. For diffusion, it is the solver of the article. Models
#: that were distilled to a few steps work only with their own scheduler, because they were trained
#: for its large steps.
_STAND_INS: Mapping[str, str] = {"diffusion": "dpm++2m", "flow": "flow-euler"}
OWN = "scheduler"
_FEW_STEP_CLASSES = frozenset(
    {"LCMScheduler", "TCDScheduler", "FlowMatchLCMScheduler", "SCMScheduler"}
)


def schedule_kind(scheduler_class: str, config: Config) -> Literal["diffusion", "flow", "angle"]:
    """Returns the kind of training of a scheduler's model."""
    if scheduler_class == "SCMScheduler":
        return "angle"
    if scheduler_class.startswith("FlowMatch") or config.get("use_flow_sigmas"):
        return "flow"
    return "diffusion"


def prediction_type(scheduler_class: str, config: Config) -> str:
    """Returns the kind of the network's output, with the names of diffusers."""
    if scheduler_class.startswith("FlowMatch"):  # ignore values of another scheduler
        return "flow_prediction"
    return str(config.get("prediction_type", "epsilon"))


def solver_name(scheduler_class: str, config: Config) -> str:
    """Returns our solver that equals or replaces this scheduler. OWN is the scheduler itself."""
    kind = schedule_kind(scheduler_class, config)
    if not has_own_solver(scheduler_class, config):
        return OWN if draws_in_few_steps(scheduler_class, config) else _STAND_INS[kind]
    name = _SOLVERS[scheduler_class][0]
    if scheduler_class == "DPMSolverMultistepScheduler":
        if kind == "flow":
            return f"flow-{name}"
        if config.get("use_karras_sigmas", False):
            return f"{name}-karras"
    return name


def has_own_solver(scheduler_class: str, config: Config) -> bool:
    """True if one of our solvers equals this scheduler."""
    if scheduler_class not in _SOLVERS:
        return False
    if config.get("use_flow_sigmas") and config.get("use_karras_sigmas"):
        return False
    if scheduler_class == "DDIMScheduler" and config.get("clip_sample", True):
        return False  # it cuts values off, as no solver here does
    options = _SOLVERS[scheduler_class][1]
    return all(config.get(name, values[0]) in values for name, values in options.items())


def replaced_scheduler(scheduler_class: str, config: Config) -> str:
    """Returns the scheduler that `solver_name` replaces by a solver that is not equal to it.

    Returns "" if the solver is equal or is the scheduler itself.
    """
    if has_own_solver(scheduler_class, config) or draws_in_few_steps(scheduler_class, config):
        return ""
    return scheduler_class or "an unnamed scheduler"


def draws_in_few_steps(scheduler_class: str, config: Config) -> bool:
    """True if a model with this scheduler was distilled to 1–8 steps without guidance."""
    turbo = (
        scheduler_class in ("EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler")
        and config.get("timestep_spacing") == "trailing"
        and not config.get("rescale_betas_zero_snr", False)
    )
    return turbo or scheduler_class in _FEW_STEP_CLASSES


def pipeline_config(scheduler_class: str, config: Config) -> Config:
    """Returns the scheduler's config as pipelines use it.

    The solver chooses the values that are missing in the config. The options that a family's
    pipeline sets come on top.
    """
    options = {name: value for name, value in config.items() if not name.startswith("_")}
    if scheduler_class.startswith("FlowMatch"):  # these have no such option
        options.pop("timestep_spacing", None)
    if scheduler_class in _FEW_STEP_CLASSES:
        options["timestep_spacing"] = "trailing"
    return options


def step_timesteps(scheduler: Any) -> Any:
    """Returns the timesteps of a scheduler's steps. That of SCMScheduler also has the end."""
    last = -1 if type(scheduler).__name__ == "SCMScheduler" else None
    return scheduler.timesteps[:last]


def make_scheduler(scheduler_class: str, config: Config) -> Any:
    """Creates a diffusers scheduler. Raises ModelError with the class name if it cannot."""
    import diffusers

    found = getattr(diffusers, scheduler_class, None)
    if not (isinstance(found, type) and issubclass(found, diffusers.SchedulerMixin)):
        raise ModelError(
            f"The model's own scheduler is {scheduler_class or 'not named'!r}, which this version "
            "of diffusers does not have; choose another solver."
        )
    known = inspect.signature(found).parameters
    try:
        return found(**{name: value for name, value in config.items() if name in known})
    except (ImportError, NotImplementedError, TypeError, ValueError) as error:
        raise ModelError(
            f"diffusers cannot make the model's own scheduler, {scheduler_class} ({error}); choose "
            "another solver."
        ) from error
