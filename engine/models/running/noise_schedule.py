"""The signal levels of a model's noise schedule, computed as diffusers computes them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from engine.errors import ModelError

Config = Mapping[str, Any]

#: Schedulers whose last signal level must stay above 0, because they divide by it.
_ABOVE_ZERO = frozenset(
    {
        "DPMSolverMultistepScheduler",
        "EulerDiscreteScheduler",
        "EulerAncestralDiscreteScheduler",
        "UniPCMultistepScheduler",
    }
)


def signal_levels(scheduler_class: str, config: Config) -> npt.NDArray[np.float64]:
    """ᾱ [T], the share of the signal's variance at each training timestep.

    Computed in float32, as diffusers' schedulers do, so that both agree to the last bit. Raises
    ModelError for a schedule that is not known.
    """
    betas = _betas(config)
    zero_snr = bool(config.get("rescale_betas_zero_snr", False))
    if zero_snr:
        betas = _rescale_to_zero_snr(betas)
    levels = torch.cumprod(1.0 - betas, dim=0)
    if zero_snr and scheduler_class in _ABOVE_ZERO:
        levels[-1] = 2**-24
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
