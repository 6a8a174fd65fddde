"""DDIM, deterministic (η = 0)."""

from __future__ import annotations

import numpy as np

from engine.solvers.contract import (
    Schedule,
    Solver,
    SolverTable,
    solvers,
    spaced_timesteps,
    x0_coefficients,
)


@solvers.register("ddim")
class Ddim(Solver):
    """x' = √ᾱ' x0 + √(1−ᾱ') ε, with ε = (x − √ᾱ x0)/√(1−ᾱ). Song et al. 2020, arXiv 2010.02502."""

    label = "DDIM"

    def table(self, schedule: Schedule, steps: int) -> SolverTable:
        if schedule.prediction == "epsilon":  # without signal, x0 cannot be computed from ε
            schedule = schedule.above_zero()
        timesteps = np.round(spaced_timesteps(schedule, steps, "leading"))
        at = timesteps.astype(np.int64)
        alpha, sigma = schedule.alphas[at], schedule.sigmas[at]
        before = at - len(schedule.timesteps) // steps
        to_one = schedule.config.get("set_alpha_to_one", True)
        ends = (1.0, 0.0) if to_one else (schedule.alphas[0], schedule.sigmas[0])
        alpha_end = np.where(before >= 0, schedule.alphas[np.maximum(before, 0)], ends[0])
        sigma_end = np.where(before >= 0, schedule.sigmas[np.maximum(before, 0)], ends[1])
        ratio = sigma_end / sigma
        first, output = x0_coefficients(schedule.prediction, alpha, sigma)
        return SolverTable(
            timesteps=timesteps,
            input_scale=np.ones_like(alpha),
            x0_sample=first,
            x0_output=output,
            next_sample=ratio,
            next_x0=alpha_end - ratio * alpha,
            next_previous=np.zeros_like(alpha),
        )
