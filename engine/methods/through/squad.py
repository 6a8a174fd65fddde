"""Squad: a smooth path through all keyframes on the sphere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.methods.contract import Array, Ends, ThroughMethod, methods, slerp_arc


@methods.register("squad")
@dataclass(frozen=True)
class Squad(ThroughMethod):
    """z(γ) = r(γ) slerp(slerp(u_i, u_{i+1}; γ), slerp(a_i, a_{i+1}; γ); 2γ(1−γ)), u = z/|z|.

    Shoemake 1987, with the control points a_i = exp_{u_i}(−[log u_{i+1} + log u_{i−1}]/4); r is
    the norm between those of the keyframes. Preserves all keyframes and the norm between them, and,
    approximately, N(0, I). The path does not turn at a keyframe, and a loop turns nowhere. Prefer
    it to the spline for keyframes that are no independent noises, such as inverted pictures: it
    needs no assumption about them.
    """

    label = "Squad"
    colour = "#297A6A"

    def through(
        self,
        keys: Sequence[Array],
        segment: int,
        gamma: float,
        loop: bool,
        times: Sequence[float] = (),
    ) -> Array:
        last = (segment + 1) % len(keys)
        if gamma in (0.0, 1.0):
            return 1.0 * keys[last if gamma else segment]
        norms = [float(np.linalg.norm(keys[k])) for k in (segment, last)]
        if not all(norms):
            return (1.0 - gamma) * keys[segment] + gamma * keys[last]
        first, second = (_control(keys, k, loop) for k in (segment, last))
        path = slerp_arc(_unit(keys[segment]), _unit(keys[last]), gamma)
        direction = slerp_arc(path, slerp_arc(first, second, gamma), 2.0 * gamma * (1.0 - gamma))
        share = _smooth(gamma)
        return ((1.0 - share) * norms[0] + share * norms[1]) * direction

    def expected_std(self, gamma: float, ends: Ends) -> float:
        return ends.start + _smooth(gamma) * (ends.end - ends.start)


def _smooth(gamma: float) -> float:
    """Returns the share of the end's norm. It stands still at keyframes, where norms would turn."""
    return gamma * gamma * (3.0 - 2.0 * gamma)


def _control(knots: Sequence[Array], number: int, closed: bool) -> Array:
    """Returns a_i. The first and last keyframe of an open path are their own control points."""
    here = _unit(knots[number])
    if not closed and number in (0, len(knots) - 1):
        return here
    before, after = knots[number - 1], knots[(number + 1) % len(knots)]
    step = -(_log(here, _unit(before)) + _log(here, _unit(after))) / 4.0
    angle = float(np.linalg.norm(step))
    return here if angle < 1e-12 else np.cos(angle) * here + (np.sin(angle) / angle) * step


def _log(origin: Array, point: Array) -> Array:
    """Returns the tangent at `origin` to the point of the unit sphere, as long as the angle. For
    equal and opposite points, where it is 0 or not defined, it is 0."""
    cosine = float(np.clip(np.vdot(origin, point), -1.0, 1.0))
    across = point - cosine * origin
    length = float(np.linalg.norm(across))
    return 0.0 * origin if length < 1e-9 else (float(np.arccos(cosine)) / length) * across


def _unit(key: Array) -> Array:
    norm = float(np.linalg.norm(key))
    return key / norm if norm else key
