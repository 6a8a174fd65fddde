"""Prompt interpolation along the straight line."""

from __future__ import annotations

from dataclasses import dataclass

from engine.methods.contract import Array, Method, methods


@methods.register("prompt-linear")
@dataclass(frozen=True)
class PromptLinear(Method):
    """z(γ) = z_start, s(γ) = (1−γ) s_start + γ s_end.

    The article's prompt interpolation: the noise is constant, and the prompt changes. The
    composition depends mostly on the noise. Preserves the distribution of z_T exactly, and the
    embeddings of both prompts.
    """

    label = "Prompts, linear"
    colour = "#B5A300"
    planar = True
    passes_ends = False
    walks_noise = False

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        return start
