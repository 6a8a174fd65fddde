"""The second copy of a walk: written, removed, found again, and never another window's."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.atomic import PART_AGE_S, atomic_path
from engine.documents.session_file import load_session, save_session
from engine.walk import Exploration
from gui.files.recovery import Recovery
from tests.support.file_desk import OTHER, FileDesk


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


def test_unsaved_changes_leave_a_copy_and_saved_ones_none(desk: FileDesk, tmp_path: Path) -> None:
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


def test_a_saved_walk_leaves_nothing(desk: FileDesk, tmp_path: Path) -> None:
    recovery = Recovery(desk.state, tmp_path / "recovery")
    desk.state.edit_walk("Frames", frames=9)
    recovery.keep()
    desk.state.history.set_saved()
    recovery.close()
    assert recovered(tmp_path / "recovery") == []


def test_a_copy_goes_as_soon_as_the_walk_is_saved(
    desk: FileDesk, tmp_path: Path, qtbot: QtBot
) -> None:
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
    desk: FileDesk, tmp_path: Path, qtbot: QtBot, refusals: list[Exception]
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
    desk: FileDesk, tmp_path: Path, refusals: list[Exception]
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
    desk: FileDesk, tmp_path: Path, qtbot: QtBot
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


def test_a_broken_copy_is_set_aside(desk: FileDesk, tmp_path: Path) -> None:
    folder = tmp_path / "recovery"
    folder.mkdir()
    (folder / "x.trail").write_bytes(b"\0\1")
    recovery = Recovery(desk.state, folder)
    assert recovery.leftover() is None
    assert (folder / "x.broken").exists()
    recovery.close()


def test_a_half_written_copy_of_another_window_is_no_leftover(
    desk: FileDesk, tmp_path: Path
) -> None:
    folder = tmp_path / "recovery"
    recovery = Recovery(desk.state, folder)
    with atomic_path(folder / "other.trail") as part:
        part.write_bytes(b'{"format": "latent-tr')
        assert recovery.leftover() is None
        assert part.read_bytes() == b'{"format": "latent-tr'
    recovery.close()


def test_what_a_killed_save_left_goes_when_it_is_old(desk: FileDesk, tmp_path: Path) -> None:
    folder = tmp_path / "recovery"
    folder.mkdir()
    old, new = folder / "a.part-0123abcd.trail", folder / "b.part-0123abcd.trail"
    for file in (old, new):
        file.write_bytes(b"{")
    long_ago = time.time() - PART_AGE_S - 60
    os.utime(old, (long_ago, long_ago))
    recovery = Recovery(desk.state, folder)
    desk.state.edit_walk("Frames", frames=9)
    recovery.close()
    assert not old.exists()
    assert new.exists()
