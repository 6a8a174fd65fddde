"""Latent blending: frames between two keyframes start from a mix of half-finished pictures."""

from __future__ import annotations

from dataclasses import dataclass

from engine.methods.contract import Array, Ends, NoiseMethod, arc_weights, methods, slerp_arc
from engine.parameters import parameter


@methods.register("blend")
@dataclass(frozen=True)
class BlendAtStep(NoiseMethod):
    """Both keyframes are rendered up to step k; a frame at γ goes on from the slerp of their x_k.

    The x0 of step k − 1, which a multistep solver uses, is mixed linearly. The frame has the text
    at γ. The composition of both keyframes is settled before they are mixed, so that the picture
    fades from one to the other and passes fewer other pictures on the way. At k = 0 it is slerp
    of the initial latents, which are what the other views show. Preserves the ends. The frames
    between keyframes take only the steps from k on.
    """

    share: float = parameter(
        0.4,
        "Shared steps",
        low=0.0,
        high=0.8,
        step=0.05,
        help="The share of the steps after which the two keyframes are mixed",
    )

    label = "Blend at a step"
    colour = "#7A6A4F"
    planar = True

    @property
    def blends_at(self) -> float:
        return self.share

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        return slerp_arc(start, end, gamma)

    def expected_std(self, gamma: float, ends: Ends) -> float:
        return ends.std_of_sum(*arc_weights(ends.correlation, gamma))
