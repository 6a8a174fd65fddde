"""Solvers as tables with one row of coefficients for each step.

Every deterministic linear multistep solver up to second order computes, at each step,

    x0   = a · x + b · output                  (output of the UNet at `input_scale` · x)
    next = p · x + q · x0 + r · (x0 of the step before)

so that frames at different steps can be in one batch of the UNet, each with its own row. Rows are
computed in float64 from the model's noise schedule and its scheduler's config.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.registry import Registry

Array = npt.NDArray[np.float64]


#: "diffusion": α² + σ² = 1, as in Stable Diffusion. "flow": α + σ = 1, rectified flow. "angle":
#: α = cos t, σ = sin t, whose timesteps are the angles t.
Kind = Literal["diffusion", "flow", "angle"]
#: The α² that diffusers uses for a schedule that ends at 0: the smallest positive float16.
_LEAST_SIGNAL = 2.0**-24
#: ρ of Karras et al. 2022.
_RHO = 7.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """The noise levels that a model was trained at: x_t = α_t x0 + σ_t ε, with ε ~ N(0, I).

    `signal` is α_t² and `noise` is σ_t² [T] at the training `timesteps` [T], which ascend: as
    variances, because diffusers computes σ/α from them. `prediction` says what the network's
    output is, `config` is the scheduler's config. `mu` is the shift of a flow schedule that
    depends on the picture's size.
    """

    kind: Kind
    timesteps: Array
    signal: Array
    noise: Array
    prediction: str
    config: Mapping[str, Any]
    mu: float | None = None

    @property
    def alphas(self) -> Array:
        """α_t: [T]."""
        return np.sqrt(self.signal)

    @property
    def sigmas(self) -> Array:
        """σ_t: [T]."""
        return np.sqrt(self.noise)

    @property
    def ratios(self) -> Array:
        """σ_t/α_t, the σ of Karras et al. 2022: [T]. Infinite where α is 0."""
        return np.sqrt(self.noise / self.signal)

    def above_zero(self) -> Schedule:
        """The schedule for a computation that divides by α: a last α² of 0 becomes 2^-24.

        The value is that of the schedulers of diffusers that divide by α.
        """
        if self.signal[-1] > 0.0:
            return self
        signal, noise = self.signal.copy(), self.noise.copy()
        signal[-1], noise[-1] = _LEAST_SIGNAL, 1.0 - _LEAST_SIGNAL
        return replace(self, signal=signal, noise=noise)

    def x0_coefficients(self, timestep: float) -> tuple[float, float]:
        """a and b of x0 = a·x + b·output at a training timestep, or between two of them."""
        at = np.array([timestep])
        alpha = np.interp(at, self.timesteps, self.alphas)
        sigma = np.interp(at, self.timesteps, self.sigmas)
        first, output = x0_coefficients(self.prediction, alpha, sigma)
        return float(first[0]), float(output[0])


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
    """The base class of all solvers. `table` makes the table for a schedule and a number of steps.

    It returns None if there is no table. The model's own scheduler then computes each step.
    """

    label: ClassVar[str]
    #: The kinds of schedules that fit.
    kinds: ClassVar[tuple[Kind, ...]] = ("diffusion",)

    @abstractmethod
    def table(self, schedule: Schedule, steps: int) -> SolverTable | None: ...


solvers: Registry[Solver] = Registry("engine.solvers", "solver")


def solvers_for(kind: Kind) -> tuple[str, ...]:
    """Returns the names of the solvers that fit a schedule of this kind."""
    return tuple(name for name in solvers.names() if kind in solvers.get(name).kinds)


def make_table(
    name: str, schedule: Schedule, steps: int, mu: float | None = None
) -> SolverTable | None:
    """Returns the table of the solver called `name`, or None if it has none.

    `mu` is the shift of a flow schedule whose config asks for `use_dynamic_shifting`: a number
    that the model's family computes from the picture's size and the steps. Raises InputError for a
    solver that is not known or not for this schedule, and for a number of steps out of range.
    """
    solver, limit = solvers.get(name), len(schedule.timesteps)
    if schedule.kind not in solver.kinds:
        fitting = ", ".join(solvers_for(schedule.kind))
        raise InputError(
            f"The solver {name!r} cannot be used with this {schedule.kind} model; "
            f"choose one of: {fitting}."
        )
    if not 1 <= steps <= limit:
        raise InputError(f"The number of steps must be from 1 to {limit}, not {steps}.")
    return solver().table(replace(schedule, mu=mu), steps)


def spaced_timesteps(schedule: Schedule, steps: int, default: str) -> Array:
    """Returns the training timesteps of a run, descending, by the config's `timestep_spacing`:
    [steps]."""
    count, config = len(schedule.timesteps), schedule.config
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


def karras_sigmas(sigmas: Array, steps: int) -> Array:
    """Returns sigmas [steps] between the largest and the smallest of `sigmas`, at equal intervals
    of σ^(1/ρ).

    Karras et al. 2022, equation 5.
    """
    low, high = float(sigmas.min()) ** (1 / _RHO), float(sigmas.max()) ** (1 / _RHO)
    ramp = np.linspace(0.0, 1.0, steps)
    return np.asarray((high + ramp * (low - high)) ** _RHO)


def timesteps_of_sigmas(schedule: Schedule, sigmas: Array) -> Array:
    """Returns the fractional training timestep of each σ/α, linear in its logarithm: [n]."""
    logs = np.log(schedule.ratios)
    return np.interp(np.log(sigmas), logs, np.arange(len(logs), dtype=np.float64))


def x0_coefficients(prediction: str, alpha: Array, sigma: Array) -> tuple[Array, Array]:
    """Returns a and b of x0 = a·x + b·output, for x = alpha·x0 + sigma·ε.

    The output is ε, v = alpha·ε − sigma·x0, x0 itself ("sample"), or the flow ε − x0.
    """
    if prediction == "epsilon":
        return 1.0 / alpha, -sigma / alpha
    if prediction == "v_prediction":
        power = alpha**2 + sigma**2
        return alpha / power, -sigma / np.sqrt(power)
    if prediction == "sample":
        return np.zeros_like(alpha), np.ones_like(alpha)
    if prediction == "flow_prediction":
        return 1.0 / (alpha + sigma), -sigma / (alpha + sigma)
    raise InputError(
        f"The model predicts {prediction!r}; known are epsilon, v_prediction, sample and "
        "flow_prediction."
    )
