"""A perceptual distance between pictures, without learned weights.

It is based on the normalized Laplacian pyramid distance (Laparra, Ballé, Berardino, Simoncelli,
"Perceptual image quality assessment using a normalized Laplacian pyramid", 2016), a model of the
early visual system: contrast at several scales, divided by the contrast of the surroundings. Here
it uses all three channels of CIELAB instead of the luminance, and one viewing size. The coarsest
scale is not divided, so that a change of the whole picture's colour counts, too.
"""

from __future__ import annotations

import numpy as np

from engine.conditioning import Array32
from engine.messages import Image

#: The normalized pyramid of a picture, fine to coarse: [3, h, w] each.
Pyramid = tuple[Array32, ...]

#: Pictures are reduced to at most this many pixels a side, unless they are very narrow.
_SIDE = 128
_SMALLEST = 8
#: The contrast with half the response: the constant of the 2016 paper.
_SATURATION = np.float32(0.17)
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.072175],
        [0.0193339, 0.119192, 0.9503041],
    ]
)


def pyramid_of(image: Image) -> Pyramid:
    """Computes the pyramid of a picture [H, W, 3]."""
    rest = _lab(_reduced(image))
    bands = []
    while min(rest.shape[1:]) > _SMALLEST:
        smaller = _blurred(rest)[:, ::2, ::2]
        band = rest - _enlarged(smaller, rest.shape)
        bands.append(band / (_SATURATION + _blurred(np.abs(band))))
        rest = smaller
    return (*bands, rest)


def distance(first: Pyramid, second: Pyramid) -> float:
    """Returns 100 × the mean over the scales of the RMS difference: a metric, 0 for equal pictures.

    Raises ValueError for pictures of different sizes.
    """
    pairs = zip(first, second, strict=True)
    gaps = [np.sqrt(3.0 * np.mean((a - b) ** 2)) for a, b in pairs]
    return 100.0 * float(np.mean(gaps))


def _reduced(image: Image) -> Array32:
    """Returns linear light [3, h, w] in 0…1, reduced to at most _SIDE pixels a side by means of
    square blocks, which are no larger than the short side."""
    factor = min(-(-max(image.shape[:2]) // _SIDE), *image.shape[:2])
    height, width = (side // factor for side in image.shape[:2])
    light = _linear_light()[image[: height * factor, : width * factor]]
    blocks = light.reshape(height, factor, width, factor, 3)
    reduced: Array32 = blocks.mean(axis=3).mean(axis=1)
    return np.ascontiguousarray(reduced.transpose(2, 0, 1))


def _linear_light() -> Array32:
    """Returns the linear light [256] of the values of sRGB."""
    values = np.arange(256) / 255.0
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


def _lab(light: Array32) -> Array32:
    """Converts linear light to CIELAB [3, h, w], divided by 100."""
    matrix = (_TO_XYZ / _TO_XYZ.sum(axis=1, keepdims=True)).astype(np.float32)
    xyz = (matrix @ light.reshape(3, -1)).reshape(light.shape)
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack((1.16 * y - 0.16, 5.0 * (x - y), 2.0 * (y - z)))


def _blurred(image: Array32) -> Array32:
    """Blurs by the binomial filter 1 4 6 4 1 along both axes; the border is repeated."""
    p = np.pad(image, ((0, 0), (2, 2), (2, 2)), mode="edge")
    p = _weighed(p[:, :-4], p[:, 1:-3], p[:, 2:-2], p[:, 3:-1], p[:, 4:])
    return _weighed(p[..., :-4], p[..., 1:-3], p[..., 2:-2], p[..., 3:-1], p[..., 4:])


def _weighed(a: Array32, b: Array32, c: Array32, d: Array32, e: Array32) -> Array32:
    return (a + e + np.float32(4) * (b + d) + np.float32(6) * c) / np.float32(16)


def _enlarged(image: Array32, shape: tuple[int, ...]) -> Array32:
    """Enlarges by a factor of two, cuts to `shape`, and smooths."""
    doubled = image.repeat(2, axis=1).repeat(2, axis=2)
    return _blurred(doubled[:, : shape[1], : shape[2]])
