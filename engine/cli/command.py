"""What a command is to do: which exploration, where its results go, and on which machine."""

from __future__ import annotations

from dataclasses import dataclass

from engine.atomic import Existing
from engine.messages import RenderRequest
from engine.models.locate import FoundModel
from engine.walk import Exploration, lanes_of


@dataclass(frozen=True)
class Command:
    """What all commands that render have in common. `batch` 0, `device` and `precision` "" let the
    machine choose. `downloads` are the models of the hub that may be fetched. `found` is the model
    where it was located and checked already."""

    exploration: Exploration
    replace: bool = False
    batch: int = 0
    device: str = ""
    precision: str = ""
    downloads: tuple[str, ...] = ()
    found: FoundModel | None = None

    @property
    def existing(self) -> Existing:
        return Existing.REPLACE if self.replace else Existing.REFUSE

    def request(self, *, measures: tuple[str, ...] = (), latents: bool = False) -> RenderRequest:
        """Every frame, first to last: what is written or compared is put together on the way."""
        exploration = self.exploration
        return RenderRequest(
            job=1,
            model=exploration.model,
            lanes=lanes_of(exploration),
            sampling=exploration.sampling,
            measures=measures,
            scoring_text=exploration.scoring_text,
            scorer=exploration.scorer,
            previews=False,
            latents=latents,
            in_order=True,
            batch=self.batch,
            device=self.device,
            precision=self.precision,
            downloads=self.downloads,
        )
