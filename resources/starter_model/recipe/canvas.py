"""A small drawing board: filled shapes at four times the size, reduced by area, in RGB."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from .vocabulary import Colour

OVERSAMPLING = 4
INK: Colour = (62, 46, 44)
PAPER: Colour = (252, 244, 228)
_SHIFT = 4

Image = NDArray[np.uint8]
Points = Sequence[tuple[float, float]]


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`share` of `b` in `a`."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def _fixed(value: float) -> int:
    return round(value * OVERSAMPLING * (1 << _SHIFT))


class Canvas:
    """Pixels of one picture, `[4·height, 4·width, 3]`, and a mask of the subject.

    With `ink`, colours fade towards paper and shapes get a dark outline.
    """

    def __init__(self, width: int, height: int, ink: bool) -> None:
        size = (height * OVERSAMPLING, width * OVERSAMPLING)
        self.ink = ink
        self.pixels: Image = np.zeros((*size, 3), np.uint8)
        self.mask: Image = np.zeros(size, np.uint8)
        self.in_subject = False

    def tone(self, colour: Colour) -> Colour:
        """The colour as this style shows it."""
        if not self.ink:
            return colour
        return INK if max(colour) < 52 else mix(colour, PAPER, 0.4)

    def fill_rows(self, top: Colour, bottom: Colour, y0: float, y1: float) -> None:
        """A vertical gradient from row `y0` to row `y1` (picture pixels), full width."""
        first, last = (max(0, round(y * OVERSAMPLING)) for y in (y0, y1))
        rows = np.linspace(self.tone(top), self.tone(bottom), max(last - first, 1))
        self.pixels[first:last] = rows[: self.pixels[first:last].shape[0], None]

    def ellipse(
        self,
        centre: tuple[float, float],
        radii: tuple[float, float],
        colour: Colour,
        angle: float = 0.0,
        outline: bool = True,
    ) -> None:
        """A filled ellipse; angle in degrees."""
        around, turn = np.deg2rad(np.arange(0, 360, 8)), np.deg2rad(angle)
        x, y = np.cos(around) * radii[0], np.sin(around) * radii[1]
        rotated = np.stack(
            (
                centre[0] + x * np.cos(turn) - y * np.sin(turn),
                centre[1] + x * np.sin(turn) + y * np.cos(turn),
            ),
            axis=1,
        )
        self._fill(rotated, colour, outline)

    def polygon(self, points: Points, colour: Colour, outline: bool = True) -> None:
        """A filled polygon."""
        self._fill(np.asarray(points, np.float64), colour, outline)

    def _fill(self, points: NDArray[np.float64], colour: Colour, outline: bool) -> None:
        fixed = np.round(points * OVERSAMPLING * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(self.pixels, [fixed], self.tone(colour), cv2.LINE_8, _SHIFT)
        if self.in_subject:
            cv2.fillPoly(self.mask, [fixed], 255, cv2.LINE_8, _SHIFT)
        if self.ink and outline:
            cv2.polylines(self.pixels, [fixed], True, INK, 6, cv2.LINE_8, _SHIFT)

    def line(self, points: Points, colour: Colour, width: float) -> None:
        """An open line of `width` picture pixels."""
        fixed = np.asarray([[_fixed(x), _fixed(y)] for x, y in points], np.int32)
        thickness = max(1, round(width * OVERSAMPLING))
        cv2.polylines(self.pixels, [fixed], False, self.tone(colour), thickness, cv2.LINE_8, _SHIFT)

    def arc(
        self,
        centre: tuple[float, float],
        radii: tuple[float, float],
        degrees: tuple[int, int],
        colour: Colour,
        width: float,
    ) -> None:
        """Part of an ellipse's rim, as a line."""
        start, end = degrees
        around = np.deg2rad(np.linspace(start, end, 2 + (end - start) // 12))
        x, y = np.cos(around) * radii[0], np.sin(around) * radii[1]
        self.line(
            [(centre[0] + dx, centre[1] + dy) for dx, dy in zip(x, y, strict=True)], colour, width
        )

    def reduced(self) -> tuple[Image, NDArray[np.float32]]:
        """The picture `[H, W, 3]` and the subject's coverage `[H, W]` in 0…1."""
        height, width = (n // OVERSAMPLING for n in self.mask.shape)
        size = (width, height)
        picture = np.asarray(cv2.resize(self.pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        mask = cv2.resize(self.mask, size, interpolation=cv2.INTER_AREA)
        return picture, np.asarray(mask, np.float32) / np.float32(255)
