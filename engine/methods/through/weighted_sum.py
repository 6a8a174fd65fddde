"""The normalized sum of several noises, for the methods of this folder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.methods.contract import Array, Ends

Weights = npt.NDArray[np.float64]


def normalized_sum(keys: Sequence[Array], weights: Weights) -> Array:
    """Returns Σ w_i z_i / √(Σ w_i²), which is N(0, I) for independent z_i (LOL: Bodin et al., arXiv
    2408.08558). Weights of equal keys are added first. For weights that are all 0, it is 0.
    """
    distinct: list[Array] = []
    sums: list[float] = []
    for key, weight in zip(keys, weights.tolist(), strict=True):
        for number, other in enumerate(distinct):
            # Different noises differ in their first number; to compare all would take seconds.
            if key is other or (key.flat[0] == other.flat[0] and np.array_equal(key, other)):
                sums[number] += weight
                break
        else:
            distinct.append(key)
            sums.append(weight)
    norm = float(np.linalg.norm(sums)) or 1.0
    total = np.zeros_like(keys[0])
    for key, weight in zip(distinct, sums, strict=True):
        if weight:
            total += (weight / norm) * key
    return total


def expected_std_between(gamma: float, ends: Ends) -> float:
    """Returns the std of the normalized sum of a segment's two ends; other keyframes are taken as
    independent noises, which do not change it."""
    if ends.start == ends.end and ends.correlation > 1.0 - 1e-9:
        return ends.start  # equal ends count as one
    weights = 1.0 - gamma, gamma
    return ends.std_of_sum(*weights) / float(np.hypot(*weights))
