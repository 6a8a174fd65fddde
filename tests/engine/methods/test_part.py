"""The method that changes one part of the latent: the rest stays, and the law is kept."""

from __future__ import annotations

import numpy as np
import pytest

from engine.methods.contract import make_method
from engine.walk import MethodChoice, ParameterValue

SHAPE = (4, 32, 32)


def _ends() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    return generator.standard_normal(SHAPE), generator.standard_normal(SHAPE)


def _latent(gamma: float, **params: ParameterValue) -> np.ndarray:
    return make_method(MethodChoice("part", tuple(params.items()))).latent(*_ends(), gamma)


def test_a_channel_and_a_rectangle_change_alone() -> None:
    a, b = _ends()
    channel = _latent(1.0, channel=2)
    assert np.allclose(channel[1], b[1])
    assert np.array_equal(channel[[0, 2, 3]], a[[0, 2, 3]])
    box = _latent(1.0, left=0.5, bottom=0.25)
    assert np.allclose(box[:, :8, 16:], b[:, :8, 16:])
    assert np.array_equal(box[:, 8:], a[:, 8:])
    assert np.array_equal(box[:, :, :16], a[:, :, :16])


def test_two_bands_together_are_the_whole() -> None:
    a, b = _ends()
    low, high = (_latent(1.0, band=band) for band in ("low", "high"))
    assert np.allclose(low - a + high, b)
    assert np.vdot(low - a, high - a) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("params", [{"channel": 3}, {"band": "low"}, {"right": 0.3}, {}])
def test_the_latent_stays_normal(params: dict[str, ParameterValue]) -> None:
    """Mean, std and kurtosis over 64 pairs."""
    method = make_method(MethodChoice("part", tuple(params.items())))
    generator = np.random.default_rng(2)
    draws = (generator.standard_normal((2, *SHAPE)) for _ in range(64))
    z = np.stack([method.latent(a, b, 0.6) for a, b in draws])
    assert z.mean() == pytest.approx(0, abs=4 / np.sqrt(z.size))
    assert z.std() == pytest.approx(1, abs=0.01)
    assert (z**4).mean() / (z**2).mean() ** 2 == pytest.approx(3, abs=0.1)
