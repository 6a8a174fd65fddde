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
)
from engine.solvers.multistep import multistep_table


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
        schedule = schedule.above_zero()
        timesteps, ratios = self._grid(schedule, steps)
        to_zero = schedule.config.get("final_sigmas_type", "zero") == "zero"
        ends = np.append(ratios[1:], 0.0 if to_zero else float(schedule.ratios[0]))
        alphas, alpha_ends = 1.0 / np.sqrt(ratios**2 + 1.0), 1.0 / np.sqrt(ends**2 + 1.0)
        return multistep_table(schedule, timesteps, (alphas, ratios), (alpha_ends, ends))

    def _grid(self, schedule: Schedule, steps: int) -> tuple[Array, Array]:
        """Returns the timesteps of all steps, and σ/α at their starts: [steps] each."""
        if schedule.config.get("use_karras_sigmas"):
            return _karras_grid(schedule, steps)
        timesteps = _timesteps(schedule, steps)
        return timesteps, np.interp(timesteps, schedule.timesteps, schedule.ratios)


@solvers.register("dpm++2m-karras")
class DpmMultistepKarras(DpmMultistep):
    """DPM-Solver++(2M) on the sigmas of Karras et al. 2022, equation 5."""

    label = "DPM-Solver++ 2M Karras"

    def _grid(self, schedule: Schedule, steps: int) -> tuple[Array, Array]:
        return _karras_grid(schedule, steps)


def _karras_grid(schedule: Schedule, steps: int) -> tuple[Array, Array]:
    sigmas = karras_sigmas(schedule.ratios, steps)
    return np.round(timesteps_of_sigmas(schedule, sigmas)), sigmas


def _timesteps(schedule: Schedule, steps: int) -> Array:
    """Returns the timesteps. The spacing includes the end of the last step."""
    count, config = len(schedule.timesteps), schedule.config
    spacing = config.get("timestep_spacing", "linspace")
    if spacing == "linspace":
        points = np.round(np.linspace(0.0, count - 1.0, steps + 1))[::-1]
        return np.asarray(points[:-1], np.float64)
    if spacing == "leading":
        ratio = count // (steps + 1)
        offset = int(config.get("steps_offset", 0))
        return np.asarray(np.arange(steps, 0, -1) * float(ratio) + offset, np.float64)
    return spaced_timesteps(schedule, steps, "trailing")
