"""The distribution along the path of each method that claims N(0, I), on latents of SD's size."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from engine.methods.contract import Array, make_method, methods
from engine.walk import MethodChoice

SHAPE = (4, 64, 64)
PAIRS = 64
#: Methods whose latents are not N(0, I): of another std, with cut values, or both.
OTHERS = {"linear", "std-sweep", "noise-diffusion"}
#: Paths that depend on time alone are measured at a few places; the seed of a draw is another pair.
GAMMAS = (0.07, 0.3, 0.5, 0.81)


def _pairs() -> Iterator[tuple[Array, Array]]:
    rng = np.random.default_rng(11)
    for _ in range(PAIRS):
        yield rng.standard_normal(SHAPE), rng.standard_normal(SHAPE)


@pytest.mark.parametrize("name", [n for n in methods.names() if n not in OTHERS])
def test_what_claims_the_normal_distribution_has_its_moments(name: str) -> None:
    method = make_method(MethodChoice(name))
    moments = np.empty((PAIRS, len(GAMMAS), 3))
    for row, (a, b) in zip(moments, _pairs(), strict=True):
        for k, gamma in enumerate(GAMMAS):
            z = method.latent(a, b, gamma)
            row[k] = z.mean(), (z**2).mean(), (z**4).mean()
    d = math.prod(SHAPE)
    assert (np.abs(moments[..., 0]) < 4.5 / math.sqrt(d)).all(), "each latent's mean"
    mean, square, fourth = moments.mean(axis=0).T
    assert (np.abs(mean) < 4.0 / math.sqrt(d)).all()
    assert np.allclose(np.sqrt(square), 1.0, atol=0.01)
    assert np.allclose(fourth / square**2, 3.0, atol=0.1)


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_what_does_not_claim_it_does_not_have_it(name: str) -> None:
    a, b = next(_pairs())
    z = make_method(MethodChoice(name)).latent(a, b, 0.4)
    assert abs(z.std() - 1.0) > 0.02
