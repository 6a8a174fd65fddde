"""Euler's method on the probability-flow ODE in σ."""

from __future__ import annotations

import numpy as np

from engine.solvers.contract import (
    Schedule,
    Solver,
    SolverTable,
    karras_sigmas,
    solvers,
    spaced_timesteps,
    timesteps_of_sigmas,
    x0_coefficients,
)


@solvers.register("euler")
class Euler(Solver):
    """x' = x + (σ' − σ) (x − x0)/σ, with x = x0 + σ ε. Karras et al. 2022, algorithm 2 (no churn).

    The sample has scale σ: z_T is scaled up at the start, and the UNet's input is scaled down.
    """

    label = "Euler"

    def table(self, schedule: Schedule, steps: int) -> SolverTable:
        schedule = schedule.above_zero()
        timesteps = spaced_timesteps(schedule, steps, "linspace")
        sigma = np.interp(timesteps, schedule.timesteps, schedule.ratios)
        if schedule.config.get("use_karras_sigmas"):
            sigma = karras_sigmas(sigma, steps)
            timesteps = timesteps_of_sigmas(schedule, sigma)
        to_zero = schedule.config.get("final_sigmas_type", "zero") == "zero"
        last = 0.0 if to_zero else float(schedule.ratios[0])
        ratio = np.append(sigma[1:], last) / sigma
        scale = 1.0 / np.sqrt(sigma**2 + 1.0)
        # The UNet sees scale·x = α x0 + √(1−α²) ε, so its x0 formula applies to the scaled sample.
        first, output = x0_coefficients(schedule.prediction, scale, sigma * scale)
        leading = schedule.config.get("timestep_spacing", "linspace") == "leading"
        top = float(sigma.max())
        return SolverTable(
            timesteps=timesteps,
            input_scale=scale,
            x0_sample=first * scale,
            x0_output=output,
            next_sample=ratio,
            next_x0=1.0 - ratio,
            next_previous=np.zeros_like(ratio),
            initial_scale=float(np.sqrt(top**2 + 1.0)) if leading else top,
        )
