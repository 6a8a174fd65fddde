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
        timesteps = np.round(spaced_timesteps(schedule, steps, "leading"))
        count = len(schedule.alphas_cumprod)
        here = schedule.alphas_cumprod[timesteps.astype(np.int64)]
        before = timesteps.astype(np.int64) - count // steps
        at_zero = (
            1.0 if schedule.config.get("set_alpha_to_one", True) else schedule.alphas_cumprod[0]
        )
        there = np.where(before >= 0, schedule.alphas_cumprod[np.maximum(before, 0)], at_zero)
        alpha, sigma = np.sqrt(here), np.sqrt(1.0 - here)
        ratio = np.sqrt(1.0 - there) / sigma
        first, output = x0_coefficients(schedule.prediction, alpha, sigma)
        return SolverTable(
            timesteps=timesteps,
            input_scale=np.ones_like(alpha),
            x0_sample=first,
            x0_output=output,
            next_sample=ratio,
            next_x0=np.sqrt(there) - ratio * alpha,
            next_previous=np.zeros_like(alpha),
        )
