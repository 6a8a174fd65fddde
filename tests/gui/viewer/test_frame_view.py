"""The viewer: which picture is shown, what is said of it, and where its pixels land."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.pictures.heat_map import difference, heat_map, heat_table
from engine.pictures.latent_view import channel_maps
from engine.store.stored_frame import StoredFrame
from engine.view import ViewMode
from gui.state.viewing import show_next_lane
from gui.viewer.frame_view import SHEET_FRAMES, FrameView
from gui.widgets.theme import DARK, LIGHT
from tests.support.scripted_engine import INFO
from tests.support.scripted_state import SIDE, ScriptedState, request_for, scripted

THREE = ("linear", "normalized", "slerp")


def shown(scripted: ScriptedState, qtbot: QtBot, width: int = 200, height: int = 200) -> FrameView:
    view = FrameView(scripted.state, DARK)
    qtbot.addWidget(view)
    view.resize(width, height)
    view.show()
    return view


def painted(view: FrameView) -> QImage:
    return view.grab().toImage()


def colour(picture: QImage, x: int, y: int) -> tuple[int, ...]:
    red, green, blue, _ = QColor(picture.pixel(x, y)).getRgb()
    return red, green, blue


def test_the_exact_frame_has_no_note(qtbot: QtBot) -> None:
    told_ = scripted()
    view = shown(told_, qtbot)
    told_.state.seek(7)
    (pane,) = view.panes()
    assert pane.image is told_.frames.images["1-0-7"]
    assert (pane.note, pane.title) == ("", "")


def test_the_nearest_frame_stands_in(qtbot: QtBot) -> None:
    told_ = ScriptedState()
    told_.begin()
    view = shown(told_, qtbot)
    near = told_.frame(5)
    told_.frame(20)
    told_.state.seek(8)
    assert view.panes()[0].image is near
    assert "frame 6" in view.panes()[0].note
    told_.frame(8, tier=m.Tier.PREVIEW)
    assert view.panes()[0].note == "preview"
    told_.frame(8)
    assert view.panes()[0].note == ""


def test_a_failed_frame_says_so(qtbot: QtBot) -> None:
    told_ = ScriptedState()
    told_.begin()
    view = shown(told_, qtbot)
    told_.frame(5)
    told_.state.apply(m.FrameFailed(told_.job, 0, 6, "A number went bad."))
    told_.state.seek(6)
    assert view.panes()[0].warn
    assert "frame 7 failed" in view.panes()[0].note


def test_the_last_picture_stays_until_a_new_job_has_one(qtbot: QtBot) -> None:
    told_ = scripted()
    view = shown(told_, qtbot)
    before = view.panes()[0].image
    told_.state.edit_walk("Negative prompt", negative="blurry")
    told_.begin()
    assert view.panes()[0].image is before
    assert view.panes()[0].note == "previous picture"
    after = told_.frame(0)
    assert view.panes()[0].image is after


def test_a_probe_is_shown_until_the_playhead_moves(qtbot: QtBot) -> None:
    told_ = scripted()
    view = shown(told_, qtbot)
    image = told_.probe(0.5, 0.2)
    assert view.panes()[0].image is image
    assert view.panes()[0].note.startswith("std 0.539 · 21 σ inside the shell")
    told_.state.seek(3)
    assert view.panes()[0].image is told_.frames.images["1-0-3"]


def test_compared_lanes_share_the_playhead(qtbot: QtBot) -> None:
    told_ = scripted(methods=THREE)
    view = shown(told_, qtbot, 600, 240)
    told_.state.set_view(mode=ViewMode.COMPARE)
    told_.state.seek(9)
    assert [pane.title for pane in view.panes()] == list(THREE)
    assert [pane.current for pane in view.panes()] == [True, False, False]
    show_next_lane(told_.state)
    assert [pane.current for pane in view.panes()] == [False, True, False]
    assert [pane.image is told_.frames.images[f"1-{k}-9"] for k, pane in enumerate(view.panes())]


def test_differences_are_taken_from_the_lane_in_focus(qtbot: QtBot) -> None:
    told_ = scripted(methods=THREE)
    view = shown(told_, qtbot, 600, 240)
    told_.state.set_view(mode=ViewMode.DIFFERENCE)
    told_.state.set_view(lane=2)
    first, *others = view.panes()
    assert first.image is told_.frames.images["1-2-0"]
    assert [pane.title for pane in others] == ["linear − slerp", "normalized − slerp"]
    images = [told_.frames.images[f"1-{lane}-0"] for lane in range(3)]
    expected = heat_map(difference(images[2], images[0]), heat_table())
    assert others[0].image is not None
    assert np.array_equal(others[0].image, expected)
    assert view.panes()[1].image is others[0].image


def test_a_short_walk_is_shown_as_a_sheet(qtbot: QtBot) -> None:
    told_ = scripted(frames=5, methods=("linear", "slerp"))
    view = shown(told_, qtbot, 600, 300)
    told_.state.set_view(mode=ViewMode.SHEET)
    assert len(view.panes()) == 10
    assert [k for k, pane in enumerate(view.panes()) if pane.heads_row] == [0, 5]
    view.grab()
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(430, 220))
    assert (told_.state.playhead, told_.state.lane) == (3, 1)
    assert [k for k, pane in enumerate(view.panes()) if pane.current] == [3, 8]


def test_latents_are_shown_by_channel_with_the_seam(qtbot: QtBot) -> None:
    told_ = scripted(methods=("wipe",))
    view = shown(told_, qtbot, 600, 300)
    told_.state.set_view(mode=ViewMode.LATENT)
    assert view.panes() == []
    rng = np.random.default_rng(0)
    latents = [rng.standard_normal((4, 8, 8)).astype(np.float32) for _ in range(2)]
    image = told_.frames.images["1-0-5"]
    told_.frames.frames["1-0-5"] = StoredFrame(image, *latents)
    told_.state.seek(5)
    panes = view.panes()
    assert [pane.image.shape for pane in panes if pane.image is not None] == [(8, 8, 3)] * 10
    assert {pane.seam for pane in panes} == {0.25}
    grey = channel_maps(latents[1])[2]
    assert panes[3].image is not None
    assert np.array_equal(panes[3].image[..., 1], grey)
    assert painted(view).width() == 600


def test_latents_of_another_frame_say_whose_they_are_and_have_its_seam(qtbot: QtBot) -> None:
    told_ = ScriptedState(methods=("wipe",))
    told_.begin()
    view = shown(told_, qtbot, 600, 300)
    image, latent = told_.frame(5), np.zeros((4, 8, 8), np.float32)
    told_.frames.frames["1-0-5"] = StoredFrame(image, latent, latent)
    told_.state.set_view(mode=ViewMode.LATENT)
    told_.state.seek(5)
    assert {pane.note for pane in view.panes()} == {""}
    told_.state.seek(15)
    first, *others = view.panes()
    assert first.note == "nearest: frame 6"
    assert {pane.note for pane in others} == {""}
    assert {pane.seam for pane in (first, *others)} == {0.25}


def test_the_seam_is_between_the_patches_of_the_model(qtbot: QtBot) -> None:
    told_ = scripted(methods=("wipe",))
    told_.state.apply(m.ModelReady(told_.job, replace(INFO, multiple=SIDE // 4)))
    view = shown(told_, qtbot, 600, 300)
    told_.state.set_view(mode=ViewMode.LATENT)
    latent, image = np.zeros((4, 8, 8), np.float32), told_.frames.images["1-0-7"]
    told_.frames.frames["1-0-7"] = StoredFrame(image, latent, latent)
    told_.state.seek(7)
    assert {pane.seam for pane in view.panes()} == {0.25}


def test_a_long_walk_is_compared_in_the_place_of_a_sheet(qtbot: QtBot) -> None:
    told_ = scripted(frames=SHEET_FRAMES + 1, methods=THREE)
    view = shown(told_, qtbot)
    told_.state.set_view(mode=ViewMode.SHEET)
    assert len(view.panes()) == 3


def test_the_next_picture_does_not_cover_a_long_note(qtbot: QtBot) -> None:
    told_ = scripted(frames=SHEET_FRAMES + 1, methods=THREE)
    view = shown(told_, qtbot, 480, 200)
    without = painted(view)
    told_.state.set_view(mode=ViewMode.SHEET)
    assert view.panes()[0].note
    cell = QRect(170, 0, 140, 200)  # of the second picture
    assert painted(view).copy(cell) != without.copy(cell)


def test_the_picture_is_as_large_as_fits(qtbot: QtBot) -> None:
    told_ = ScriptedState()
    told_.begin()
    image = np.full((SIDE, 2 * SIDE, 3), (200, 40, 90), np.uint8)
    told_.state.apply(m.FrameReady(told_.job, 0, 0, 0.0, m.Tier.PREVIEW, "", image))
    view = shown(told_, qtbot, 200, 200)
    picture = painted(view)
    assert colour(picture, 1, 100) == colour(picture, 198, 52) == (200, 40, 90)
    assert colour(picture, 100, 45) == colour(picture, 100, 155) == (16, 18, 22)
    view.set_theme(LIGHT)
    assert colour(painted(view), 100, 45) == (0xE9, 0xEB, 0xEF)


def test_crisp_pixels_are_whole_squares(qtbot: QtBot) -> None:
    told_ = ScriptedState()
    told_.begin()
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    image[::2] = 255
    told_.frames.images["stripes"] = image
    told_.state.apply(m.FrameReady(told_.job, 0, 0, 0.0, m.Tier.FINAL, "stripes", image))
    view = shown(told_, qtbot, 200, 200)
    assert len({colour(painted(view), 100, y) for y in range(20, 180)}) > 2
    told_.state.set_view(crisp=True)
    picture = painted(view)
    rows = [colour(picture, 100, y)[0] for y in range(4, 4 + 6 * SIDE)]
    assert rows == [255 * (1 - y // 6 % 2) for y in range(6 * SIDE)]


@pytest.mark.parametrize(
    ("mode", "frames"),
    [
        (ViewMode.SINGLE, 5),
        (ViewMode.COMPARE, 5),
        (ViewMode.DIFFERENCE, 5),
        (ViewMode.SHEET, 5),
        (ViewMode.SHEET, SHEET_FRAMES + 5),
    ],
)
def test_the_picture_in_focus_is_copied(qtbot: QtBot, mode: ViewMode, frames: int) -> None:
    told_ = scripted(frames, methods=THREE)
    view = shown(told_, qtbot, 600, 240)
    told_.state.set_view(mode=mode)
    told_.state.set_view(lane=1)
    told_.state.seek(3)
    view.copy()
    pasted = QGuiApplication.clipboard().image()
    expected = told_.frames.images["1-1-3"]
    assert colour(pasted, 10, 20) == tuple(expected[20, 10])


def test_a_heat_map_shows_its_scale_in_its_corner(qtbot: QtBot) -> None:
    told_ = scripted(methods=("linear", "slerp"))
    view = shown(told_, qtbot, 600, 320)
    told_.state.set_view(mode=ViewMode.DIFFERENCE)
    picture = painted(view)
    reference, heat = view.panes()
    assert (reference.colour_bar, heat.colour_bar) == (False, True)
    paper = {
        half: sum(
            colour(picture, x, y) == (255, 255, 255)
            for x in range(half * 300, half * 300 + 300)
            for y in range(view.height() // 2)
        )
        for half in (0, 1)
    }
    assert paper[1] > 500
    assert paper[0] < 50
    assert heat.frame is None


def test_the_middle_button_enlarges_the_same_spot_in_every_pane(qtbot: QtBot) -> None:
    told_ = scripted(methods=("linear", "slerp"))
    view = shown(told_, qtbot, 640, 340)
    told_.state.set_view(mode=ViewMode.COMPARE)
    plain = painted(view)
    spot = QPoint(170, 170)
    qtbot.mousePress(view, Qt.MouseButton.MiddleButton, pos=spot)
    enlarged = painted(view)
    changed = [
        {
            (x, y)
            for x in range(half * 320, half * 320 + 320)
            for y in range(view.height())
            if colour(plain, x, y) != colour(enlarged, x, y)
        }
        for half in (0, 1)
    ]
    centres = [[sum(axis) / len(axis) for axis in zip(*spots, strict=True)] for spots in changed]
    assert abs(centres[0][0] - spot.x()) < 12
    assert abs(centres[0][1] - spot.y()) < 12
    assert centres[1][1] == pytest.approx(centres[0][1], abs=12), "the same height"
    assert centres[1][0] - centres[0][0] == pytest.approx(314, abs=16), "one pane further"
    for step in (-48, -24, 24, 48):
        near = colour(enlarged, spot.x() + step, spot.y())
        assert near == pytest.approx(colour(plain, spot.x() + step // 4, spot.y()), abs=24)
    qtbot.mouseRelease(view, Qt.MouseButton.MiddleButton, pos=spot)
    assert painted(view) == plain


def test_the_menu_offers_modes_and_lanes(qtbot: QtBot) -> None:
    told_ = scripted(methods=THREE)
    view = shown(told_, qtbot)
    view.customContextMenuRequested.emit(QPoint(10, 10))
    menu = view.findChild(QMenu)
    assert menu is not None
    actions = {action.text(): action for action in menu.actions()}
    actions["Difference"].trigger()
    assert told_.state.exploration.mode is ViewMode.DIFFERENCE
    actions["Crisp pixels"].trigger()
    assert told_.state.view.crisp
    menu.close()


def test_without_any_picture_it_says_what_to_do(qtbot: QtBot) -> None:
    told_ = ScriptedState()
    view = shown(told_, qtbot, 500, 200)
    before = painted(view)
    told_.state.begin_job(request_for(told_.state.exploration))
    view.update()
    assert painted(view) != before
    assert view.panes()[0].image is None


def test_frames_of_different_sizes_have_no_difference() -> None:
    with pytest.raises(ValueError, match="different sizes"):
        difference(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8))


def test_heat_grows_with_the_difference() -> None:
    table = heat_table()
    colours = heat_map(np.array([[0.0, 4.0, 20.0, 96.0, 300.0]], np.float32), table)
    lightness = colours[0].astype(int) @ (299, 587, 114)
    assert list(lightness) == sorted(lightness)
    assert (colours[0, 0] == table[0]).all()
    assert (colours[0, 3] == table[255]).all()
    assert (colours[0, 4] == table[255]).all()
