"""Builds requests from explorations, for the window, the command line and exports.

Imports no large library. Pure functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from engine.errors import InputError, install_command
from engine.messages import RenderRequest
from engine.walk import Exploration, lanes_of

FULL = "full"
#: The bits of weights by the names of the choices; 0 for those of the precision.
WEIGHT_BITS = {FULL: 0, "8 bits": 8, "4 bits": 4}
#: The optional package that makes and reads weights of few bits.
LIBRARY = "bitsandbytes"


@dataclass(frozen=True, slots=True)
class Machine:
    """The device, its precision, and the number of frames computed together; "" and 0 let the
    engine choose. `draft_steps` is the number of steps of drafts; 0 for no drafts. `weight_bits` 8
    or 4 are those of linear layers; 0 for the precision."""

    device: str = ""
    precision: str = ""
    draft_steps: int = 0
    batch: int = 0
    weight_bits: int = 0


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
        weight_bits=machine.weight_bits,
    )


def weights_offered() -> tuple[str, ...]:
    """Returns the names of the weights that a model can have on this machine."""
    return tuple(WEIGHT_BITS) if find_spec(LIBRARY) is not None else (FULL,)


def require_weights(bits: int) -> None:
    """Raises InputError, one sentence, if weights cannot have so many bits."""
    if bits not in WEIGHT_BITS.values():
        raise InputError(f"Weights have 8 or 4 bits, or 0 for those of the precision, not {bits}.")
    if bits and find_spec(LIBRARY) is None:
        raise InputError(
            f"Weights of {bits} bits need one package more: {install_command(LIBRARY)}; or choose "
            "full weights."
        )
