"""Two programs and one session; sessions of newer versions: nothing is lost silently."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from engine.documents.session_file import VERSION, load_session, save_session
from tests.support.file_desk import OTHER, FileDesk, answer_box

THEIRS = replace(OTHER, fps=12.0)


@pytest.fixture
def path(desk: FileDesk, tmp_path: Path, qtbot: QtBot) -> Path:
    """A session that is open here with an edit, and that another program has saved since."""
    path = save_session(tmp_path / "walk.trail", OTHER)
    desk.open(path)
    desk.state.edit_walk("Frames", frames=9)
    save_session(path, THEIRS)
    return path


def test_the_last_of_two_programs_asks_before_it_saves(desk: FileDesk, path: Path) -> None:
    seen = answer_box("Cancel")
    assert not desk.documents.save()
    assert "walk.trail was changed by another program" in seen[0]
    assert load_session(path) == THEIRS
    assert not desk.state.history.is_saved
    answer_box("Overwrite")
    assert desk.documents.save()
    assert load_session(path).walk.frames == 9
    desk.state.edit_walk("Frames", frames=7)
    assert desk.documents.save()  # it is its own file again, and asks nothing
    assert load_session(path).walk.frames == 7


def test_a_copy_is_saved_beside(
    desk: FileDesk, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *given: (given[2], ""))
    answer_box("Save a copy…")
    assert desk.documents.save()
    assert load_session(path) == THEIRS
    assert desk.documents.path == path.with_name("walk-2.trail")
    assert load_session(path.with_name("walk-2.trail")).walk.frames == 9


def test_a_session_that_was_deleted_meanwhile_is_written_again(desk: FileDesk, path: Path) -> None:
    path.unlink()
    assert desk.documents.save()
    assert load_session(path).walk.frames == 9


NEWER = {
    "number": json.dumps({"format": "latent-trails", "version": VERSION + 1}),
    "fraction": f'{{"format": "latent-trails", "version": {VERSION + 1}.0, "exploration": {{}}}}',
    "half": '{"format": "latent-trails", "version": 2.5, "exploration": {}}',
    "text": f'{{"format": "latent-trails", "version": "{VERSION + 1}", "exploration": {{}}}}',
    "large": json.dumps({"format": "latent-trails", "version": VERSION + 1, "x": "x" * (5 << 20)}),
    "other form": "PK\3\4 latent-trails",
}


@pytest.mark.parametrize("text", NEWER.values(), ids=NEWER.keys())
def test_a_session_of_a_newer_version_is_never_replaced(
    desk: FileDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    path = tmp_path / "new.trail"
    path.write_text(text)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    assert not desk.documents.ask_save()
    assert path.read_text() == text
    assert "new.trail is kept" in desk.said[0]
