"""The line at the bottom: how far the work is, and what it takes of the machine."""

from __future__ import annotations

from dataclasses import replace

import psutil
import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from engine import messages as m
from gui.shell import status
from gui.shell.status import StatusBar, memory_text
from gui.widgets.theme import DARK
from tests.support.scripted_engine import INFO
from tests.support.scripted_state import ScriptedState


@pytest.fixture
def scripted(qtbot: QtBot) -> ScriptedState:
    scripted = ScriptedState()
    scripted.begin()
    return scripted


def _label(bar: StatusBar, name: str) -> QLabel:
    return next(x for x in bar.findChildren(QLabel) if x.accessibleName() == name)


def test_it_says_the_memory_that_is_really_in_use(
    scripted: ScriptedState, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "WATCH_MS", 20)
    bar = StatusBar(scripted.state, DARK)
    qtbot.addWidget(bar)
    scripted.state.apply(m.ModelReady(1, INFO))
    label = _label(bar, "Device and precision")
    device, precision, shown = label.text().split(" · ")
    assert (device, precision) == ("cpu", "fp32")
    amount = float(shown.split()[0]) * (1024 if shown.endswith("GB") else 1)
    assert amount == pytest.approx(psutil.Process().memory_info().rss / 2**20, rel=0.2)
    assert "The model's weights alone: 65 MB" in label.toolTip()
    label.setText("")
    qtbot.waitUntil(lambda: label.text() != "")


def test_a_device_with_memory_of_its_own_is_told_by_that(
    scripted: ScriptedState, qtbot: QtBot
) -> None:
    bar = StatusBar(scripted.state, DARK)
    qtbot.addWidget(bar)
    scripted.state.apply(m.Progress(1, 3, 61, 9, 30, 14.0, device_memory=3 * 2**30))
    scripted.state.apply(m.ModelReady(1, replace(INFO, device="cuda:0", precision="float16")))
    label = _label(bar, "Device and precision")
    assert label.text() == "cuda:0 · float16 · 3.0 GB"
    assert "In use by the program: " in label.toolTip()


def test_a_measured_precision_is_explained_and_can_be_left(
    scripted: ScriptedState, qtbot: QtBot
) -> None:
    bar = StatusBar(scripted.state, DARK)
    qtbot.addWidget(bar)
    bar.show()
    button = next(b for b in bar.findChildren(QPushButton) if b.text() == "Render in fp32")
    scripted.state.apply(m.ModelReady(1, INFO))
    assert button.isHidden()
    note = "bfloat16 is 3.1× as fast as float32 here."
    scripted.state.apply(m.ModelReady(1, replace(INFO, precision="bfloat16", precision_note=note)))
    assert not button.isHidden()
    assert "3.1×" in button.toolTip()
    with qtbot.waitSignal(bar.fp32_wanted):
        button.click()


def test_progress_is_told_by_frame_step_and_time_left(
    scripted: ScriptedState, qtbot: QtBot
) -> None:
    bar = StatusBar(scripted.state, DARK)
    qtbot.addWidget(bar)
    scripted.state.apply(m.Progress(1, 24, 61, 9, 30, 14.0))
    assert _label(bar, "Progress").text() == "frame 25 of 61 · step 9 of 30 · 0:14 left"


@pytest.mark.parametrize(
    ("amount", "text"), [(812 * 2**20, "812 MB"), (2**30, "1.0 GB"), (5 * 2**29, "2.5 GB")]
)
def test_amounts_of_memory(amount: int, text: str) -> None:
    assert memory_text(amount) == text
