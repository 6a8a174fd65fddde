"""DPM-Solver++(2M) along a rectified flow."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.solvers.contract import Kind, Schedule, Solver, SolverTable, solvers
from engine.solvers.flow_shift import shift_of, shifted
from engine.solvers.multistep import multistep_table


@solvers.register("flow-dpm++2m")
class FlowDpmMultistep(Solver):
    """DPM-Solver++(2M) with α = 1 − σ. Lu et al. 2022, arXiv 2211.01095, algorithm 2.

    The levels σ are those of diffusers' DPMSolverMultistepScheduler with `use_flow_sigmas`: evenly
    spaced below 1, then shifted. It ends at σ = 0.
    """

    label = "DPM-Solver++ 2M, flow"
    kinds: ClassVar[tuple[Kind, ...]] = ("flow",)

    def table(self, schedule: Schedule, steps: int) -> SolverTable:
        count = len(schedule.timesteps)
        even = 1.0 - np.linspace(1.0, 1.0 / count, steps + 1)
        levels = shifted(even, shift_of(schedule))[:0:-1]
        # float32, as in diffusers: near σ = 1, the rounding of σ is a large part of α.
        sigmas = levels.astype(np.float32).astype(np.float64)
        ends = np.append(sigmas[1:], 0.0)
        return multistep_table(
            schedule,
            np.floor(levels * count),
            (1.0 - sigmas, sigmas / (1.0 - sigmas)),
            (1.0 - ends, ends / (1.0 - ends)),
        )
