"""DPM-Solver++(2M), with the model's own spacing of timesteps or with Karras sigmas."""

from __future__ import annotations

import numpy as np

from engine.solvers.contract import (
    Array,
    Schedule,
    Solver,
    SolverTable,
    karras_sigmas,
    solvers,
    spaced_timesteps,
    timesteps_of_sigmas,
    x0_coefficients,
)


@solvers.register("dpm++2m")
class DpmMultistep(Solver):
    """Second-order multistep solver in the data prediction, midpoint form.

    Lu et al. 2022, arXiv 2211.01095, algorithm 2. With λ = ln(α/σ), h = λ_t − λ_s and
    r = h_before/h: x_t = (σ_t/σ_s) x + α_t (1 − e^−h) [x0 + (x0 − x0_before)/(2r)]. The first step
    is of first order, and so is the last where the config says that it ends at σ = 0, or has
    fewer than 15 steps and asks for it.
    """

    label = "DPM-Solver++ 2M"

    def table(self, schedule: Schedule, steps: int) -> SolverTable:
        timesteps, sigmas = self._grid(schedule, steps)
        last = 0.0 if schedule.config.get("final_sigmas_type", "zero") == "zero" else None
        ends = np.append(sigmas[1:], float(schedule.sigmas[0]) if last is None else last)
        return _table(schedule, timesteps, sigmas, ends)

    def _grid(self, schedule: Schedule, steps: int) -> tuple[Array, Array]:
        """Timesteps and the sigmas at which they start: [steps] each."""
        if schedule.config.get("use_karras_sigmas"):
            return _karras_grid(schedule, steps)
        timesteps = _timesteps(schedule, steps)
        grid = np.arange(len(schedule.sigmas), dtype=np.float64)
        return timesteps, np.interp(timesteps, grid, schedule.sigmas)


@solvers.register("dpm++2m-karras")
class DpmMultistepKarras(DpmMultistep):
    """DPM-Solver++(2M) on the sigmas of Karras et al. 2022, equation 5."""

    label = "DPM-Solver++ 2M Karras"

    def _grid(self, schedule: Schedule, steps: int) -> tuple[Array, Array]:
        return _karras_grid(schedule, steps)


def _karras_grid(schedule: Schedule, steps: int) -> tuple[Array, Array]:
    sigmas = karras_sigmas(schedule.sigmas, steps)
    return np.round(timesteps_of_sigmas(schedule, sigmas)), sigmas


def _timesteps(schedule: Schedule, steps: int) -> Array:
    """This solver counts the end of the last step among the points that it spaces."""
    count, config = len(schedule.sigmas), schedule.config
    spacing = config.get("timestep_spacing", "linspace")
    if spacing == "linspace":
        points = np.round(np.linspace(0.0, count - 1.0, steps + 1))[::-1]
        return np.asarray(points[:-1], np.float64)
    if spacing == "leading":
        ratio = count // (steps + 1)
        offset = int(config.get("steps_offset", 0))
        return np.asarray(np.arange(steps, 0, -1) * float(ratio) + offset, np.float64)
    return spaced_timesteps(schedule, steps, "trailing")


def _table(schedule: Schedule, timesteps: Array, sigmas: Array, ends: Array) -> SolverTable:
    """Coefficients from σ/α at the start and the end of every step."""
    alpha, alpha_end = 1.0 / np.sqrt(sigmas**2 + 1.0), 1.0 / np.sqrt(ends**2 + 1.0)
    sigma, sigma_end = sigmas * alpha, ends * alpha_end
    # e^−h = (σ_t/α_t)/(σ_s/α_s), which is 0 for the last step of a run that ends at σ = 0.
    gain = alpha_end * (1.0 - ends / sigmas)
    correction = np.zeros_like(gain)
    second = _second_order_steps(schedule, len(timesteps))
    before = np.log(sigmas[second - 1] / sigmas[second])
    now = np.log(sigmas[second] / ends[second])
    # With about as many steps as in training, two can round to one: it has no direction.
    ratio = np.divide(now, before, out=np.zeros_like(now), where=before != 0.0)
    correction[second] = gain[second] * 0.5 * ratio
    first, output = x0_coefficients(schedule.prediction, alpha, sigma)
    return SolverTable(
        timesteps=timesteps,
        input_scale=np.ones_like(gain),
        x0_sample=first,
        x0_output=output,
        next_sample=sigma_end / sigma,
        next_x0=gain + correction,
        next_previous=-correction,
    )


def _second_order_steps(
    schedule: Schedule, steps: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    config = schedule.config
    few = bool(config.get("lower_order_final", True)) and steps < 15
    ends_at_zero = config.get("final_sigmas_type", "zero") == "zero"
    first_order_end = few or ends_at_zero or bool(config.get("euler_at_final", False))
    if int(config.get("solver_order", 2)) == 1:
        return np.arange(0)
    return np.arange(1, steps - 1 if first_order_end else steps)
