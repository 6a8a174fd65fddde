"""Cells of an atlas: coarse to fine, shared by all zooms, never too many."""

from __future__ import annotations

import pytest

from engine.atlas.files import file_names
from engine.atlas.grid import (
    MOST_CELLS,
    Area,
    cells_of,
    coarseness,
    fixed_cells,
    neighbours,
    spacing_of,
)
from engine.errors import InputError
from gui.atlas.regions import COLOURS, crossings_of, region_colour

SQUARE = Area(-1.2, -1.1, 1.2, 1.1)


@pytest.mark.parametrize("across", [5, 9, 17])
def test_a_grid_has_at_least_as_many_cells_across_as_asked(across: int) -> None:
    spacing = spacing_of(SQUARE, across)
    rows = {y for _, y in cells_of(SQUARE, spacing)}
    assert across <= len(rows) <= 2 * across + 1


def test_cells_of_a_zoomed_grid_contain_the_coarser_ones() -> None:
    coarse, fine = cells_of(SQUARE, 0.25), cells_of(SQUARE, 0.125)
    assert set(coarse) < set(fine)
    assert len(fine) == len(set(fine))


def test_cells_come_coarse_to_fine_and_from_the_middle() -> None:
    cells = cells_of(SQUARE, 0.125)
    sizes = [coarseness(cell, 0.125) for cell in cells]
    assert sizes == sorted(sizes, reverse=True)
    assert (cells[0], sizes[0], sizes[-1]) == ((0.0, 0.0), 1.0, 0.125)


def test_a_huge_area_has_a_coarser_grid_instead_of_too_many_cells() -> None:
    area = Area(-100.0, -1.0, 100.0, 1.0)
    assert len(cells_of(area, spacing_of(area, 33))) <= MOST_CELLS


@pytest.mark.parametrize("across", [2, 3, 8])
def test_a_fixed_grid_has_as_many_cells_as_asked(across: int) -> None:
    area = Area(-1.0, 0.0, 3.0, 2.0)
    spacing, cells = fixed_cells(area, across)
    xs, ys = (sorted({cell[axis] for cell in cells}) for axis in (0, 1))
    assert (len(xs), len(ys), len(cells)) == (2 * across, across, 2 * across**2)
    assert spacing == 2.0 / across
    assert (xs[0], xs[-1]) == pytest.approx((-1.0 + spacing / 2, 3.0 - spacing / 2))
    assert (ys[0], ys[-1]) == pytest.approx((spacing / 2, 2.0 - spacing / 2))
    away = [abs(x - 1.0) ** 2 + abs(y - 1.0) ** 2 for x, y in cells]
    assert away == pytest.approx(sorted(away))


def test_a_fixed_grid_is_refused_if_it_is_too_large() -> None:
    with pytest.raises(InputError, match="2000×20 cells are too many"):
        fixed_cells(Area(-100.0, -1.0, 100.0, 1.0), 20)


def test_neighbours_are_side_by_side() -> None:
    cells = {(0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (1.5, 0.0)}
    assert neighbours(cells, 0.5) == [((0.0, 0.0), (0.5, 0.0)), ((0.0, 0.0), (0.0, 0.5))]


def test_crossings_are_between_the_frames_whose_regions_differ() -> None:
    (first, second) = crossings_of([0, 0, 2, None, 1], (0.0, 0.1, 0.3, 0.4, 1.0))
    assert (first.index, first.gamma, first.before, first.after) == (1, 0.2, 0, 2)
    assert (second.index, second.gamma, second.before, second.after) == (2, 0.65, 2, 1)
    assert crossings_of([None, 1, 1], (0.0, 0.5, 1.0)) == crossings_of([], ()) == ()
    assert region_colour(len(COLOURS)) == region_colour(0) != region_colour(1)


@pytest.mark.parametrize("spacing", [0.25, 2.0**-12, 1e-7])
def test_pictures_of_different_cells_have_different_names(spacing: float) -> None:
    cells = [(1.0 + x * spacing, -y * spacing) for x in range(8) for y in range(8)]
    assert len(set(file_names(cells).values())) == len(cells)
    assert file_names([(0.25, -1.0)]) == {(0.25, -1.0): "x+0.250 y-1.000.png"}
