"""Ridge regression in its dual form: a known direction is found, and no direction is none."""

from __future__ import annotations

import numpy as np
import pytest

from engine.dimensions.regression import fit_ridge


def test_a_linear_measure_is_found_from_fewer_latents_than_numbers() -> None:
    generator = np.random.default_rng(1)
    latents, truth = generator.normal(size=(300, 400)), generator.normal(size=400)
    measured = 5 + latents @ truth
    fit = fit_ridge(latents @ latents.T / 400, measured)
    along = fit.weights @ latents
    cosine = along @ truth / np.linalg.norm(along) / np.linalg.norm(truth)
    assert cosine > 0.8
    assert fit.intercept == pytest.approx(measured.mean())
    others = generator.normal(size=(200, 400))
    assert np.corrcoef(others @ along, others @ truth)[0, 1] > 0.8


def test_it_equals_the_ridge_of_the_books() -> None:
    """With its own penalty: (ZᵀZ/d + λ)⁻¹ Zᵀ y / d."""
    generator = np.random.default_rng(2)
    latents, measured = generator.normal(size=(20, 6)), generator.normal(size=20)
    fit = fit_ridge(latents @ latents.T / 6, measured)
    centred = measured - measured.mean()
    square = latents.T @ latents / 6 + fit.strength * np.eye(6)
    assert fit.weights @ latents == pytest.approx(np.linalg.solve(square, latents.T @ centred))


def test_noise_gets_a_strong_penalty() -> None:
    generator = np.random.default_rng(3)
    latents = generator.normal(size=(100, 1000))
    signal = fit_ridge(latents @ latents.T / 1000, latents @ generator.normal(size=1000))
    noise = fit_ridge(latents @ latents.T / 1000, generator.normal(size=100))
    assert noise.strength > signal.strength
