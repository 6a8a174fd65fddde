"""The shift of flow schedules: larger pictures have more steps at high noise."""

from __future__ import annotations

import math

from engine.errors import InputError
from engine.solvers.contract import Array, Schedule


def shifted(sigmas: Array, shift: float) -> Array:
    """Returns s σ / (1 + (s−1) σ) for the shift s: [n]. Esser et al. 2024, arXiv 2403.03206, eq.
    23."""
    return shift * sigmas / (1.0 + (shift - 1.0) * sigmas)


def shift_of(schedule: Schedule) -> float:
    """Returns the shift s: the config's, or from `mu`, which is ln s (or s for "linear").

    Raises InputError if the config needs `mu` and there is none.
    """
    config = schedule.config
    if not config.get("use_dynamic_shifting"):
        return float(config.get("shift", 1.0))
    if schedule.mu is None:
        raise InputError(
            "The model's noise schedule depends on the picture's size in a way that is not known "
            "for this model; choose another model."
        )
    return schedule.mu if config.get("time_shift_type") == "linear" else math.exp(schedule.mu)


def mu_of_tokens(schedule: Schedule, tokens: int) -> float:
    """Returns `mu` for a number of tokens, linear between the two sizes in the config.

    This is the computation of the pipelines of Flux.1, Stable Diffusion 3 and others in diffusers.
    """
    config = schedule.config
    low, high = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    least, most = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
    return float(least + (tokens - low) * (most - least) / (high - low))
