"""Spline: a smooth path through all keyframes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from engine.methods.contract import Array, Ends, methods
from engine.methods.through.contract import Run, ThroughMethod
from engine.parameters import parameter

Weights = npt.NDArray[np.float64]


@methods.register("spline")
@dataclass(frozen=True)
class Spline(ThroughMethod):
    """z(γ) = Σ w_i z_i / √(Σ w_i²), with the cardinal weights w_i of a cubic spline at γ.

    A linear combination of all keyframes, normalised as in Bodin et al. 2024, arXiv 2408.08558.
    Preserves N(0, I) exactly for independent keyframes and passes every keyframe. Natural: twice
    differentiable, with no curvature at the ends. Catmull–Rom: once differentiable, each segment
    depends on four keyframes only. In a loop, both are periodic. Use it for a smooth walk through
    several keyframes, where a chain of slerps turns by about 90° at each.
    """

    label = "Spline"
    colour = "#117A65"

    kind: str = parameter(
        "natural",
        "Curve",
        choices=("natural", "catmull-rom"),
        help="Natural is smoother; Catmull–Rom stays nearer to the keyframes",
    )

    def latent_through(self, knots: Sequence[Array], run: Run, gamma: float) -> Array:
        weights = self.weights(run, gamma)
        total = np.zeros_like(knots[0])
        for weight, knot in zip(weights.tolist(), knots, strict=True):
            if weight:
                total += weight * knot
        return total / float(np.linalg.norm(weights))

    def weights(self, run: Run, gamma: float) -> Weights:
        """Returns the weights [n] of the knots before they are normalised."""
        unit = np.eye(len(run.keyframes))
        if gamma in (0.0, 1.0):
            return unit[(run.segment + int(gamma)) % len(unit)]
        if self.kind == "catmull-rom":
            return _catmull_rom(run, gamma)
        return _natural(run, gamma)

    def expected_std(self, gamma: float, ends: Ends) -> float:
        # Exact for keyframes of equal std, which the weights keep.
        return (1.0 - gamma) * ends.start + gamma * ends.end


def _natural(run: Run, gamma: float) -> Weights:
    """The weights of the cubic spline with two continuous derivatives. Press et al., Numerical
    Recipes, 3.3."""
    curvatures = _curvatures(run.times, run.periodic)
    count, start = len(run.times), run.segment
    end = (start + 1) % count
    unit, a = np.eye(count), 1.0 - gamma
    span = run.time_at(1.0) - run.time_at(0.0)
    bend = (a**3 - a) * curvatures[start] + (gamma**3 - gamma) * curvatures[end]
    weights: Weights = a * unit[start] + gamma * unit[end] + bend * span**2 / 6.0
    return weights


@lru_cache(maxsize=8)
def _curvatures(times: tuple[float, ...], periodic: bool) -> Weights:
    """Returns the second derivative [n, n] of each cardinal weight (column) at each knot (row)."""
    count = len(times)
    if count < (2 if periodic else 3):
        return np.zeros((count, count))
    spans = np.diff((*times, times[0] + 1.0))
    system, data = np.eye(count), np.zeros((count, count))
    for k in range(count) if periodic else range(1, count - 1):
        before, after = spans[k - 1], spans[k]
        left, right = (k - 1) % count, (k + 1) % count
        system[k] = 0.0
        # A loop of two keyframes has the same neighbour on both sides.
        for column, share in ((left, before / 6), (k, (before + after) / 3), (right, after / 6)):
            system[k, column] += share
        data[k, left] += 1.0 / before
        data[k, right] += 1.0 / after
        data[k, k] -= 1.0 / before + 1.0 / after
    solved: Weights = np.linalg.solve(system, data)
    return solved


def _catmull_rom(run: Run, gamma: float) -> Weights:
    """The weights of the cubic Hermite curve with the slope between both neighbours at a knot.
    Catmull & Rom 1974, for any distances of the knots."""
    count, start = len(run.times), run.segment
    unit, end = np.eye(count), (start + 1) % count
    span = run.time_at(1.0) - run.time_at(0.0)
    g2, g3 = gamma**2, gamma**3
    values = (2 * g3 - 3 * g2 + 1) * unit[start] + (3 * g2 - 2 * g3) * unit[end]
    slopes = (g3 - 2 * g2 + gamma) * _slope(run, start) + (g3 - g2) * _slope(run, end)
    return np.asarray(values + span * slopes, np.float64)


def _slope(run: Run, knot: int) -> Weights:
    """The slope of the cardinal weights [n] at a knot; one-sided at the ends of an open run."""
    count, unit = len(run.times), np.eye(len(run.times))
    before, after = knot - 1, knot + 1
    if not run.periodic:
        before, after = max(before, 0), min(after, count - 1)
    times = [run.times[number % count] + number // count for number in (before, after)]
    weights: Weights = (unit[after % count] - unit[before % count]) / (times[1] - times[0])
    return weights
