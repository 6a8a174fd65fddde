"""How many frames are in work at once, and when the next one may start."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from engine.models.devices import choose_batch


@dataclass(frozen=True, slots=True)
class Batching:
    """`slots` frames share a tick. `alone_first`: a job's first frame is not made to wait."""

    slots: int
    alone_first: bool

    def admits(self, active: int, newest_step: int, steps: int, shown: bool) -> bool:
        """Whether one more frame may start now.

        Starts are spread over the run, so that frames come out one at a time instead of in
        bursts.
        """
        if active >= self.slots:
            return False
        if self.alone_first and not shown:
            return active == 0
        return active == 0 or newest_step >= steps // self.slots


def choose_batching(device: torch.device, side: int, asked: int = 0) -> Batching:
    """Slots for a device and latents about `side` wide; `asked` overrides the choice."""
    return Batching(asked or choose_batch(device, side), alone_first=device.type == "cpu")
