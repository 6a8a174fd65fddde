"""Latents made visible: each channel as a map, or all of them as colours. Pure, light to import."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.messages import Array32, Image
from engine.methods.contract import make_method
from engine.walk import Walk

#: [C+1, 3]: what one unit of each channel, and a constant, add to red, green and blue (0–255).
Colours = npt.NDArray[np.float64]

#: A map runs from −LIMIT (black) over 0 (grey) to LIMIT (white), in units of N(0, I)'s std.
LIMIT = 3.0
_DAMPING = 1e-3


def channel_maps(latent: Array32) -> npt.NDArray[np.uint8]:
    """One grey map [h, w] for each channel: [C, h, w]. One scale for all frames, so that a walk's
    maps can be compared."""
    shares = np.nan_to_num(latent) / (2.0 * LIMIT) + 0.5
    return (np.clip(shares, 0.0, 1.0) * 255.0).round().astype(np.uint8)


class ColourFit:
    """The linear map from latents to colours that fits the frames added so far.

    Least squares over the pixels of the latents, each against the mean colour of the block of the
    picture that it covers; slightly damped, so that a plain picture has a solution too.
    """

    def __init__(self, channels: int) -> None:
        self._gram = _DAMPING * np.eye(channels + 1)
        self._moment = np.zeros((channels + 1, 3))

    def add(self, final: Array32, image: Image, weight: float = 1.0) -> None:
        """Take in a finished frame: its z_0 [C, h, w] and its picture [H, W, 3]."""
        channels, h, w = final.shape
        rows = np.column_stack((final.reshape(channels, -1).T, np.ones(h * w)))
        blocks = image.reshape(h, image.shape[0] // h, w, image.shape[1] // w, 3)
        means = blocks.mean(axis=(1, 3)).reshape(-1, 3)
        self._gram += weight * rows.T @ rows
        self._moment += weight * rows.T @ means

    @property
    def colours(self) -> Colours:
        """The map: what each channel adds to red, green and blue."""
        return np.asarray(np.linalg.solve(self._gram, self._moment), np.float64)


def fit_colours(final: Array32, image: Image) -> Colours:
    """The linear map from a finished frame's z_0 [C, h, w] to its picture [H, W, 3]."""
    fit = ColourFit(len(final))
    fit.add(final, image)
    return fit.colours


def in_colour(latent: Array32, colours: Colours) -> Image:
    """The picture [h, w, 3] that the linear map makes of a latent [C, h, w], z_0 or z_T."""
    rgb = np.tensordot(np.nan_to_num(latent), colours[:-1], axes=(0, 0)) + colours[-1]
    return np.clip(rgb, 0.0, 255.0).round().astype(np.uint8)


def seam_at(walk: Walk, time: float, columns: int) -> float | None:
    """Where, in latent columns from the left, one keyframe's noise meets the other's.

    None for methods that mix the noises everywhere, and where only one of them is in the latent.
    """
    segment, gamma = walk.locate(time)
    seam = make_method(walk.method_of(segment)).seam(gamma, columns)
    return seam if seam is not None and 0.0 < seam < columns else None
