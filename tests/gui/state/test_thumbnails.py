"""Pictures in Qt's form: right pixels, no shared memory, bounded number."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QGuiApplication, QImage

from engine import messages as m
from gui.state.thumbnails import CAPACITY, Thumbnails
from gui.widgets.qt_images import copy_to_clipboard, to_pixmap, to_qimage
from tests.support.scripted_state import SIDE, ScriptedState

pytestmark = pytest.mark.usefixtures("qapp")


def test_pixels_keep_their_colours() -> None:
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    image.setflags(write=False)
    picture = to_qimage(image)
    assert (picture.width(), picture.height()) == (7, 5)
    assert picture.format() == QImage.Format.Format_RGB32
    for y, x in ((0, 0), (4, 6), (2, 3)):
        assert QColor(picture.pixel(x, y)).getRgb()[:3] == tuple(image[y, x])


def test_the_picture_outlives_the_array() -> None:
    image = np.full((4, 4, 3), 200, np.uint8)
    picture = to_qimage(image)
    image[:] = 0
    assert QColor(picture.pixel(1, 1)).red() == 200


def test_a_pixmap_is_sharp_on_a_fine_screen() -> None:
    pixmap = to_pixmap(np.zeros((64, 32, 3), np.uint8), 20, 2.0)
    assert (pixmap.width(), pixmap.height()) == (20, 40)
    assert pixmap.deviceIndependentSize().height() == 20


def test_the_clipboard_holds_the_picture() -> None:
    copy_to_clipboard(np.full((3, 3, 3), (10, 20, 30), np.uint8))
    pasted = QGuiApplication.clipboard().image()
    assert QColor(pasted.pixel(1, 1)).getRgb()[:3] == (10, 20, 30)


def test_a_better_picture_replaces_a_preview() -> None:
    scripted = ScriptedState()
    scripted.begin()
    thumbnails = Thumbnails(scripted.state)
    assert thumbnails.get(0, 4, 16) is None
    scripted.frame(4, tier=m.Tier.PREVIEW)
    first = thumbnails.get(0, 4, 16)
    assert thumbnails.has(0, 4, 16)
    scripted.frame(4, tier=m.Tier.PREVIEW)
    assert not thumbnails.has(0, 4, 16)
    scripted.frame(4)
    final = thumbnails.get(0, 4, 16)
    assert first is not None
    assert final is not None
    assert first.toImage() != final.toImage()


def test_previews_are_forgotten_with_their_job_and_finished_frames_are_not() -> None:
    scripted = ScriptedState()
    scripted.begin()
    thumbnails = Thumbnails(scripted.state)
    scripted.frame(3, tier=m.Tier.PREVIEW)
    scripted.frame(4)
    before = thumbnails.get(0, 4, 16)
    thumbnails.get(0, 3, 16)
    scripted.state.edit_walk("Negative prompt", negative="blurry")
    scripted.begin()
    assert thumbnails.get(0, 3, 16) is None
    key = "1-0-4"
    image = scripted.frames.images[key]
    scripted.state.apply(m.FrameReady(scripted.job, 0, 4, 0.2, m.Tier.FINAL, key, image))
    assert thumbnails.has(0, 4, 16)
    assert thumbnails.get(0, 4, 16) is before


def test_their_number_is_bounded() -> None:
    scripted = ScriptedState(frames=CAPACITY + 40)
    scripted.begin()
    thumbnails = Thumbnails(scripted.state)
    for index in range(CAPACITY + 40):
        scripted.frame(index)
        assert thumbnails.get(0, index, SIDE) is not None
    held = sum(thumbnails.has(0, index, SIDE) for index in range(CAPACITY + 40))
    assert held == CAPACITY
    assert not thumbnails.has(0, 0, SIDE)
