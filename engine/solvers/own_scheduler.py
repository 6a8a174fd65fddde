"""Uses the scheduler of the model's folder, step by step."""

from __future__ import annotations

from typing import ClassVar

from engine.solvers.contract import Kind, Schedule, Solver, SolverTable, solvers


@solvers.register("scheduler")
class OwnScheduler(Solver):
    """The scheduler that diffusers makes from the model's scheduler config: PNDM, Heun, UniPC, LCM
    …

    It has no table: the frames of a batch start and end together, which is slower. If it draws
    noise between its steps, all frames of a walk get the same noise.
    """

    label = "The model's own scheduler (slower)"
    kinds: ClassVar[tuple[Kind, ...]] = ("diffusion", "flow", "angle")

    def table(self, schedule: Schedule, steps: int) -> SolverTable | None:
        return None
