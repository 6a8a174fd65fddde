"""Differences instead of pictures: which are shown, how they are named, in every format."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from engine.errors import InputError
from engine.export.contract import Plan
from engine.export.differences import with_differences
from engine.export.open_export import check_export, open_export
from engine.messages import Image
from engine.pictures.colour_bar import colour_bar
from engine.pictures.heat_map import difference, heat_map, heat_table
from engine.pictures.title_strip import caption_height
from engine.walk import Exploration, MethodChoice, Walk, lanes_of

NAMES = ("linear", "normalized", "slerp")
EXPLORATION = Exploration(compare=tuple(MethodChoice(name) for name in NAMES))


def _plan(exploration: Exploration, method: str) -> Plan:
    titles = tuple(lane.title for lane in lanes_of(exploration))
    return with_differences(Plan(titles=titles, indices=(0,)), exploration, method)


def _picture(level: int) -> Image:
    return np.full((16, 16, 3), level, np.uint8)


def test_all_others_are_taken_from_the_one_that_is_named() -> None:
    plan = _plan(EXPLORATION, "normalized")
    assert plan.against == (1, 1, 1)
    assert plan.titles == ("linear - normalized", "normalized", "slerp - normalized")


def test_each_row_is_compared_within_itself() -> None:
    plan = _plan(replace(EXPLORATION, rows=(Walk(),)), "linear")
    assert plan.against == (0, 0, 0, 3, 3, 3)
    assert plan.titles[4] == "2 · normalized - 2 · linear"


def test_heat_maps_take_the_place_of_pictures(tmp_path: Path) -> None:
    plan = _plan(EXPLORATION, "linear")
    check_export(tmp_path / "maps", plan, 16, 16)
    with open_export(tmp_path / "maps", plan) as add:
        add(0, [_picture(10), _picture(14), _picture(200)])
    written = [
        np.asarray(Pillow.open(tmp_path / "maps" / folder / "00000.png"))
        for folder in ("1 linear", "2 normalized - linear", "3 slerp - linear")
    ]
    expected = heat_map(difference(_picture(10), _picture(14)), heat_table())
    assert np.array_equal(written[0], _picture(10))
    assert np.array_equal(written[1], expected)
    assert written[2].mean() > written[1].mean(), "the larger difference is the lighter one"


@pytest.mark.parametrize("suffix", [".mp4", ".png"])
def test_films_and_sheets_show_them_too(tmp_path: Path, suffix: str) -> None:
    files = [tmp_path / f"plain{suffix}", tmp_path / f"maps{suffix}"]
    plan = _plan(EXPLORATION, "slerp")
    for file, used in zip(files, (replace(plan, against=()), plan), strict=True):
        with open_export(file, used) as add:
            add(0, [_picture(10), _picture(120), _picture(90)])
    assert files[0].read_bytes() != files[1].read_bytes()


@pytest.mark.parametrize(
    ("exploration", "method"), [(EXPLORATION, "wipe"), (Exploration(), "slerp")]
)
def test_a_difference_needs_methods_that_are_compared(
    exploration: Exploration, method: str
) -> None:
    with pytest.raises(InputError, match="no difference from"):
        _plan(exploration, method)


@pytest.mark.parametrize(("scale", "side"), [(1, 64), (2, 128)])
def test_heat_maps_of_a_sheet_have_their_scale_below_them(
    tmp_path: Path, scale: int, side: int
) -> None:
    plan = replace(_plan(EXPLORATION, "slerp"), parameters={"scale": scale})
    pictures = [np.full((64, 64, 3), level, np.uint8) for level in (10, 60, 200)]
    with open_export(tmp_path / "sheet.png", plan) as add:
        add(0, pictures)
    page = np.asarray(Pillow.open(tmp_path / "sheet.png"))
    head, bar = caption_height(side), caption_height(side) * 3 // 2
    row = head + side + bar + max(2, side // 64)
    for lane in range(3):
        foot = page[lane * row + head + side : lane * row + head + side + bar]
        if lane == 2:
            assert (foot == 255).all(), "a picture has no scale"
        else:
            assert np.array_equal(foot, colour_bar(side, bar))


def test_the_scale_has_the_colours_of_the_differences_it_names() -> None:
    bar, table = colour_bar(201, 24), heat_table()
    for place, percent in ((0, 0.0), (100, 9.41), (200, 37.65)):
        gap = np.full((1, 1), percent * 2.55, np.float32)
        assert np.abs(bar[2, place].astype(int) - heat_map(gap, table)[0, 0]).max() <= 3
