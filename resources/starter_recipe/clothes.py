"""What the animals wear: a scarf, a hat, glasses, a bow tie, a flower."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .figures import CENTRE, EYE, HEAD, NECK, Sewing
from .shapes import BLEND, COLLAR, DRUM, MATERIAL, RING, X, Y, Z
from .tracer import KNIT
from .vocabulary import Colour


def dressed(s: Sewing, accessory: str, colour: Colour, slot: int) -> None:
    """Adds an accessory in a colour; `slot` is `FIRST` or `SECOND`."""
    s.colours[slot] = colour
    WEAR[accessory](s, slot)


def _scarf(s: Sewing, slot: int) -> None:
    s.kinds[slot] = KNIT
    s.add((0, NECK + 0.03, 0.03), (0.33, 0.115, 0.115), slot, blend=0.0, kind=COLLAR)
    s.add((0.17, 0.55, 0.33), (0.10, 0.24, 0.06), slot, 0.12, 0.0)


def _hat(s: Sewing, slot: int) -> None:
    top = HEAD + 0.30
    s.add((0, top, 0.05), (0.37, 0.04, 0.035), slot, -0.08, 0.0, DRUM)
    s.add((0.01, top + 0.20, 0.05), (0.235, 0.22, 0.05), slot, -0.08, 0.0, DRUM)


def _glasses(s: Sewing, slot: int) -> None:
    eyes = [row for row in s.rows if row[MATERIAL] == EYE and row[BLEND] == 0.0][:2]
    x, y, z = abs(eyes[0][X] - eyes[1][X]) / 2, (eyes[0][Y] + eyes[1][Y]) / 2, eyes[0][Z]
    height = NECK + (y - NECK) / np.cos(s.tilt)
    for side in (-1, 1):
        s.add((side * x, height, z + 0.07), (0.145, 0.034, 0.034), slot, 0.0, 0.0, RING)
    s.add((0, height + 0.02, z + 0.09), (max(0.03, x - 0.12), 0.03, 0.03), slot, blend=0.0)
    s.both((x + 0.17, height + 0.02, z - 0.06), (0.04, 0.03, 0.17), slot, blend=0.0)


def _bow_tie(s: Sewing, slot: int) -> None:
    s.both((0.15, NECK - 0.03, 0.36), (0.155, 0.12, 0.075), slot, 0.18, 0.0)
    s.add((0, NECK - 0.03, 0.40), (0.06, 0.06, 0.06), slot, blend=0.0)


def _flower(s: Sewing, slot: int) -> None:
    s.colours[CENTRE] = (0.95, 0.72, 0.10) if s.colours[slot][1] < 0.6 else (0.93, 0.90, 0.84)
    at = (-0.30, HEAD + 0.27, 0.22)
    for n in range(5):
        angle = 2 * np.pi * n / 5 + 0.3
        petal = (at[0] + 0.115 * np.cos(angle), at[1] + 0.115 * np.sin(angle), at[2])
        s.add(petal, (0.088, 0.088, 0.05), slot, blend=0.0)
    s.add((at[0], at[1], at[2] + 0.04), (0.07, 0.07, 0.05), CENTRE, blend=0.0)


WEAR: dict[str, Callable[[Sewing, int], None]] = {
    "scarf": _scarf,
    "hat": _hat,
    "glasses": _glasses,
    "bow tie": _bow_tie,
    "flower": _flower,
}
