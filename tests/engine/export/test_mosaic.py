"""Pages of several pictures: in reading order, on a page that keeps its size."""

from __future__ import annotations

import numpy as np

from engine.export.mosaic import MAX_HEIGHT, MAX_WIDTH, Mosaic, Tile
from engine.messages import Image
from engine.pictures.title_strip import PAPER


def plain(value: int, height: int = 48, width: int = 64) -> Image:
    return np.full((height, width, 3), value, np.uint8)


def test_a_picture_alone_stays_as_it_is() -> None:
    image = plain(7)
    assert np.array_equal(Mosaic(64, 48).compose([Tile(image)], 1), image)


def test_pictures_stand_in_reading_order_below_their_titles() -> None:
    tiles = [Tile(plain(10 * k), f"t{k}") for k in range(4)]
    page = Mosaic(64, 48).compose(tiles, 2)
    assert page.shape == (2 * (16 + 48) + 2, 2 * 64 + 2, 3)
    corners = (page[16:64, :64], page[16:64, 66:], page[-48:, :64], page[-48:, 66:])
    assert [int(corner.max()) for corner in corners] == [0, 10, 20, 30]
    assert page[:16, :64].min() < 128, "no title is drawn"


def test_a_row_that_is_not_full_stands_in_the_middle() -> None:
    page = Mosaic(64, 48).compose([Tile(plain(0))] * 3, 2)
    below = page[-48:]
    assert (below[:, :33] == PAPER).all()
    assert (below[:, 33:97] == 0).all()
    assert (below[:, 97:] == PAPER).all()


def test_what_is_not_there_yet_is_paper() -> None:
    page = Mosaic(64, 48).compose([Tile(plain(0)), Tile(None)], 2)
    assert (page[:, 66:] == PAPER).all()


def test_small_crisp_pictures_are_enlarged_by_squares_and_keep_their_colours() -> None:
    small = np.zeros((2, 2, 3), np.uint8)
    small[0, 0] = 200
    page = Mosaic(64, 48).compose([Tile(small, crisp=True)], 1)
    assert page.shape == (48, 64, 3)
    assert (page[:24, :32] == 200).all()
    assert set(np.unique(page)) == {0, 200}


def test_later_pages_fit_the_first() -> None:
    mosaic = Mosaic(64, 48)
    mosaic.compose([Tile(plain(0))], 1)
    page = mosaic.compose([Tile(plain(50)), Tile(plain(100))], 2)
    assert page.shape == (48, 64, 3)
    middle = page[24]
    assert abs(int(middle[16, 0]) - 50) < 3
    assert abs(int(middle[48, 0]) - 100) < 3
    assert (page[0] == PAPER).all()


def test_a_page_is_no_larger_than_encoders_take() -> None:
    page = Mosaic(512, 512).compose([Tile(plain(1), "a")] * 36, 12)
    assert page.shape[0] <= MAX_HEIGHT
    assert page.shape[1] <= MAX_WIDTH
    assert page.shape[1] > MAX_WIDTH * 0.9


def test_what_did_not_change_is_not_composed_again() -> None:
    mosaic, image = Mosaic(64, 48), plain(3)
    first = mosaic.compose([Tile(image)], 1)
    assert mosaic.compose([Tile(image)], 1) is first
    assert mosaic.compose([Tile(plain(3))], 1) is not first
