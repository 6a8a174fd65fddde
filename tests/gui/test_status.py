"""The line at the bottom: how far the work is, and what it takes of the machine."""

from __future__ import annotations

from dataclasses import replace

import psutil
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from engine import messages as m
from gui import status
from gui.status import StatusBar, memory_text
from gui.theme import DARK
from tests.gui.scripted_engine import INFO
from tests.gui.told import Told


@pytest.fixture
def told(qtbot: QtBot) -> Told:
    told = Told()
    told.begin()
    return told


def _label(bar: StatusBar, name: str) -> QLabel:
    return next(x for x in bar.findChildren(QLabel) if x.accessibleName() == name)


def test_it_says_the_memory_that_is_really_in_use(
    told: Told, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "WATCH_MS", 20)
    bar = StatusBar(told.state, DARK)
    qtbot.addWidget(bar)
    told.state.apply(m.ModelReady(1, INFO))
    label = _label(bar, "Device and precision")
    device, precision, shown = label.text().split(" · ")
    assert (device, precision) == ("cpu", "fp32")
    amount = float(shown.split()[0]) * (1024 if shown.endswith("GB") else 1)
    assert amount == pytest.approx(psutil.Process().memory_info().rss / 2**20, rel=0.2)
    assert "The model's weights alone: 65 MB" in label.toolTip()
    label.setText("")
    qtbot.waitUntil(lambda: label.text() != "")


def test_a_device_with_memory_of_its_own_is_told_by_that(told: Told, qtbot: QtBot) -> None:
    bar = StatusBar(told.state, DARK)
    qtbot.addWidget(bar)
    told.state.apply(m.Progress(1, 3, 61, 9, 30, 14.0, device_memory=3 * 2**30))
    told.state.apply(m.ModelReady(1, replace(INFO, device="cuda:0", precision="float16")))
    label = _label(bar, "Device and precision")
    assert label.text() == "cuda:0 · float16 · 3.0 GB"
    assert "In use by the program: " in label.toolTip()


def test_progress_is_told_by_frame_step_and_time_left(told: Told, qtbot: QtBot) -> None:
    bar = StatusBar(told.state, DARK)
    qtbot.addWidget(bar)
    told.state.apply(m.Progress(1, 24, 61, 9, 30, 14.0))
    assert _label(bar, "Progress").text() == "frame 25/61 · step 9/30 · 0:14 left"


@pytest.mark.parametrize(
    ("amount", "text"), [(812 * 2**20, "812 MB"), (2**30, "1.0 GB"), (5 * 2**29, "2.5 GB")]
)
def test_amounts_of_memory(amount: int, text: str) -> None:
    assert memory_text(amount) == text
