"""Prompt interpolation along the great circle of each token."""

from __future__ import annotations

from dataclasses import dataclass

from engine.conditioning import Role
from engine.methods.contract import Array, Method, methods, slerp_text


@methods.register("prompt-slerp")
@dataclass(frozen=True)
class PromptSlerp(Method):
    """z(γ) = z_start, s(γ) = slerp of each token's embedding between the two prompts.

    Shoemake 1985. The noise is constant. Unlike linear interpolation, it does not shorten the
    embeddings between the prompts. Between similar prompts, both are nearly equal.
    """

    label = "Prompts, slerp"
    colour = "#7FB239"
    planar = True
    passes_ends = False
    walks_noise = False

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        return start

    def conditioning(self, role: Role, start: Array, end: Array, gamma: float) -> Array:
        return slerp_text(role, start, end, gamma)
