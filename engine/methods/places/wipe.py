"""Wipe, the article's corrected translation: replaces one latent by the other by columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.methods.contract import Array, Ends, NoiseMethod, columns_of, methods, whole_columns
from engine.parameters import parameter


@methods.register("wipe")
@dataclass(frozen=True)
class Wipe(NoiseMethod):
    """C(t) = [z_end[:, :, 0:t] │ z_start[:, :, t:W]] with t the whole number nearest to γW.

    The article's operator C. Nothing moves; each step replaces one column, from the left edge to
    the right one, or from right to left. With `softness` s > 0, the border is s columns wide and
    moves smoothly; a share m of z_end is mixed in as ((1−m) z_start + m z_end)/√((1−m)² + m²)
    (Bodin et al., arXiv 2408.08558). Preserves the ends and, for independent ends, N(0, I).
    """

    label = "Wipe"
    colour = "#CC79A7"

    direction: str = parameter(
        "right", "Seam moves", choices=("right", "left"), help="Direction in which the border moves"
    )
    softness: float = parameter(
        0.0, "Softness", low=0.0, high=64.0, step=1.0, unit="columns", help="Width of the border"
    )

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        share = self._share(gamma, columns_of(start, end))
        mixed = (1.0 - share) * start + share * end
        return mixed / np.sqrt((1.0 - share) ** 2 + share**2)

    def seam(self, gamma: float, columns: int) -> float | None:
        place = min(max(self._border(gamma, columns), 0.0), float(columns))
        return place if self.direction == "right" else columns - place

    def expected_std(self, gamma: float, ends: Ends) -> float:
        return ends.std_of_shares(gamma)

    def _share(self, gamma: float, columns: int) -> Array:
        """Returns the share of z_end in each column: [columns]."""
        distance = self._border(gamma, columns) - (np.arange(columns) + 0.5)
        if self.softness:
            share = np.clip(distance / self.softness + 0.5, 0.0, 1.0)
        else:
            share = (distance > 0.0).astype(np.float64)
        return share if self.direction == "right" else share[::-1]

    def _border(self, gamma: float, columns: int) -> float:
        """Returns the middle of the border, in columns from the edge where it starts."""
        if not self.softness:
            return whole_columns(gamma, columns)
        return gamma * (columns + self.softness) - self.softness / 2
