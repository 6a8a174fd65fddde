"""Translation: a window that moves over two latents side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.methods.contract import Array, Ends, NoiseMethod, columns_of, methods, whole_columns


@methods.register("translation")
@dataclass(frozen=True)
class Translation(NoiseMethod):
    """T(t) = zc[:, :, t : W+t] with zc = [z_start │ z_end] and t the whole number nearest to γW.

    The article's operator T. Preserves the ends and, at each t, N(0, I) exactly. In each step the
    picture moves by one latent column (8 px in Stable Diffusion), and its content changes. Frames
    with the same t are equal, so W+1 frames show the whole path. Through k keyframes, the window
    moves over k noises side by side, a strip of any length, which can be exported as one panorama.
    """

    label = "Translation"
    colour = "#56B4E9"
    moves_picture = True

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        shift = whole_columns(gamma, columns_of(start, end))
        return np.concatenate((start[..., shift:], end[..., :shift]), axis=-1)

    def seam(self, gamma: float, columns: int) -> float | None:
        return float(columns - whole_columns(gamma, columns))

    def expected_std(self, gamma: float, ends: Ends) -> float:
        return ends.std_of_shares(gamma)
