"""The eight felt animals: soft unions of ellipsoids, sewn together from a species and a pose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .shapes import COLUMNS, ELLIPSOID
from .tracer import GLOSSY, SMOOTH, WOOL
from .vocabulary import FURS, Animal, Colour

(FUR, PALE, PINK, DARK, NOSE, EYE, WHITE, FEET, FIRST, SECOND, CENTRE, MOUTH) = range(12)
#: How the surface of each material is made; what is worn says so itself.
KINDS = np.array(
    (WOOL, WOOL, SMOOTH, WOOL, SMOOTH, GLOSSY, SMOOTH, WOOL, SMOOTH, SMOOTH, SMOOTH, SMOOTH)
)
CREAM, ROSE, INK = (0.95, 0.88, 0.76), (0.90, 0.46, 0.46), (0.02, 0.018, 0.02)
NECK, HEAD = 0.78, 1.13

Point = tuple[float, float, float]


@dataclass(slots=True)
class Sewing:
    """A figure being made: its parts so far, the tilt of its head, and its colours."""

    fur: Colour
    tilt: float = 0.0
    rows: list[NDArray[np.float64]] = field(default_factory=list)
    kinds: NDArray[np.int64] = field(default_factory=KINDS.copy)
    colours: NDArray[np.float64] = field(default_factory=lambda: np.zeros((12, 3)))

    def add(
        self,
        centre: Point,
        radii: Point,
        material: int = FUR,
        tilt: float = 0.0,
        blend: float = 0.05,
        kind: int = ELLIPSOID,
    ) -> None:
        """One part; what lies above the neck turns with the head."""
        x, y, z = centre
        if y > NECK + 0.12:
            cos, sin = np.cos(self.tilt), np.sin(self.tilt)
            x, y = cos * x - sin * (y - NECK), NECK + sin * x + cos * (y - NECK)
            tilt += self.tilt
        row = np.zeros(COLUMNS)
        reach = max(radii) if kind == ELLIPSOID else radii[0] + max(radii[1:])
        row[:] = (kind, x, y, z, *radii, np.cos(tilt), np.sin(tilt), material, blend, reach)
        row[-1] = 1.03 * reach + blend + 0.02
        self.rows.append(row)

    def both(
        self,
        centre: Point,
        radii: Point,
        material: int = FUR,
        tilt: float = 0.0,
        blend: float = 0.05,
    ) -> None:
        """A part and its mirror image."""
        self.add(centre, radii, material, tilt, blend)
        self.add((-centre[0], *centre[1:]), radii, material, -tilt, blend)

    def eyes(self, x: float, y: float, z: float, radius: float) -> None:
        """Two glossy beads, each with a point of light."""
        self.both((x, y, z), (radius, radius * 1.08, radius * 0.75), EYE, blend=0.0)
        glint = 0.30 * radius
        for side in (-1, 1):
            at = (side * x - 0.30 * radius, y + 0.36 * radius, z + 0.66 * radius)
            self.add(at, (glint, glint, glint), WHITE, blend=0.0)

    def muzzle(self, radii: Point, z: float, nose: Point, glossy: bool = True) -> None:
        """A pale muzzle with a nose on it and a seam for a mouth."""
        y = HEAD - 0.12
        self.add((0, y, z), radii, PALE, blend=0.03)
        tip = z + radii[2]
        self.add((0, y + 0.55 * radii[1], tip - 0.01), nose, EYE if glossy else NOSE, blend=0.0)
        self.both((0.055, y - 0.40 * radii[1], tip - 0.035), (0.06, 0.017, 0.05), MOUTH, 0.35, 0.0)


def _body(s: Sewing, head: Point) -> None:
    """What all have: a body with a belly, arms and feet, and a head."""
    s.add((0, 0.44, 0), (0.36, 0.43, 0.31))
    s.add((0, HEAD, 0.04), head, blend=0.09)
    s.add((0, 0.42, 0.10), (0.25, 0.31, 0.25), PALE, blend=0.03)
    s.both((0.20, 0.07, 0.19), (0.14, 0.10, 0.20), FEET)
    s.both((0.34, 0.52, 0.13), (0.105, 0.23, 0.12), tilt=0.38)


def _cat(s: Sewing) -> None:
    _body(s, (0.45, 0.38, 0.37))
    s.both((0.29, HEAD + 0.36, 0), (0.15, 0.25, 0.08), tilt=-0.42)
    s.both((0.285, HEAD + 0.34, 0.055), (0.085, 0.17, 0.05), PINK, -0.42, 0.02)
    s.eyes(0.19, HEAD + 0.05, 0.34, 0.095)
    s.muzzle((0.17, 0.11, 0.11), 0.33, (0.05, 0.036, 0.04), glossy=False)
    for tilt in (-0.18, 0.14):
        s.both((0.42, HEAD - 0.12 + 0.2 * tilt, 0.30), (0.20, 0.016, 0.016), MOUTH, tilt, 0.0)
    for n in range(6):
        angle = 0.32 * n
        at = (0.36 + 0.20 * np.sin(angle), 0.16 + 0.30 * (1 - np.cos(angle)), -0.12)
        s.add(at, (0.085, 0.10, 0.085), blend=0.05)


def _dog(s: Sewing) -> None:
    _body(s, (0.40, 0.39, 0.36))
    s.both((0.42, HEAD - 0.02, 0.03), (0.13, 0.32, 0.13), DARK, 0.25, 0.03)
    s.eyes(0.17, HEAD + 0.08, 0.34, 0.09)
    s.add((-0.17, HEAD + 0.09, 0.26), (0.15, 0.16, 0.125), DARK, blend=0.02)
    s.muzzle((0.19, 0.14, 0.17), 0.33, (0.08, 0.055, 0.055))
    s.add((0.02, HEAD - 0.27, 0.40), (0.055, 0.085, 0.05), NOSE, blend=0.0)
    s.add((0.33, 0.34, -0.18), (0.075, 0.20, 0.075), tilt=-0.6)


def _rabbit(s: Sewing) -> None:
    _body(s, (0.38, 0.37, 0.35))
    s.both((0.15, HEAD + 0.58, -0.02), (0.11, 0.40, 0.075), tilt=-0.14)
    s.both((0.15, HEAD + 0.57, 0.04), (0.06, 0.30, 0.05), PINK, -0.14, 0.02)
    s.eyes(0.18, HEAD + 0.06, 0.33, 0.092)
    s.both((0.24, HEAD - 0.12, 0.22), (0.12, 0.09, 0.12), blend=0.05)
    s.muzzle((0.15, 0.10, 0.11), 0.31, (0.048, 0.036, 0.04), glossy=False)
    s.both((0.032, HEAD - 0.23, 0.39), (0.032, 0.06, 0.03), WHITE, blend=0.0)
    s.add((0.30, 0.22, -0.20), (0.15, 0.15, 0.15), PALE, blend=0.02)


def _bear(s: Sewing) -> None:
    _body(s, (0.44, 0.39, 0.37))
    s.both((0.33, HEAD + 0.30, 0), (0.155, 0.155, 0.09))
    s.both((0.33, HEAD + 0.29, 0.05), (0.09, 0.09, 0.065), PALE, blend=0.02)
    s.eyes(0.175, HEAD + 0.075, 0.345, 0.085)
    s.muzzle((0.20, 0.15, 0.14), 0.33, (0.075, 0.052, 0.05))


def _fox(s: Sewing) -> None:
    _body(s, (0.43, 0.35, 0.36))
    s.both((0.29, HEAD + 0.37, 0), (0.15, 0.30, 0.08), tilt=-0.34)
    s.both((0.305, HEAD + 0.55, 0.0), (0.075, 0.14, 0.085), MOUTH, -0.34, 0.02)
    s.both((0.285, HEAD + 0.33, 0.055), (0.08, 0.17, 0.05), WHITE, -0.34, 0.02)
    s.both((0.27, HEAD - 0.14, 0.18), (0.20, 0.14, 0.17), WHITE, -0.35, 0.03)
    s.add((0, HEAD - 0.14, 0.34), (0.13, 0.10, 0.22), WHITE, blend=0.04)
    s.add((0, HEAD - 0.06, 0.34), (0.085, 0.08, 0.20), blend=0.02)
    s.add((0, HEAD - 0.10, 0.56), (0.06, 0.05, 0.05), EYE, blend=0.0)
    s.eyes(0.19, HEAD + 0.08, 0.32, 0.1)
    s.add((0.44, 0.34, -0.14), (0.17, 0.30, 0.16), tilt=-0.75)
    s.add((0.60, 0.54, -0.14), (0.13, 0.16, 0.13), WHITE, -0.6, 0.03)


def _owl(s: Sewing) -> None:
    s.add((0, 0.46, 0), (0.39, 0.46, 0.33))
    s.add((0, HEAD - 0.03, 0.04), (0.44, 0.40, 0.37), blend=0.12)
    s.add((0, 0.44, 0.11), (0.27, 0.32, 0.26), PALE, blend=0.03)
    s.both((0.37, 0.52, 0.04), (0.10, 0.31, 0.20), DARK, 0.22, 0.03)
    s.both((0.30, HEAD + 0.32, 0.05), (0.08, 0.18, 0.08), tilt=-0.55)
    s.both((0.185, HEAD + 0.03, 0.24), (0.205, 0.205, 0.14), WHITE, blend=0.02)
    s.eyes(0.175, HEAD + 0.03, 0.36, 0.098)
    s.add((0, HEAD - 0.12, 0.40), (0.06, 0.10, 0.07), FEET, blend=0.0)
    s.both((0.16, 0.05, 0.24), (0.12, 0.065, 0.15), FEET, blend=0.0)


def _frog(s: Sewing) -> None:
    _body(s, (0.49, 0.33, 0.37))
    s.both((0.25, HEAD + 0.25, 0.12), (0.17, 0.17, 0.15))
    s.both((0.25, HEAD + 0.28, 0.20), (0.125, 0.125, 0.10), WHITE, blend=0.0)
    s.eyes(0.245, HEAD + 0.28, 0.27, 0.088)
    s.add((0, HEAD - 0.13, 0.14), (0.42, 0.17, 0.275), PALE, blend=0.02)
    s.add((0, HEAD - 0.035, 0.18), (0.36, 0.028, 0.245), MOUTH, blend=0.0)


def _mouse(s: Sewing) -> None:
    _body(s, (0.36, 0.34, 0.34))
    s.both((0.38, HEAD + 0.29, 0), (0.25, 0.25, 0.07), tilt=-0.2)
    s.both((0.38, HEAD + 0.29, 0.045), (0.175, 0.175, 0.05), PINK, -0.2, 0.02)
    s.eyes(0.165, HEAD + 0.065, 0.325, 0.09)
    s.add((0, HEAD - 0.10, 0.34), (0.14, 0.11, 0.19), PALE, blend=0.05)
    s.add((0, HEAD - 0.07, 0.53), (0.065, 0.058, 0.055), NOSE, blend=0.0)
    for n in range(7):
        at = (0.32 + 0.075 * n, 0.14 + 0.05 * np.sin(1.1 * n) + 0.03 * n, -0.1)
        s.add(at, (0.065, 0.045, 0.045), PINK, blend=0.05)


SPECIES: dict[str, Callable[[Sewing], None]] = {
    "cat": _cat,
    "dog": _dog,
    "rabbit": _rabbit,
    "bear": _bear,
    "fox": _fox,
    "owl": _owl,
    "frog": _frog,
    "mouse": _mouse,
}


def sew(animal: Animal, rng: np.random.Generator) -> Sewing:
    """A figure of the species in felt of its colour, no two quite alike."""
    fur = np.array(FURS[animal.fur]) * rng.uniform(0.86, 1.12) * rng.uniform(0.94, 1.06, 3)
    result = Sewing(fur=(float(fur[0]), float(fur[1]), float(fur[2])))
    result.tilt = float(rng.uniform(-0.13, 0.13))
    pale = 0.25 * fur + 0.75 * np.array(CREAM)
    pale = pale * 0.55 if animal.fur == "black" else pale
    nose = (0.95, 0.55, 0.08) if animal.species == "owl" else ROSE
    dark = (0.35 if animal.species == "dog" else 0.55) * fur
    result.colours[[FUR, PALE, PINK, DARK]] = fur, pale, ROSE, dark
    result.colours[[NOSE, EYE, WHITE, MOUTH]] = nose, INK, (0.96, 0.94, 0.90), (0.06, 0.045, 0.04)
    result.colours[FEET] = nose if animal.species == "owl" else 0.9 * fur
    SPECIES[animal.species](result)
    return result
