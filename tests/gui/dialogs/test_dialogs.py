"""The dialogs beside the window: shortcuts, about, log, models, hints, experiments."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.walk import Exploration, NoiseSource
from gui.dialogs.about_dialog import AboutDialog, versions
from gui.dialogs.log_view import LogView, tail
from gui.dialogs.shortcuts_dialog import ShortcutsDialog
from gui.files.settings import Preferences, Settings
from gui.shell.actions import TABLE, Entry
from gui.shell.appearance import Appearance
from gui.shell.hints import HINTS, HintBar
from gui.state.explorer_state import ExplorerState
from gui.widgets.background_work import Background
from gui.widgets.theme import DARK, LIGHT
from tests.support.scripted_engine import MemoryFrames


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


def test_shortcuts_are_searched_by_name_and_by_key(qtbot: QtBot) -> None:
    dialog = ShortcutsDialog()
    qtbot.addWidget(dialog)
    assert len(dialog.shown()) > 40
    QTest.keyClicks(dialog.search, "keyframe")
    assert "Keyframe before" in dialog.shown()
    assert "Undo" not in dialog.shown()
    dialog.search.setText("F11")
    assert dialog.shown() == ["Full screen"]
    dialog.search.setText("no such thing")
    assert dialog.shown() == []


def test_no_two_actions_have_one_key() -> None:
    keys = [key for entry in TABLE for key in entry.keys]
    assert len(keys) == len(set(keys))


def test_every_action_has_a_name_of_its_own() -> None:
    names = [entry.name for entry in TABLE if entry.name]
    assert len(names) == len(set(names))
    assert all(isinstance(entry, Entry) for entry in TABLE)


def test_about_copies_its_versions(qtbot: QtBot) -> None:
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    dialog.copy_versions()
    copied = QGuiApplication.clipboard().text()
    assert f"Qt {versions()['Qt']}" in copied
    assert "torch" in copied


def test_the_log_is_read_from_its_end(tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "log.txt"
    assert tail(path) == ""
    path.write_text("".join(f"line {n}\n" for n in range(1000)), encoding="utf-8")
    assert tail(path, 30).splitlines()[-1] == "line 999"
    assert tail(path, 30).splitlines()[0] in {f"line {n}" for n in range(1000)}
    view = LogView(path)
    qtbot.addWidget(view)
    assert "line 999" in view.text.toPlainText()


@pytest.fixture
def state(qapp: QApplication) -> ExplorerState:
    return ExplorerState(MemoryFrames(), Exploration())


def test_hints_go_away_when_their_thing_is_done(
    state: ExplorerState, settings: Settings, qtbot: QtBot
) -> None:
    bar = HintBar(state, settings, DARK)
    qtbot.addWidget(bar)
    assert bar.hint == HINTS[0]
    state.seek(3)
    assert bar.hint == HINTS[1]
    state.cancel()
    assert bar.hint == HINTS[1]
    state.apply(m.ProbeReady(1, 0.2, 0.3, m.Tier.FINAL, 0.36, -9.0, np.zeros((8, 8, 3), np.uint8)))
    assert bar.hint == HINTS[2]
    walk = state.exploration.walk
    keyframe = replace(walk.keyframes[0], noise=NoiseSource(9, 9))
    state.edit_walk("Seed", keyframes=(keyframe, walk.keyframes[1]))
    assert settings.knows("noise")
    next(b for b in bar.findChildren(QAbstractButton) if b.text() == "Got it").click()
    assert bar.hint is None


def test_hints_can_be_switched_off(state: ExplorerState, settings: Settings, qtbot: QtBot) -> None:
    bar = HintBar(state, settings, DARK)
    qtbot.addWidget(bar)
    settings.set_preferences(Preferences(hints=False))
    state.frame_changed.emit(0, 0)
    assert not bar.isVisibleTo(None)


def test_the_theme_follows_the_wish(qapp: QApplication) -> None:
    appearance = Appearance(qapp, "dark")
    seen: list[object] = []
    appearance.changed.connect(seen.append)
    assert appearance.theme is DARK
    appearance.set_wish("light")
    assert seen == [LIGHT]
    appearance.set_wish("light")
    assert seen == [LIGHT]
    appearance.deleteLater()


def test_background_work_reports_errors_as_results(qtbot: QtBot) -> None:
    background = Background()
    results: list[object] = []

    def fail() -> None:
        raise OSError("gone")

    background.run(lambda: 7, results.append)
    background.run(fail, results.append)
    background.run(lambda: 1 // 0, results.append)
    qtbot.waitUntil(lambda: len(results) == 3)
    assert results[0] == 7
    assert [type(result) for result in results[1:]] == [OSError, ZeroDivisionError]
    background.close()
    background.run(lambda: 8, results.append)
    background.close()
    QCoreApplication.processEvents()
    assert len(results) == 3


def test_background_work_that_hangs_is_not_waited_for(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.widgets.background_work.CLOSE_MS", 30)
    background, gate = Background(), threading.Event()
    background.run(lambda: gate.wait(60), lambda _: None)
    background.close()
    assert not background.idle
    gate.set()
    background.close()
    assert background.idle
