"""The cells of an atlas: a square grid whose spacing halves when a person zooms in, or one with a
fixed number of cells.

Cells of the former lie at multiples of a spacing 2^k, so finer grids contain the coarser ones. Pure
functions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, floor, hypot, log2

import numpy as np

from engine.errors import InputError
from engine.messages import Points

#: A position in the plane, in std.
Cell = tuple[float, float]
#: Most cells of one grid.
MOST_CELLS = 2500
#: Levels of coarser grids that are filled before the finest one.
COARSER = 3


@dataclass(frozen=True, slots=True)
class Area:
    """The visible rectangle of a plane, in std."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.top - self.bottom


@dataclass(frozen=True, slots=True)
class PlaneFacts:
    """The facts of a plane besides its points: its distance `height` from the origin and the
    `sigma` of the shell, in std, the positions of the frames [n, 2], and a sentence about it."""

    height: float = 0.0
    sigma: float = 0.0
    path: Points = field(default_factory=lambda: np.empty((0, 2)), compare=False)
    note: str = ""

    def std(self, cell: Cell) -> float:
        """Returns the std of the point at a cell."""
        return hypot(*cell, self.height)


def spacing_of(area: Area, across: int) -> float:
    """Returns the largest spacing 2^k with at least `across` cells along the shorter side, or a
    larger one where the grid would have more than MOST_CELLS."""
    spacing = 2.0 ** floor(log2(min(area.width, area.height) / across))
    while (area.width / spacing + 2) * (area.height / spacing + 2) > MOST_CELLS:
        spacing *= 2.0
    return spacing


def cells_of(area: Area, spacing: float) -> list[Cell]:
    """Returns the cells whose square reaches into the area, coarse to fine, and from the middle
    outwards."""
    middle = (area.left + area.right) / 2, (area.bottom + area.top) / 2
    columns = _numbers(area.left / spacing, area.right / spacing)
    rows = _numbers(area.bottom / spacing, area.top / spacing)

    def order(place: tuple[int, int]) -> tuple[int, float]:
        i, j = place
        gap = (i * spacing - middle[0]) ** 2 + (j * spacing - middle[1]) ** 2
        return -level_of(i, j), gap

    places = sorted(((i, j) for j in rows for i in columns), key=order)
    return [(i * spacing, j * spacing) for i, j in places]


def fixed_cells(area: Area, across: int) -> tuple[float, list[Cell]]:
    """Returns the spacing and the cells of a grid with exactly `across` cells along the shorter
    side of the area, and as many along the other one as fit best; from the middle outwards.

    Raises InputError for more than MOST_CELLS.
    """
    spacing = min(area.width, area.height) / across
    columns, rows = round(area.width / spacing), round(area.height / spacing)
    if columns * rows > MOST_CELLS:
        raise InputError(
            f"{columns}×{rows} cells are too many; choose fewer across or another area, so that "
            f"there are at most {MOST_CELLS}."
        )
    xs = _places((area.left + area.right) / 2, columns, spacing)
    ys = _places((area.bottom + area.top) / 2, rows, spacing)
    middle = (area.left + area.right) / 2, (area.bottom + area.top) / 2
    cells = [(x, y) for y in ys for x in xs]
    return spacing, sorted(cells, key=lambda cell: hypot(cell[0] - middle[0], cell[1] - middle[1]))


def _places(middle: float, count: int, spacing: float) -> list[float]:
    """Returns places at equal distances on both sides of a middle."""
    return [middle + (number - (count - 1) / 2) * spacing for number in range(count)]


def _numbers(low: float, high: float) -> range:
    """Returns the numbers of the rows or columns that lie between two edges, or reach over one."""
    return range(ceil(low - 0.5), floor(high + 0.5) + 1)


def level_of(i: int, j: int) -> int:
    """Returns how many times coarser a grid with this cell may be, as a power of two, up to
    COARSER."""
    level = 0
    while level < COARSER and i % 2 == 0 and j % 2 == 0:
        i, j, level = i // 2, j // 2, level + 1
    return level


def coarseness(cell: Cell, spacing: float) -> float:
    """Returns the spacing of the coarsest grid with this cell that is filled before the grid of
    `spacing`."""
    return float(spacing * 2 ** level_of(round(cell[0] / spacing), round(cell[1] / spacing)))


def neighbours(cells: set[Cell], spacing: float) -> list[tuple[Cell, Cell]]:
    """Returns the pairs of cells that lie side by side in the grid of `spacing`."""
    pairs = []
    for x, y in sorted(cells):
        for other in ((x + spacing, y), (x, y + spacing)):
            if other in cells:
                pairs.append(((x, y), other))
    return pairs
