"""Holds of a walk: still, or with a drift that comes back."""

from __future__ import annotations

import numpy as np
import pytest

from engine.geometry.noise import NoiseBank
from engine.geometry.walk_path import WalkPath
from engine.methods.contract import Array
from engine.timing import Pace
from engine.walk import Keyframe, MethodChoice, NoiseSource, Walk

SHAPE = (4, 64, 64)


def path_with(pace: Pace) -> WalkPath:
    return WalkPath(Walk(paces=(pace,)), NoiseBank(SHAPE), {})


def angle(first: Array, second: Array) -> float:
    cosine = np.vdot(first, second) / np.linalg.norm(first) / np.linalg.norm(second)
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def test_a_hold_without_drift_is_still() -> None:
    path = path_with(Pace(hold=0.5))
    assert (path.exact_latent(0.3) == path.exact_latent(0.0)).all()


def test_a_drift_reaches_its_angle_and_comes_back_at_rest() -> None:
    path = path_with(Pace(hold=0.5, drift=10.0))
    start = path.exact_latent(0.0)
    assert angle(start, path.exact_latent(0.25)) == pytest.approx(10.0, abs=0.3)
    assert (path.exact_latent(0.5) == start).all()
    for time in (1e-4, 0.5 - 1e-4):
        assert angle(start, path.exact_latent(time)) < 1e-3
    assert angle(path.exact_latent(0.1), path.exact_latent(0.4)) > 1.0, "another way back"


def test_a_drift_stays_typical_noise() -> None:
    latent = path_with(Pace(hold=0.5, drift=45.0)).exact_latent(0.2)
    d = latent.size
    assert abs(latent.mean()) < 4.0 / np.sqrt(d)
    assert latent.std() == pytest.approx(1.0, abs=0.02)


def test_a_drift_has_the_size_of_the_noise_that_is_held() -> None:
    """The second segment holds the noise of the first keyframe, whatever the second has."""
    keyframes = tuple(Keyframe("", NoiseSource(1, k), scale) for k, scale in enumerate((1, 3, 1)))
    choices = MethodChoice("prompt-linear"), MethodChoice("slerp")
    paces = Pace(), Pace(hold=0.5, drift=45.0)
    path = WalkPath(Walk(keyframes, choices, paces=paces), NoiseBank(SHAPE), {})
    assert path.exact_latent(0.625).std() == pytest.approx(1.0, abs=0.02)


def test_equal_walks_drift_equally() -> None:
    first, second = (path_with(Pace(hold=0.5, drift=10.0)) for _ in range(2))
    assert (first.latent(0.2) == second.latent(0.2)).all()
