"""The common settings of the commands that render: exploration, machine, existing files."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.atomic import Existing
from engine.messages import RenderRequest
from engine.models.locate import FoundModel
from engine.requests import ANY_MACHINE, Machine, build_request
from engine.walk import Exploration


@dataclass(frozen=True)
class Command:
    """The common settings of all commands that render. `replace` replaces existing files.
    `downloads` are the hub models that may be downloaded. `found` is the model, if it was already
    located and checked."""

    exploration: Exploration
    replace: bool = False
    machine: Machine = ANY_MACHINE
    downloads: tuple[str, ...] = ()
    found: FoundModel | None = None

    @property
    def existing(self) -> Existing:
        return Existing.REPLACE if self.replace else Existing.REFUSE

    def request(self, *, measures: tuple[str, ...] = (), latents: bool = False) -> RenderRequest:
        """Return a request for all frames in order, so that finished ones can be written at
        once."""
        request = build_request(self.exploration, 1, measures, self.machine)
        return replace(
            request, previews=False, in_order=True, latents=latents, downloads=self.downloads
        )
