"""A model's noise schedule from its scheduler's config, computed as diffusers computes it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from engine.errors import ModelError
from engine.models.schedules.scheduler_config import prediction_type, schedule_kind
from engine.solvers.contract import Array, Schedule

Config = Mapping[str, Any]


def noise_schedule(scheduler_class: str, config: Config) -> Schedule:
    """The levels of a diffusion or flow model at each training timestep.

    The last α of a diffusion model may be 0. Raises ModelError for a schedule that is not known.
    """
    prediction = prediction_type(scheduler_class, config)
    kind = schedule_kind(scheduler_class, config)
    if kind == "angle":
        return _angle_schedule(config)
    if kind == "flow":
        return _flow_schedule(scheduler_class, config, prediction)
    signal = _signal(config)
    if not (np.isfinite(signal).all() and 0.0 < signal[0] < 1.0 and (np.diff(signal) < 0).all()):
        raise ModelError(
            "The model's noise schedule does not add noise at every step; fetch the model again."
        )
    timesteps = np.arange(len(signal), dtype=np.float64)
    return Schedule("diffusion", timesteps, signal, 1.0 - signal, prediction, config)


def _angle_schedule(config: Config) -> Schedule:
    """α = cos t and σ = sin t for angles t up to a right one. The network predicts the velocity."""
    angles = np.linspace(0.0, math.pi / 2, int(config.get("num_train_timesteps", 1000)))
    signal, noise = np.cos(angles) ** 2, np.sin(angles) ** 2
    return Schedule("angle", angles, signal, noise, "v_prediction", config)


def _flow_schedule(scheduler_class: str, config: Config, prediction: str) -> Schedule:
    """σ_t = t/T for t = 1…T. The shift stands under one name, whatever the scheduler calls it."""
    count = int(config.get("num_train_timesteps", 1000))
    timesteps = np.arange(1, count + 1, dtype=np.float64)
    sigmas = timesteps / count
    name = "shift" if scheduler_class.startswith("FlowMatch") else "flow_shift"
    options = {**config, "shift": config.get(name, 1.0)}
    return Schedule("flow", timesteps, (1.0 - sigmas) ** 2, sigmas**2, prediction, options)


def _signal(config: Config) -> Array:
    """α_t² [T], which papers call ᾱ_t, at each training timestep.

    Computed in float32, as diffusers' schedulers do, so that both agree to the last bit.
    """
    betas = _betas(config)
    if config.get("rescale_betas_zero_snr", False):
        betas = _rescale_to_zero_snr(betas)
    levels = torch.cumprod(1.0 - betas, dim=0)
    return np.ascontiguousarray(levels.numpy().astype(np.float64))


def _betas(config: Config) -> torch.Tensor:
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


def _rescale_to_zero_snr(betas: torch.Tensor) -> torch.Tensor:
    """Betas whose last step is pure noise: Lin et al., arXiv 2305.08891, algorithm 1."""
    roots = torch.cumprod(1.0 - betas, dim=0).sqrt()
    first, last = roots[0].clone(), roots[-1].clone()
    levels = ((roots - last) * (first / (first - last))) ** 2
    return 1 - torch.cat([levels[:1], levels[1:] / levels[:-1]])
