"""What a solver is: a table with one row of coefficients for each step.

Every deterministic linear multistep solver up to second order does, at each step,

    x0   = a · x + b · output                  (output of the UNet at `input_scale` · x)
    next = p · x + q · x0 + r · (x0 of the step before)

so that frames at different steps can share one call of the UNet: each brings its own row. Rows are
computed in float64 from the model's own scheduler config.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.registry import Registry

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Schedule:
    """What a model was trained with: ᾱ_t [T], what it predicts, and its scheduler's config."""

    alphas_cumprod: Array
    prediction: str
    config: Mapping[str, Any]

    @property
    def sigmas(self) -> Array:
        """σ_t = √((1−ᾱ)/ᾱ) of every training timestep: [T]."""
        return np.sqrt((1.0 - self.alphas_cumprod) / self.alphas_cumprod)


@dataclass(frozen=True, slots=True)
class SolverTable:
    """The coefficients of every step: arrays [steps]. `initial_scale` multiplies z_T ~ N(0, I)."""

    timesteps: Array
    input_scale: Array
    x0_sample: Array
    x0_output: Array
    next_sample: Array
    next_x0: Array
    next_previous: Array
    initial_scale: float = 1.0

    @property
    def steps(self) -> int:
        return len(self.timesteps)

    def rows(self) -> npt.NDArray[np.float32]:
        """[steps, 6]: input scale, then the coefficients in the order of the formulas above."""
        taken = (self.input_scale, self.x0_sample, self.x0_output)
        given = (self.next_sample, self.next_x0, self.next_previous)
        return np.stack([*taken, *given], axis=1).astype(np.float32)


class Solver(ABC):
    """Base of all solvers: makes the table for a schedule and a number of steps.

    None where there is no table: then the model's own scheduler object is asked at every step.
    """

    label: ClassVar[str]

    @abstractmethod
    def table(self, schedule: Schedule, steps: int) -> SolverTable | None: ...


solvers: Registry[Solver] = Registry("engine.solvers", "solver")


def make_table(name: str, schedule: Schedule, steps: int) -> SolverTable | None:
    """The table of the solver called `name`, if it has one. Raises InputError for other names."""
    limit = len(schedule.alphas_cumprod)
    if not 1 <= steps <= limit:
        raise InputError(f"The number of steps must be from 1 to {limit}, not {steps}.")
    return solvers.get(name)().table(schedule, steps)


def spaced_timesteps(schedule: Schedule, steps: int, default: str) -> Array:
    """The training timesteps of a run, descending, by the config's `timestep_spacing`: [steps]."""
    count, config = len(schedule.alphas_cumprod), schedule.config
    spacing = config.get("timestep_spacing", default)
    offset = int(config.get("steps_offset", 0))
    if spacing == "linspace":
        return np.asarray(np.linspace(0.0, count - 1.0, steps)[::-1], np.float64)
    if spacing == "leading":
        points = np.arange(steps)[::-1] * float(count // steps) + offset
        return np.asarray(np.minimum(points, count - 1), np.float64)
    if spacing == "trailing":
        points = np.arange(count, 0, -count / steps, dtype=np.float64)
        return np.asarray(np.round(points)[:steps] - 1.0, np.float64)
    raise InputError(f"The model's scheduler asks for the unknown timestep spacing {spacing!r}.")


def karras_sigmas(sigmas: Array, steps: int, rho: float = 7.0) -> Array:
    """Sigmas [steps] between the largest and smallest given, spaced evenly in σ^(1/ρ).

    Karras et al. 2022, equation 5.
    """
    low, high = float(sigmas.min()) ** (1 / rho), float(sigmas.max()) ** (1 / rho)
    ramp = np.linspace(0.0, 1.0, steps)
    return np.asarray((high + ramp * (low - high)) ** rho)


def timesteps_of_sigmas(schedule: Schedule, sigmas: Array) -> Array:
    """The (fractional) training timestep of each σ, linear in log σ: [n]."""
    logs = np.log(schedule.sigmas)
    return np.interp(np.log(sigmas), logs, np.arange(len(logs), dtype=np.float64))


def x0_coefficients(prediction: str, alpha: Array, sigma: Array) -> tuple[Array, Array]:
    """a and b of x0 = a·x + b·output, for x = alpha·x0 + sigma·ε."""
    if prediction == "epsilon":
        return 1.0 / alpha, -sigma / alpha
    if prediction == "v_prediction":
        power = alpha**2 + sigma**2
        return alpha / power, -sigma / np.sqrt(power)
    if prediction == "sample":
        return np.zeros_like(alpha), np.ones_like(alpha)
    raise InputError(f"The model predicts {prediction!r}; known are epsilon, v_prediction, sample.")
