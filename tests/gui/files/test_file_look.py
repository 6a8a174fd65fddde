"""Files that take long to read: the window lives, one sentence comes, and a person can cancel."""

from __future__ import annotations

import codecs
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QProgressDialog, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from engine.documents.session_file import contents
from engine.export.recall import Recalled
from engine.walk import Exploration
from gui.files.drops import Drops
from gui.files.file_look import SHOW_MS, FileLook, Found
from tests.support.file_desk import FileDesk


@pytest.fixture
def stuck() -> Iterator[threading.Event]:
    """What a read waits for until the test ends."""
    event = threading.Event()
    yield event
    event.set()
    for thread in threading.enumerate():
        if thread.name == "timed work":
            thread.join(10)


def waiting(stuck: threading.Event) -> Found:
    """Reads from a disk that does not answer."""
    stuck.wait(60)
    return Found(Path("walk.trail"), Recalled(Exploration()))


def test_a_read_that_never_ends_is_given_up_and_the_window_lives(
    qtbot: QtBot, stuck: threading.Event
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    found: list[Found | Exception] = []
    FileLook(window, deadline_ms=200).start(
        Path("/net/walk.trail"), lambda: waiting(stuck), found.append
    )
    assert found == []  # the call has come back at once
    qtbot.waitUntil(lambda: found != [])
    assert "/net/walk.trail takes too long to read" in str(found[0])


def test_what_takes_long_can_be_cancelled(qtbot: QtBot, stuck: threading.Event) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    found: list[Found | Exception] = []
    look = FileLook(window)
    look.start(Path("slow.png"), lambda: waiting(stuck), found.append)
    box = window.findChild(QProgressDialog)
    assert isinstance(box, QProgressDialog)
    qtbot.waitUntil(box.isVisible, timeout=20 * SHOW_MS)
    button = box.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    button.click()
    assert not look.busy
    look.start(Path("b.png"), lambda: Found(Path("b.png"), None), found.append)
    qtbot.waitUntil(lambda: found == [Found(Path("b.png"), None)])


@pytest.mark.parametrize("name", ["pipe.trail", "pipe.png", "pipe"])
def test_a_pipe_is_named_at_once(desk: FileDesk, tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    desk.open(tmp_path / name)
    assert len(desk.said) == 1
    assert "is a pipe or a device, not a file" in desk.said[0]


@pytest.mark.parametrize("name", ["huge.trail", "huge.png", "huge.jpg", "huge"])
def test_a_huge_file_is_one_sentence(desk: FileDesk, tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        file.truncate(64 << 30)  # a hole, which takes no space
    desk.open(tmp_path / name)
    assert len(desk.said) == 1
    assert name in desk.said[0]
    assert desk.state.exploration == Exploration()


def test_a_name_that_is_too_long_is_one_sentence(desk: FileDesk, tmp_path: Path) -> None:
    desk.open(tmp_path / ("x" * 300 + ".trail"))
    assert len(desk.said) == 1
    assert "too long" in desk.said[0]


@pytest.mark.parametrize("name", ["v1.ckpt", "v1.SAFETENSORS", "v1.pt", "folder"])
def test_a_model_that_is_opened_or_dropped_reaches_the_model_dialog(
    desk: FileDesk, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
        (path / "model_index.json").write_text("{}")
    else:
        path.write_bytes(b"\x80\x02")
    models: list[str] = []
    desk.documents.model_found.connect(models.append)
    desk.open(path)
    Drops(desk.window, desk.documents).take(path, QPoint())
    desk.wait()
    assert models == [str(path)] * 2
    assert desk.said == []


def test_settings_of_another_program_come_with_a_remark(desk: FileDesk, tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("parameters", "a fox\nSteps: 9, Sampler: Euler a, Seed: 3")
    Pillow.new("RGB", (8, 8)).save(tmp_path / "fox.png", pnginfo=info)
    remarks: list[str] = []
    desk.documents.remarked.connect(remarks.append)
    Drops(desk.window, desk.documents).take(tmp_path / "fox.png", QPoint())
    desk.wait()
    menu = desk.window.findChild(QMenu)
    assert isinstance(menu, QMenu)
    menu.actions()[0].trigger()
    assert desk.state.exploration.walk.keyframes[0].prompt == "a fox"
    assert desk.state.exploration.sampling.steps == 9
    assert "Sampler Euler a" in remarks[0]


@pytest.mark.parametrize("name", ["walk.TRAIL", "with mark.trail"])
def test_a_session_is_known_by_any_spelling_of_its_suffix_and_with_a_mark(
    desk: FileDesk, tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    data = contents(Exploration(scoring_text="a fox"))
    file.write_bytes(data if name.endswith("TRAIL") else codecs.BOM_UTF8 + data)
    desk.open(file)
    assert desk.state.exploration.scoring_text == "a fox"
    assert desk.documents.path == file
    assert desk.documents.save()


@pytest.mark.parametrize("name", ["a.trail", "a.png", "a.mp4", "a"])
def test_an_empty_file_is_called_empty(desk: FileDesk, tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    desk.open(tmp_path / name)
    assert desk.said == [f"{name} is empty; open another file."]
