"""The base of families whose denoiser takes squares of 2×2 latent pixels as tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.models.families.contract import Family

if TYPE_CHECKING:
    import torch

    from engine.solvers.contract import Schedule


class PackedFamily(Family):
    """Packs and unpacks latents, shifts the schedule by the number of tokens."""

    patch: ClassVar[int] = 2
    even_levels: ClassVar[bool] = True

    @property
    def channels(self) -> int:
        return super().channels // 4

    def mu(self, schedule: Schedule, shape: tuple[int, int, int], steps: int) -> float | None:
        from engine.solvers.flow_shift import mu_of_tokens

        return mu_of_tokens(schedule, shape[1] * shape[2] // self.patch**2)

    def enter(self, latents: torch.Tensor) -> torch.Tensor:
        from engine.models.running.patches import packed

        return packed(latents)

    def leave(self, inner: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
        from engine.models.running.patches import unpacked

        return unpacked(inner, shape)
