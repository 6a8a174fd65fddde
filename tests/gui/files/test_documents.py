"""Sessions as files: saved, opened, dropped, recovered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from engine.documents.session_file import load_session, save_session
from engine.export.contract import Plan
from engine.export.metadata import Provenance
from engine.export.open_export import open_export
from engine.export.recall import recall
from engine.walk import Exploration, NoiseSource
from gui.files.drops import Drops
from tests.support.file_desk import OTHER, FileDesk, answer_box
from tests.support.scripted_state import request_for


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """An exported picture: frame 4 of OTHER."""
    plan = Plan(indices=(4,), describe=Provenance(OTHER).picture_text)
    with open_export(tmp_path / "frames", plan) as add:
        add(4, [np.zeros((8, 8, 3), np.uint8)])
    return tmp_path / "frames" / "00004.png"


def test_saved_and_opened_again(desk: FileDesk, tmp_path: Path) -> None:
    path = tmp_path / "my walk.trail"
    save_session(path, OTHER)
    desk.open(path)
    assert desk.state.exploration == OTHER
    desk.state.edit_walk("Frames", frames=9)
    assert not desk.state.history.is_saved
    assert desk.documents.save()
    assert desk.state.history.is_saved
    assert load_session(path).walk.frames == 9
    assert desk.settings.recent("sessions") == [str(path)]


@pytest.mark.parametrize("name", ["walk", "walk v1.2", "walk.trail"])
def test_a_session_has_its_suffix_whatever_is_written(
    desk: FileDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / name), ""))
    assert desk.documents.ask_save()
    assert desk.documents.path == tmp_path / f"{name.removesuffix('.trail')}.trail"
    assert load_session(desk.documents.path) == Exploration()


def test_a_session_is_not_replaced_unasked(
    desk: FileDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_session(tmp_path / "walk.trail", OTHER)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "walk"), ""))
    answer_box("Cancel")
    assert not desk.documents.ask_save()
    assert load_session(path) == OTHER
    answer_box("Replace")
    assert desk.documents.ask_save()
    assert load_session(path) == Exploration()


def test_a_picture_of_a_longer_walk_is_gone_to(desk: FileDesk, picture: Path) -> None:
    state = desk.state
    state.generate_requested.connect(lambda: state.begin_job(request_for(state.exploration)))
    state.edit_walk("Frames", frames=2)
    state.generate()
    desk.open(picture)
    assert state.playhead == 4


def test_a_walk_that_no_file_has_is_handed_on_when_another_takes_its_place(
    desk: FileDesk, tmp_path: Path, qtbot: QtBot
) -> None:
    path = save_session(tmp_path / "other.trail", OTHER)
    desk.open(path)
    desk.state.edit_walk("Frames", frames=33)
    with qtbot.waitSignal(desk.documents.displaced) as displaced:
        desk.documents.new()
    assert displaced.args[0].walk.frames == 33
    with qtbot.assertNotEmitted(desk.documents.displaced):
        desk.documents.restore(displaced.args[0])
    assert not desk.state.history.is_saved


def test_what_is_no_session_is_said_and_nothing_changes(desk: FileDesk, tmp_path: Path) -> None:
    path = tmp_path / "notes.trail"
    path.write_text("hello")
    before = desk.state.exploration
    desk.open(path)
    assert desk.state.exploration is before
    assert len(desk.said) == 1
    assert "notes.trail" in desk.said[0]


def test_a_picture_recalls_everything(desk: FileDesk, picture: Path) -> None:
    desk.open(picture)
    assert desk.state.exploration == OTHER
    assert desk.state.playhead == 4
    assert desk.documents.path is None


def test_a_picture_gives_its_noise_to_the_nearest_keyframe(desk: FileDesk, picture: Path) -> None:
    desk.state.seek(55)
    desk.documents.take_noise(recall(picture))
    keyframes = desk.state.exploration.walk.keyframes
    assert [k.noise for k in keyframes] == [NoiseSource(1, 0), NoiseSource(2**64 - 1, 1)]
    desk.state.history.undo()
    assert desk.state.exploration == Exploration()


def test_a_picture_gives_its_prompt(desk: FileDesk, picture: Path) -> None:
    desk.documents.take_prompt(recall(picture))
    assert {k.prompt for k in desk.state.exploration.walk.keyframes} == {"an owl"}


def test_new_keeps_the_model(desk: FileDesk) -> None:
    desk.state.edit(replace(OTHER, model="/models/x"), "Model")
    desk.documents.new()
    assert desk.state.exploration == Exploration(model="/models/x")
    assert desk.state.history.is_saved


def test_recent_sessions_are_listed_and_open(desk: FileDesk, tmp_path: Path) -> None:
    path = tmp_path / "one.trail"
    save_session(path, OTHER)
    desk.open(path)
    desk.documents.new()
    menu = QMenu(desk.window)
    desk.documents.fill_recent(menu)
    menu.actions()[0].trigger()
    desk.wait()
    assert desk.state.exploration == OTHER


def drop(drops: Drops, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPointF(4, 4), Qt.DropAction.CopyAction, data, left, none)
    # Qt hands a drop to the widget that a drag has entered, and there is no drag in a test.
    drops.eventFilter(drops.parent(), event)


def test_dropped_files(desk: FileDesk, picture: Path, tmp_path: Path) -> None:
    models: list[str] = []
    desk.documents.model_found.connect(models.append)
    drops = Drops(desk.window, desk.documents)
    session = tmp_path / "s.trail"
    save_session(session, OTHER)
    drop(drops, session)
    desk.wait()
    assert desk.state.exploration == OTHER
    weights = tmp_path / "model.safetensors"
    weights.touch()
    drop(drops, weights)
    desk.wait()
    assert models == [str(weights)]
    desk.documents.new()
    drop(drops, picture)
    desk.wait()
    menu = desk.window.findChild(QMenu)
    assert isinstance(menu, QMenu)
    assert [a.text() for a in menu.actions()] == [
        "Open its session",
        "Use only its noise",
        "Use only its prompt",
    ]
    menu.actions()[0].trigger()
    desk.wait()
    assert desk.state.exploration == OTHER
