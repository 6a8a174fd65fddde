"""The scheduler that the model's folder names, step by step."""

from __future__ import annotations

from typing import ClassVar

from engine.solvers.contract import Kind, Schedule, Solver, SolverTable, solvers


@solvers.register("scheduler")
class OwnScheduler(Solver):
    """Whatever diffusers makes of the model's scheduler config: PNDM, Heun, UniPC, LCM …

    It has no table: the frames of a batch start and end together, which is slower. Where it draws
    noise between its steps, every frame of a walk is given the same.
    """

    label = "The model's own scheduler (slower)"
    kinds: ClassVar[tuple[Kind, ...]] = ("diffusion", "flow")

    def table(self, schedule: Schedule, steps: int) -> SolverTable | None:
        return None
