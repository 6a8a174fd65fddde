"""The eight animals: head, ears, face and shoulders, in units of the head's radius."""

from __future__ import annotations

from collections.abc import Callable

from .canvas import Canvas, mix
from .vocabulary import FURS, Colour

WHITE: Colour = (255, 255, 255)
DARK: Colour = (44, 36, 44)
ROSE: Colour = (250, 164, 176)
BEAK: Colour = (250, 160, 48)


class Portrait:
    """Draws in head units: (0, 0) is the head's centre, 1 its radius, y downwards."""

    def __init__(self, canvas: Canvas, x: float, y: float, radius: float, fur: str) -> None:
        self.canvas = canvas
        self.x, self.y, self.radius = x, y, radius
        self.fur = FURS[fur]
        self.light = mix(self.fur, WHITE, 0.25 if fur == "white" else 0.55)
        self.shade = mix(self.fur, DARK, 0.28)
        self.inner = mix(ROSE, self.fur, 0.25)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A point of the head's frame on the picture."""
        return self.x + x * self.radius, self.y + y * self.radius

    def blob(
        self, x: float, y: float, rx: float, ry: float, colour: Colour, angle: float = 0.0
    ) -> None:
        """A filled ellipse in head units."""
        radii = (rx * self.radius, ry * self.radius)
        self.canvas.ellipse(self.at(x, y), radii, colour, angle)

    def plain_blob(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """A filled ellipse without outline."""
        radii = (rx * self.radius, ry * self.radius)
        self.canvas.ellipse(self.at(x, y), radii, colour, outline=False)

    def shape(self, points: list[tuple[float, float]], colour: Colour) -> None:
        """A filled polygon in head units."""
        self.canvas.polygon([self.at(x, y) for x, y in points], colour)

    def both(self, draw: Callable[[float], None]) -> None:
        """Draws a thing and its mirror image: `draw(-1)`, `draw(1)`."""
        draw(-1.0)
        draw(1.0)

    def smile(self, y: float, width: float) -> None:
        """A smiling mouth."""
        radii = (width * self.radius, width * 0.75 * self.radius)
        self.canvas.arc(self.at(0, y), radii, (20, 160), DARK, 1.7)

    def eye(self, x: float, y: float, size: float) -> None:
        """A round eye with a highlight."""
        self.blob(x, y, size, size * 1.08, WHITE)
        self.plain_blob(x * 0.96, y + 0.02, size * 0.72, size * 0.8, DARK)
        self.plain_blob(x * 0.96 - size * 0.25, y - size * 0.28, size * 0.27, size * 0.27, WHITE)

    def eyes(self, x: float = 0.42, y: float = -0.1, size: float = 0.23) -> None:
        """Both eyes."""
        self.both(lambda side: self.eye(side * x, y, size))

    def body(self) -> None:
        """Shoulders and chest."""
        self.blob(0, 2.05, 0.98, 1.12, self.fur)
        self.plain_blob(0, 2.25, 0.55, 0.95, self.light)

    def muzzle(self, y: float, rx: float, ry: float, nose: Colour) -> None:
        """A light muzzle with nose and mouth."""
        self.plain_blob(0, y, rx, ry, self.light)
        self.smile(y + 0.06, 0.22)
        self.plain_blob(0, y - 0.12, 0.16, 0.11, nose)


def _ear_triangle(p: Portrait, side: float, colour: Colour, inner: Colour) -> None:
    p.shape([(side * 0.92, -0.25), (side * 0.88, -1.5), (side * 0.12, -0.85)], colour)
    p.shape([(side * 0.80, -0.55), (side * 0.79, -1.2), (side * 0.36, -0.82)], inner)


def _cat(p: Portrait) -> None:
    p.both(lambda side: _ear_triangle(p, side, p.fur, p.inner))
    p.blob(0, 0, 1.06, 0.94, p.fur)
    p.eyes()
    p.muzzle(0.42, 0.36, 0.26, ROSE)
    for side in (-1, 1):
        for dy in (-0.06, 0.12):
            ends = [p.at(side * 0.5, 0.38 + dy * 0.6), p.at(side * 1.18, 0.3 + dy * 2)]
            p.canvas.line(ends, mix(p.fur, DARK, 0.75), 1.1)


def _dog(p: Portrait) -> None:
    p.blob(0, 0, 0.96, 0.96, p.fur)
    p.both(lambda side: p.blob(side * 0.98, 0.08, 0.3, 0.72, p.shade, side * -14))
    p.eyes()
    p.plain_blob(0, 0.72, 0.15, 0.22, (240, 96, 112))
    p.muzzle(0.42, 0.46, 0.33, DARK)


def _rabbit(p: Portrait) -> None:
    p.both(lambda side: p.blob(side * 0.42, -1.42, 0.27, 0.85, p.fur, side * 8))
    p.both(lambda side: p.plain_blob(side * 0.43, -1.42, 0.14, 0.62, p.inner))
    p.blob(0, 0, 0.94, 0.92, p.fur)
    p.eyes()
    p.shape([(-0.13, 0.5), (0.13, 0.5), (0.12, 0.78), (-0.12, 0.78)], WHITE)
    p.muzzle(0.38, 0.34, 0.22, ROSE)


def _bear(p: Portrait) -> None:
    p.both(lambda side: p.blob(side * 0.76, -0.76, 0.37, 0.37, p.fur))
    p.both(lambda side: p.plain_blob(side * 0.76, -0.76, 0.21, 0.21, p.light))
    p.blob(0, 0, 1.02, 0.95, p.fur)
    p.eyes(0.4, -0.12, 0.2)
    p.muzzle(0.4, 0.44, 0.34, DARK)


def _fox(p: Portrait) -> None:
    p.both(lambda side: _ear_triangle(p, side, p.fur, DARK))
    left = [(0.0, 1.08), (-0.6, 0.6), (-1.12, -0.1), (-0.7, -0.82)]
    p.shape([*left, *((-x, y) for x, y in reversed(left[1:]))], p.fur)
    p.shape([(-1.1, -0.06), (-0.4, 0.28), (0, 0.2), (0, 1.05), (-0.6, 0.6)], (252, 246, 238))
    p.shape([(1.1, -0.06), (0.4, 0.28), (0, 0.2), (0, 1.05), (0.6, 0.6)], (252, 246, 238))
    p.eyes(0.42, -0.16, 0.2)
    p.plain_blob(0, 0.88, 0.2, 0.16, DARK)


def _owl(p: Portrait) -> None:
    p.both(lambda side: p.shape([(side * 0.95, -0.2), (side * 0.98, -1.2), (0, -0.75)], p.shade))
    p.blob(0, 0, 1.0, 0.98, p.fur)
    p.both(lambda side: p.blob(side * 0.44, -0.08, 0.5, 0.5, p.light))
    p.eyes(0.44, -0.08, 0.32)
    p.shape([(-0.17, 0.22), (0.17, 0.22), (0, 0.62)], BEAK)


def _frog(p: Portrait) -> None:
    p.both(lambda side: p.blob(side * 0.56, -0.7, 0.4, 0.4, p.fur))
    p.blob(0, 0.05, 1.2, 0.86, p.fur)
    p.both(lambda side: p.eye(side * 0.56, -0.74, 0.28))
    p.plain_blob(0, 0.5, 0.8, 0.32, p.light)
    p.canvas.arc(p.at(0, 0.05), (0.78 * p.radius, 0.46 * p.radius), (10, 170), DARK, 2.0)


def _mouse(p: Portrait) -> None:
    p.both(lambda side: p.blob(side * 0.95, -0.8, 0.62, 0.62, p.fur))
    p.both(lambda side: p.plain_blob(side * 0.95, -0.78, 0.42, 0.42, p.inner))
    p.blob(0, 0.05, 0.88, 0.86, p.fur)
    p.eyes(0.36, -0.08, 0.2)
    p.muzzle(0.46, 0.28, 0.22, ROSE)


DRAW: dict[str, Callable[[Portrait], None]] = {
    "cat": _cat,
    "dog": _dog,
    "rabbit": _rabbit,
    "bear": _bear,
    "fox": _fox,
    "owl": _owl,
    "frog": _frog,
    "mouse": _mouse,
}
