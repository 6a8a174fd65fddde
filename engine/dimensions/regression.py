"""Ridge regression of a measure on latents, in its dual form: for few latents of many numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.statistics.intervals import Values

#: The penalties that are tried, as powers of ten: lowest, highest, number.
_POWERS = (-3.0, 4.0, 36)


@dataclass(frozen=True, slots=True)
class Ridge:
    """The direction Σ weights[k] · z_k of n latents, and the prediction intercept + ⟨direction, z⟩.

    `strength` is the penalty, relative to the number of elements d, with the least error when each
    latent is predicted from all others.
    """

    weights: Values
    intercept: float
    strength: float


def fit_ridge(gram: Values, measured: Values) -> Ridge:
    """Fits `measured` [n] to latents with the inner products `gram` [n, n] / d.

    The penalty is chosen by leave-one-out errors, which follow from the fit (Hastie, Tibshirani &
    Friedman, The Elements of Statistical Learning, eq. 7.64). The intercept is the mean.
    """
    mean = float(measured.mean())
    centred = measured - mean
    values, vectors = np.linalg.eigh(gram)
    values = np.maximum(values, 0.0)
    turned = vectors.T @ centred
    strengths = np.logspace(*_POWERS)
    best, least = strengths[-1], np.inf
    for strength in strengths:
        kept = values / (values + strength)
        leverage = (vectors**2) @ kept
        rest = centred - vectors @ (kept * turned)
        error = float(np.mean((rest / np.maximum(1.0 - leverage, 1e-9)) ** 2))
        if error < least:
            best, least = strength, error
    weights: Values = vectors @ (turned / (values + best))
    return Ridge(weights, mean, float(best))
