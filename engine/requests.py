"""Builds requests from explorations, for the window, the command line and exports.

Imports no large library. Pure functions.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.messages import RenderRequest
from engine.walk import Exploration, lanes_of


@dataclass(frozen=True, slots=True)
class Machine:
    """The device, its precision, and the number of frames computed together; "" and 0 let the
    engine choose. `draft_steps` is the number of steps of drafts; 0 for no drafts."""

    device: str = ""
    precision: str = ""
    draft_steps: int = 0
    batch: int = 0


ANY_MACHINE = Machine()


def build_request(
    exploration: Exploration,
    job: int,
    measures: tuple[str, ...] = (),
    machine: Machine = ANY_MACHINE,
) -> RenderRequest:
    """Returns a request with everything that influences a pixel or one of the `measures`."""
    return RenderRequest(
        job=job,
        model=exploration.model,
        lanes=lanes_of(exploration),
        sampling=exploration.sampling,
        measures=measures,
        scoring_text=exploration.scoring_text if measures else "",
        scorer=exploration.scorer if measures else "",
        draft_steps=machine.draft_steps,
        batch=machine.batch,
        device=machine.device,
        precision=machine.precision,
    )
