"""What the bars measure in pictures: pure functions of arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.uint8]


def fine_detail(pictures: Pictures) -> NDArray[np.float64]:
    """Energy above half the Nyquist frequency, `[N]`, of luminance under a Hann window."""
    luminance = pictures.astype(np.float64).mean(axis=3)
    height, width = luminance.shape[1:]
    window = np.hanning(height)[:, None] * np.hanning(width)[None, :]
    centred = luminance - luminance.mean(axis=(1, 2), keepdims=True)
    energy = np.abs(np.fft.fft2(centred * window)) ** 2
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :]
    high = np.hypot(rows, columns) > 0.25
    total: NDArray[np.float64] = energy[:, high].sum(axis=1) / (height * width)
    return total


def mean_pairwise_distance(pictures: Pictures) -> float:
    """Mean over all pairs of the root-mean-square pixel difference."""
    flat = pictures.reshape(len(pictures), -1).astype(np.float64)
    squares = (flat**2).sum(axis=1)
    distances = squares[:, None] + squares[None, :] - 2 * flat @ flat.T
    upper = np.triu_indices(len(pictures), 1)
    return float(np.sqrt(np.maximum(distances[upper], 0) / flat.shape[1]).mean())


def shift_between(first: NDArray[np.uint8], second: NDArray[np.uint8], reach: int = 24) -> int:
    """By how many pixels the content of `first` stands further left in `second`.

    The peak of the normalised cross-correlation of the overlapping parts; negative: to the right.
    """
    a, b = (picture.astype(np.float64) for picture in (first, second))
    scores = {}
    for shift in range(-reach, reach + 1):
        left = a[:, max(shift, 0) : a.shape[1] + min(shift, 0)]
        right = b[:, max(-shift, 0) : b.shape[1] + min(-shift, 0)]
        scores[shift] = _correlation(left, right)
    return max(scores, key=lambda shift: scores[shift])


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    a = a - a.mean(axis=(0, 1))
    b = b - b.mean(axis=(0, 1))
    scale = np.sqrt((a**2).sum() * (b**2).sum())
    return float((a * b).sum() / scale) if scale > 0 else 0.0
