"""Sessions as files: saved, opened, dropped, recovered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from engine.documents.session_file import load_session, save_session
from engine.export.contract import Plan
from engine.export.metadata import Provenance
from engine.export.open_export import open_export
from engine.walk import Exploration, Keyframe, NoiseSource, Walk
from gui.files.documents import Documents
from gui.files.drops import Drops
from gui.files.recovery import Recovery
from gui.files.settings import Settings
from gui.state.explorer_state import ExplorerState
from tests.support.scripted_engine import MemoryFrames
from tests.support.scripted_state import request_for

OTHER = Exploration(
    walk=Walk(
        (Keyframe("a fox", NoiseSource(5, 2)), Keyframe("an owl", NoiseSource(2**64 - 1, 1))),
        frames=5,
    )
)


class Desk:
    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        self.state = ExplorerState(MemoryFrames(), Exploration())
        self.settings = Settings(folder / "settings.ini")
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.documents = Documents(self.state, self.settings, self.window)
        self.said: list[str] = []
        self.state.message_posted.connect(lambda text, _: self.said.append(text))


@pytest.fixture
def desk(tmp_path: Path, qtbot: QtBot) -> Desk:
    return Desk(tmp_path, qtbot)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """An exported picture: frame 4 of OTHER."""
    plan = Plan(indices=(4,), describe=Provenance(OTHER).picture_text)
    with open_export(tmp_path / "frames", plan) as add:
        add(4, [np.zeros((8, 8, 3), np.uint8)])
    return tmp_path / "frames" / "00004.png"


def test_saved_and_opened_again(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "my walk.trail"
    save_session(path, OTHER)
    assert desk.documents.open(path)
    assert desk.state.exploration == OTHER
    desk.state.edit_walk("Frames", frames=9)
    assert not desk.state.history.is_saved
    assert desk.documents.save()
    assert desk.state.history.is_saved
    assert load_session(path).walk.frames == 9
    assert desk.settings.recent("sessions") == [str(path)]


@pytest.mark.parametrize("name", ["walk", "walk v1.2", "walk.trail"])
def test_a_session_has_its_suffix_whatever_is_written(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / name), ""))
    assert desk.documents.ask_save()
    assert desk.documents.path == tmp_path / f"{name.removesuffix('.trail')}.trail"
    assert load_session(desk.documents.path) == Exploration()


def test_a_session_is_not_replaced_unasked(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_session(tmp_path / "walk.trail", OTHER)
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "walk"), ""))
    assert not desk.documents.ask_save()
    assert load_session(path) == OTHER
    assert desk.documents.ask_save()
    assert load_session(path) == Exploration()


def test_a_picture_of_a_longer_walk_is_gone_to(desk: Desk, picture: Path) -> None:
    state = desk.state
    state.generate_requested.connect(lambda: state.begin_job(request_for(state.exploration)))
    state.edit_walk("Frames", frames=2)
    state.generate()
    assert desk.documents.open(picture)
    assert state.playhead == 4


def test_a_walk_that_no_file_has_is_handed_on_when_another_takes_its_place(
    desk: Desk, tmp_path: Path, qtbot: QtBot
) -> None:
    path = save_session(tmp_path / "other.trail", OTHER)
    desk.documents.open(path)
    desk.state.edit_walk("Frames", frames=33)
    with qtbot.waitSignal(desk.documents.displaced) as displaced:
        desk.documents.new()
    assert displaced.args[0].walk.frames == 33
    with qtbot.assertNotEmitted(desk.documents.displaced):
        desk.documents.restore(displaced.args[0])
    assert not desk.state.history.is_saved


def test_what_is_no_session_is_said_and_nothing_changes(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "notes.trail"
    path.write_text("hello")
    before = desk.state.exploration
    assert not desk.documents.open(path)
    assert desk.state.exploration is before
    assert len(desk.said) == 1
    assert "notes.trail" in desk.said[0]


def test_a_picture_recalls_everything(desk: Desk, picture: Path) -> None:
    desk.documents.open(picture)
    assert desk.state.exploration == OTHER
    assert desk.state.playhead == 4
    assert desk.documents.path is None


def test_a_picture_gives_its_noise_to_the_nearest_keyframe(desk: Desk, picture: Path) -> None:
    desk.state.seek(55)
    desk.documents.take_noise(picture)
    keyframes = desk.state.exploration.walk.keyframes
    assert [k.noise for k in keyframes] == [NoiseSource(1, 0), NoiseSource(2**64 - 1, 1)]
    desk.state.history.undo()
    assert desk.state.exploration == Exploration()


def test_a_picture_gives_its_prompt(desk: Desk, picture: Path) -> None:
    desk.documents.take_prompt(picture)
    assert {k.prompt for k in desk.state.exploration.walk.keyframes} == {"an owl"}


def test_new_keeps_the_model(desk: Desk) -> None:
    desk.state.edit(replace(OTHER, model="/models/x"), "Model")
    desk.documents.new()
    assert desk.state.exploration == Exploration(model="/models/x")
    assert desk.state.history.is_saved


def test_recent_sessions_are_listed_and_open(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "one.trail"
    save_session(path, OTHER)
    desk.documents.open(path)
    desk.documents.new()
    menu = QMenu(desk.window)
    desk.documents.fill_recent(menu)
    menu.actions()[0].trigger()
    assert desk.state.exploration == OTHER


def drop(drops: Drops, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPointF(4, 4), Qt.DropAction.CopyAction, data, left, none)
    # Qt hands a drop to the widget that a drag has entered, and there is no drag in a test.
    drops.eventFilter(drops.parent(), event)


def test_dropped_files(desk: Desk, picture: Path, tmp_path: Path) -> None:
    models: list[str] = []
    drops = Drops(desk.window, desk.documents, models.append)
    session = tmp_path / "s.trail"
    save_session(session, OTHER)
    drop(drops, session)
    assert desk.state.exploration == OTHER
    weights = tmp_path / "model.safetensors"
    weights.touch()
    drop(drops, weights)
    assert models == [str(weights)]
    desk.documents.new()
    menu = drops.menu(picture)
    assert [a.text() for a in menu.actions()] == [
        "Recall everything",
        "Only its noise",
        "Only its prompt",
    ]
    menu.actions()[0].trigger()
    assert desk.state.exploration == OTHER


def recovered(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.trail"))


@pytest.fixture
def refusals(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """Errors of the next attempts to write a copy, which takes the first of them each time."""
    errors: list[Exception] = []

    def write(path: Path, exploration: Exploration) -> Path:
        if errors:
            raise errors.pop(0)
        return save_session(path, exploration)

    monkeypatch.setattr("gui.files.recovery.save_session", write)
    return errors


def test_unsaved_changes_leave_a_copy_and_saved_ones_none(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "recovery"
    recovery = Recovery(desk.state, folder)
    recovery.keep()
    assert recovered(folder) == []
    desk.state.edit_walk("Frames", frames=9)
    recovery.close()
    assert [load_session(p).walk.frames for p in recovered(folder)] == [9]
    found = Recovery(desk.state, folder).leftover()
    assert found is not None
    assert found[1].walk.frames == 9
    desk.documents.restore(found[1])
    assert not desk.state.history.is_saved


def test_a_saved_walk_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    recovery = Recovery(desk.state, tmp_path / "recovery")
    desk.state.edit_walk("Frames", frames=9)
    recovery.keep()
    desk.state.history.set_saved()
    recovery.close()
    assert recovered(tmp_path / "recovery") == []


def test_a_copy_goes_as_soon_as_the_walk_is_saved(desk: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "recovery"
    recovery = Recovery(desk.state, folder)
    desk.state.edit_walk("Frames", frames=9)
    recovery.keep()
    qtbot.waitUntil(lambda: len(recovered(folder)) == 1)
    desk.state.history.set_saved()
    qtbot.waitUntil(lambda: recovered(folder) == [])
    desk.state.history.undo()
    recovery.close()
    assert [load_session(p) for p in recovered(folder)] == [Exploration()]


def test_a_copy_that_could_not_be_written_is_tried_again(
    desk: Desk, tmp_path: Path, qtbot: QtBot, refusals: list[Exception]
) -> None:
    folder = tmp_path / "recovery"
    recovery = Recovery(desk.state, folder)
    desk.state.edit_walk("Frames", frames=9)
    refusals.append(OSError("the disk is full"))
    recovery.keep()
    qtbot.waitUntil(lambda: refusals == [])
    assert recovered(folder) == []
    recovery.close()
    assert len(recovered(folder)) == 1


def test_a_leftover_stays_until_the_walk_has_another_copy(
    desk: Desk, tmp_path: Path, refusals: list[Exception]
) -> None:
    folder = tmp_path / "recovery"
    leftover = tmp_path / "leftover.trail"
    save_session(leftover, OTHER)
    recovery = Recovery(desk.state, folder)
    desk.documents.restore(OTHER)
    refusals += [OSError("the disk is full"), OSError("it still is")]
    recovery.succeed(leftover)
    recovery.close()  # waits for both attempts
    assert leftover.exists()
    assert recovered(folder) == []
    recovery = Recovery(desk.state, folder)
    recovery.succeed(leftover)
    recovery.close()
    assert not leftover.exists()
    assert [load_session(p) for p in recovered(folder)] == [OTHER]


def test_the_copy_of_a_window_that_is_open_is_not_offered(
    desk: Desk, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "recovery"
    first, second = Recovery(desk.state, folder), Recovery(desk.state, folder)
    desk.state.edit_walk("Frames", frames=9)
    first.keep()
    qtbot.waitUntil(lambda: len(recovered(folder)) == 1)
    assert second.leftover() is None
    first.close()
    assert second.leftover() is not None
    second.close()


def test_a_broken_copy_is_set_aside(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "recovery"
    folder.mkdir()
    (folder / "x.trail").write_bytes(b"\0\1")
    recovery = Recovery(desk.state, folder)
    assert recovery.leftover() is None
    assert (folder / "x.broken").exists()
    recovery.close()
