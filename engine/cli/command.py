"""What a command that renders is asked for: the exploration, the machine, and existing files."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.atomic import Existing
from engine.messages import RenderRequest
from engine.models.locate import FoundModel
from engine.requests import ANY_MACHINE, Machine, build_request
from engine.walk import Exploration


@dataclass(frozen=True)
class Command:
    """What all commands that render have in common. With `replace`, files that exist are replaced.
    `downloads` are the models of the hub that may be fetched. `found` is the model where it was
    located and checked already."""

    exploration: Exploration
    replace: bool = False
    machine: Machine = ANY_MACHINE
    downloads: tuple[str, ...] = ()
    found: FoundModel | None = None

    @property
    def existing(self) -> Existing:
        return Existing.REPLACE if self.replace else Existing.REFUSE

    def request(self, *, measures: tuple[str, ...] = (), latents: bool = False) -> RenderRequest:
        """Every frame, first to last, so that finished ones can be written at once."""
        request = build_request(self.exploration, 1, measures, self.machine)
        return replace(
            request, previews=False, in_order=True, latents=latents, downloads=self.downloads
        )
