"""Latents as pictures: each channel as a map, or all channels as colours. Pure functions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.conditioning import Array32
from engine.messages import Image
from engine.methods.contract import make_method
from engine.walk import Walk

#: [C+1, 3]: the red, green and blue (0–255) of one unit of each channel, and of a constant.
Colours = npt.NDArray[np.float64]

#: A map runs from −LIMIT (black) over 0 (grey) to LIMIT (white), in units of N(0, I)'s std.
LIMIT = 3.0
_DAMPING = 1e-3


def channel_maps(latent: Array32) -> npt.NDArray[np.uint8]:
    """Returns a grey map for each channel: [C, h, w]. All frames have the same scale, so that maps
    can be compared."""
    shares = np.nan_to_num(latent) / (2.0 * LIMIT) + 0.5
    return (np.clip(shares, 0.0, 1.0) * 255.0).round().astype(np.uint8)


class ColourFit:
    """Fits a linear map from latents to colours to the frames added so far.

    Least squares over the pixels of the latents, with the mean colour of each pixel's block of the
    picture as the target; slightly regularized, so that a picture of one colour has a solution.
    """

    def __init__(self, channels: int) -> None:
        self._gram = _DAMPING * np.eye(channels + 1)
        self._moment = np.zeros((channels + 1, 3))

    def add(self, final: Array32, image: Image, weight: float = 1.0) -> None:
        """Add a finished frame: its z_0 [C, h, w] and its picture [H, W, 3]."""
        channels, h, w = final.shape
        rows = np.column_stack((final.reshape(channels, -1).T, np.ones(h * w)))
        blocks = image.reshape(h, image.shape[0] // h, w, image.shape[1] // w, 3)
        means = blocks.mean(axis=(1, 3)).reshape(-1, 3)
        self._gram += weight * rows.T @ rows
        self._moment += weight * rows.T @ means

    @property
    def colours(self) -> Colours:
        """Return the map."""
        return np.asarray(np.linalg.solve(self._gram, self._moment), np.float64)


def fit_colours(final: Array32, image: Image) -> Colours:
    """Fits the linear map from a finished frame's z_0 [C, h, w] to its picture [H, W, 3]."""
    fit = ColourFit(len(final))
    fit.add(final, image)
    return fit.colours


def in_colour(latent: Array32, colours: Colours) -> Image:
    """Applies the linear map to a latent [C, h, w], z_0 or z_T. Returns a picture [h, w, 3]."""
    rgb = np.tensordot(np.nan_to_num(latent), colours[:-1], axes=(0, 0)) + colours[-1]
    return np.clip(rgb, 0.0, 255.0).round().astype(np.uint8)


def seam_at(walk: Walk, time: float, columns: int) -> float | None:
    """Returns the column, from the left, at which the noises of two keyframes meet. A latent has
    `columns` columns of what the model reads as one token.

    None for methods that mix the noises everywhere, and if only one noise is in the latent.
    """
    segment, gamma = walk.locate(time)
    seam = make_method(walk.method_of(segment)).seam(gamma, columns)
    return seam if seam is not None and 0.0 < seam < columns else None
