"""One writer for every file: whole or not at all."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine import atomic
from engine.atomic import (
    Existing,
    WriteError,
    atomic_path,
    choose_path,
    is_part,
    sweep_parts,
    write_bytes,
)
from engine.documents.session_file import save_session
from engine.errors import InputError
from engine.export.contract import Plan
from engine.export.file_names import clean_name
from engine.export.open_export import check_export
from engine.store.frame_store import FrameStore
from engine.walk import Exploration


@pytest.mark.parametrize("name", ["ä é.txt", "猫.png", "🐈.json", "x" * 250 + ".gif", "con.txt"])
def test_awkward_names_are_written_and_read_back(tmp_path: Path, name: str) -> None:
    path = write_bytes(tmp_path / "föld猫er" / name, b"data")
    assert path.read_bytes() == b"data"
    assert os.listdir(path.parent) == [name]


def test_nothing_is_overwritten_unless_allowed(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "a.txt", b"one")
    with pytest.raises(InputError, match="exists already"):
        write_bytes(path, b"two")
    assert path.read_bytes() == b"one"
    assert write_bytes(path, b"two", Existing.NUMBER) == tmp_path / "a-2.txt"
    assert write_bytes(path, b"three", Existing.NUMBER) == tmp_path / "a-3.txt"
    assert write_bytes(path, b"new", Existing.REPLACE).read_bytes() == b"new"


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        choose_path(tmp_path, Existing.REPLACE)


def test_a_file_that_came_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with pytest.raises(InputError, match="exists already"), atomic_path(path) as part:
        part.write_bytes(b"mine")
        path.write_bytes(b"theirs")
    assert path.read_bytes() == b"theirs"
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("broken")])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: BaseException
) -> None:
    path = write_bytes(tmp_path / "a.txt", b"old")
    with pytest.raises(type(error)), atomic_path(path, Existing.REPLACE) as part:
        part.write_bytes(b"half")
        raise error
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="no space left on device"), atomic_path(tmp_path / "a"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    blocker = write_bytes(tmp_path / "file", b"")
    with pytest.raises(WriteError, match="could not be written"):
        write_bytes(blocker / "below" / "a.txt", b"")


def test_a_rename_refused_for_a_while_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, refusals = os.replace, iter(range(4))

    def refuse(source: Path, target: Path) -> None:
        if next(refusals, None) is not None:
            raise PermissionError(errno.EACCES, "in use")
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    assert write_bytes(tmp_path / "a.txt", b"data").read_bytes() == b"data"


def test_a_rename_refused_for_good_keeps_the_data_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(errno.EACCES, "in use")

    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(atomic, "RENAME_TIMEOUT_S", 0.1)
    with pytest.raises(WriteError, match="beside it") as caught:
        write_bytes(tmp_path / "a.txt", b"data")
    [kept] = tmp_path.iterdir()
    assert kept.name in str(caught.value)
    assert kept.read_bytes() == b"data"


WRITE_FOR_EVER = """
import sys, itertools
from pathlib import Path
from engine.atomic import Existing, write_bytes
for n in itertools.count(1):
    write_bytes(Path(sys.argv[1]), bytes([n % 256]) * 200_000, Existing.REPLACE)
"""


@pytest.mark.parametrize(
    "kills", [3, pytest.param(200, marks=pytest.mark.slow)], ids=["some", "many"]
)
def test_killed_at_any_moment_the_file_is_whole(tmp_path: Path, kills: int) -> None:
    path = tmp_path / "a.bin"
    for number in range(kills):
        process = subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, str(path)])
        since = time.time_ns()
        while not path.exists() or path.stat().st_mtime_ns < since:
            assert process.poll() is None
        for _ in range(number * 997 % 5000):
            path.stat()
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        data = path.read_bytes()
        assert len(data) == 200_000
        assert len(set(data)) == 1


def test_parts_of_killed_saves_are_swept_once_they_are_old(tmp_path: Path) -> None:
    long_ago = time.time() - atomic.PART_AGE_S - 60
    for name in ("a.part-0123abcd.png", "b.part-4567cdef.png", "mine.part-1.png", "part.png"):
        write_bytes(tmp_path / name, b"half")
        os.utime(tmp_path / name, (long_ago, long_ago))
    os.utime(tmp_path / "b.part-4567cdef.png")  # another program is at work on it
    sweep_parts(tmp_path)
    sweep_parts(tmp_path / "missing")
    assert sorted(os.listdir(tmp_path)) == ["b.part-4567cdef.png", "mine.part-1.png", "part.png"]


def test_data_that_could_not_be_renamed_are_not_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(errno.EACCES, "in use")

    path = write_bytes(tmp_path / "a.txt", b"old")
    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(atomic, "RENAME_TIMEOUT_S", 0.1)
    with pytest.raises(WriteError, match=r"a kept\.txt beside it"):
        write_bytes(path, b"new", Existing.REPLACE)
    assert (tmp_path / "a kept.txt").read_bytes() == b"new"
    assert not is_part(tmp_path / "a kept.txt")


def test_a_name_that_the_system_refuses_is_one_sentence(tmp_path: Path) -> None:
    """Names of 80 characters can have more bytes than systems take."""
    path = tmp_path / ("🙂" * 80 + ".trail")
    with pytest.raises(WriteError, match=r"could not be written \(file name too long\)"):
        write_bytes(path, b"data")
    with pytest.raises(WriteError, match="too long"):
        save_session(path, Exploration())
    with pytest.raises(InputError, match="too long"):
        check_export(path.with_suffix(".png"), Plan(), 8, 8)
    assert write_bytes(tmp_path / f"{clean_name('🙂' * 80)}.trail", b"data").exists()
    assert not FrameStore(folder=tmp_path).has("k" * 300)
