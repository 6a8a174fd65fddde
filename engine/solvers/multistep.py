"""The steps of DPM-Solver++(2M), for diffusion and for flow."""

from __future__ import annotations

import numpy as np

from engine.solvers.contract import Array, Schedule, SolverTable, x0_coefficients


def multistep_table(
    schedule: Schedule, timesteps: Array, starts: tuple[Array, Array], ends: tuple[Array, Array]
) -> SolverTable:
    """Makes the table from α and σ/α, [steps] each, at the start and at the end of every step."""
    (alpha, ratio), (alpha_end, ratio_end) = starts, ends
    # e^−h = (σ_t/α_t)/(σ_s/α_s); it is 0 for the last step of a run that ends at σ = 0.
    gain = alpha_end * (1.0 - ratio_end / ratio)
    correction = np.zeros_like(gain)
    second = _second_order_steps(schedule, len(timesteps), ratio_end[-1] == 0.0)
    before = np.log(ratio[second - 1] / ratio[second])
    now = np.log(ratio[second] / ratio_end[second])
    # With nearly as many steps as in training, two steps can be rounded to the same one.
    slope = np.divide(now, before, out=np.zeros_like(now), where=before != 0.0)
    correction[second] = gain[second] * 0.5 * slope
    sigma, sigma_end = ratio * alpha, ratio_end * alpha_end
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
    schedule: Schedule, steps: int, ends_at_zero: bool
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    config = schedule.config
    few = bool(config.get("lower_order_final", True)) and steps < 15
    first_order_end = few or ends_at_zero or bool(config.get("euler_at_final", False))
    if int(config.get("solver_order", 2)) == 1:
        return np.arange(0)
    return np.arange(1, steps - 1 if first_order_end else steps)
