"""What the bars measure in pictures: pure functions of arrays."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.uint8]
#: Between an eighth and a half of the highest frequency: waves of 16 to 4 pixels.
SEEN = (0.0625, 0.25)
#: Where stripes would show: waves of 5 to 2.5 pixels.
STRIPES, DIRECTIONS = (0.2, 0.4), 12


def _spectrum(pictures: Pictures) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Energies `[N, H, W]` of luminance under a Hann window, and frequencies `[H, W, 2]`."""
    luminance = pictures.astype(np.float64).mean(axis=3)
    height, width = luminance.shape[1:]
    window = np.hanning(height)[:, None] * np.hanning(width)[None, :]
    centred = luminance - luminance.mean(axis=(1, 2), keepdims=True)
    energy = np.abs(np.fft.fft2(centred * window)) ** 2 / (height * width)
    rows, columns = np.meshgrid(np.fft.fftfreq(height), np.fft.fftfreq(width), indexing="ij")
    return energy, np.stack((rows, columns), axis=-1)


def detail(pictures: Pictures, band: tuple[float, float] = SEEN) -> NDArray[np.float64]:
    """Energy of each picture's luminance in a band of frequencies, `[N]`."""
    energy, frequencies = _spectrum(pictures)
    radius = np.hypot(frequencies[..., 0], frequencies[..., 1])
    inside = (radius >= band[0]) & (radius <= band[1])
    total: NDArray[np.float64] = energy[:, inside].sum(axis=1)
    return total


def stripes(pictures: Pictures) -> float:
    """Energy in the strongest of twelve directions over their mean, 1 where there is none."""
    energy, frequencies = _spectrum(pictures)
    radius = np.hypot(frequencies[..., 0], frequencies[..., 1])
    angle = np.mod(np.arctan2(frequencies[..., 0], frequencies[..., 1]), np.pi)
    sector = np.minimum((angle / np.pi * DIRECTIONS).astype(int), DIRECTIONS - 1)
    inside, mean = (radius >= STRIPES[0]) & (radius <= STRIPES[1]), energy.mean(axis=0)
    sums = np.array([mean[inside & (sector == n)].mean() for n in range(DIRECTIONS)])
    return float(sums.max() / sums.mean())


def chroma(pictures: Pictures) -> NDArray[np.float64]:
    """Mean chroma of each picture in CIE L*a*b*, `[N]`."""
    result = []
    for picture in pictures:
        lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        result.append(float(np.hypot(lab[..., 1], lab[..., 2]).mean()))
    return np.array(result)


def mean_distances(pictures: Pictures) -> NDArray[np.float64]:
    """Mean root-mean-square difference of each picture from all others, `[N]`."""
    flat = pictures.reshape(len(pictures), -1).astype(np.float64)
    squares = (flat**2).sum(axis=1)
    distances = squares[:, None] + squares[None, :] - 2 * flat @ flat.T
    roots = np.sqrt(np.maximum(distances, 0) / flat.shape[1])
    np.fill_diagonal(roots, 0.0)
    means: NDArray[np.float64] = roots.sum(axis=1) / (len(pictures) - 1)
    return means


def step_sizes(pictures: Pictures) -> NDArray[np.float64]:
    """Root-mean-square difference of each picture and the next one, `[N − 1]`."""
    differences = np.diff(pictures.astype(np.float32), axis=0)
    sizes: NDArray[np.float64] = np.sqrt((differences**2).mean(axis=(1, 2, 3))).astype(np.float64)
    return sizes


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
