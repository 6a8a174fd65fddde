"""Euler's method along a rectified flow."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.solvers.contract import (
    Array,
    Kind,
    Schedule,
    Solver,
    SolverTable,
    karras_sigmas,
    solvers,
    x0_coefficients,
)
from engine.solvers.flow_shift import shift_of, shifted


@solvers.register("flow-euler")
class FlowEuler(Solver):
    """x' = x + (σ' − σ) (ε − x0), with x = (1−σ) x0 + σ ε. Liu et al. 2022, arXiv 2209.03003.

    The levels σ are those of diffusers' FlowMatchEulerDiscreteScheduler: evenly spaced, shifted
    (Esser et al. 2024, arXiv 2403.03206, section 5.3.2), and changed as its config says.
    """

    label = "Euler, flow"
    kinds: ClassVar[tuple[Kind, ...]] = ("flow",)

    def table(self, schedule: Schedule, steps: int) -> SolverTable:
        # float32, as in diffusers, so that both use the same levels.
        sigma = _sigmas(schedule, steps).astype(np.float32).astype(np.float64)
        if schedule.prediction == "epsilon":  # without signal, x0 cannot be computed from ε
            sigma = np.minimum(sigma, 1.0 - 2.0**-12)
        end = np.append(sigma[1:], 0.0)
        ratio = end / sigma
        first, output = x0_coefficients(schedule.prediction, 1.0 - sigma, sigma)
        return SolverTable(
            timesteps=sigma * len(schedule.timesteps),
            input_scale=np.ones_like(sigma),
            x0_sample=first,
            x0_output=output,
            next_sample=ratio,
            next_x0=1.0 - ratio,
            next_previous=np.zeros_like(sigma),
        )


def _sigmas(schedule: Schedule, steps: int) -> Array:
    """Returns the level at the start of each step: [steps], descending from 1 or a little less."""
    config = schedule.config
    sigmas = shifted(_unshifted(schedule, steps), shift_of(schedule))
    terminal = config.get("shift_terminal")
    if terminal and steps > 1:  # a single step starts at the highest level
        sigmas = 1.0 - (1.0 - sigmas) * (1.0 - terminal) / (1.0 - sigmas[-1])
    if config.get("use_karras_sigmas"):
        return karras_sigmas(sigmas, steps)
    if config.get("use_exponential_sigmas"):
        return np.geomspace(sigmas[0], sigmas[-1], steps)
    return sigmas


def _unshifted(schedule: Schedule, steps: int) -> Array:
    """Returns levels at equal intervals: [steps], from 1 to 1/steps if the spacing is "trailing".

    Otherwise they are between the largest and the smallest level of training. With a constant
    shift, diffusers shifts these two first and then all levels, so that the last one is shifted
    twice.
    """
    if schedule.config.get("timestep_spacing") == "trailing":
        return np.linspace(1.0, 1.0 / steps, steps)
    ends = schedule.sigmas[[-1, 0]]
    if not schedule.config.get("use_dynamic_shifting"):
        ends = shifted(ends, shift_of(schedule))
    return np.linspace(ends[0], ends[1], steps)
