"""The life of the window as a program: first paint, end, and what goes wrong in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.store.frame_store import FrameStore
from engine.store.stored_frame import StoredFrame
from gui.app import NO_DISPLAY, has_display
from gui.files.app_folders import AppFolders
from gui.files.settings import Preferences, Settings

ROOT = Path(__file__).parents[2]


def run(folder: Path, kind: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the window in a process of its own; tests/support/window_program.py has the kinds."""
    command = [sys.executable, "-m", "tests.support.window_program", str(folder), kind]
    environment = {**os.environ, **variables}
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def screen_of(folder: Path, width: int, height: int) -> str:
    """Qt's platform without a display, with a screen of this many pixels."""
    screen = {"name": "screen", "x": 0, "y": 0, "width": width, "height": height}
    screen |= {"logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1.0}
    file = folder / "screen.json"
    file.write_text(json.dumps({"screens": [screen]}), encoding="utf-8")
    return f"offscreen:configfile={file}"


@pytest.mark.parametrize(
    ("width", "height", "scale"),
    [(1366, 768, "1"), (1280, 720, "1"), (1920, 1080, "1.5"), (2560, 1440, "2"), (1920, 1080, "1")],
)
def test_the_window_opens_within_its_screen(
    tmp_path: Path, width: int, height: int, scale: str
) -> None:
    done = run(
        tmp_path,
        "plain",
        QT_QPA_PLATFORM=screen_of(tmp_path, width, height),
        QT_SCALE_FACTOR=scale,
    )
    assert done.returncode == 0, done.stderr
    words = (line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    places = {name: value.split() for name, value in words}
    left, top, wide, high = map(int, places["window"])
    _, _, room_wide, room_high = map(int, places["screen"])
    right, bottom = map(int, places["transport"])
    assert left >= 0
    assert top >= 0
    assert left + wide <= room_wide
    assert top + high <= room_high
    assert right < room_wide
    assert bottom < room_high


def test_nothing_heavy_is_loaded_before_the_first_paint(tmp_path: Path) -> None:
    done = run(tmp_path, "plain")
    assert done.returncode == 0, done.stderr
    assert "heavy before:\n" in done.stdout
    assert "loaded at the first paint:\n" in done.stdout


def test_closing_while_it_works_ends_the_process_well(tmp_path: Path) -> None:
    done = run(tmp_path, "working")
    assert "busy: True" in done.stdout
    assert done.returncode == 0, done.stderr
    assert "QThread" not in done.stderr


def test_an_engine_that_hangs_does_not_keep_the_process(tmp_path: Path) -> None:
    done = run(tmp_path, "stubborn")
    assert "busy: True" in done.stdout
    assert done.returncode == 0, done.stderr


def test_the_budgets_of_last_time_hold_from_the_start(tmp_path: Path) -> None:
    settings = Settings(AppFolders.within(tmp_path).settings)
    settings.set_preferences(Preferences(disk=0))
    latent = np.zeros((4, 2, 2), np.float32)
    frame = StoredFrame(np.zeros((16, 16, 3), np.uint8), latent, latent.copy())
    FrameStore(folder=tmp_path / "frames").put("ab", frame)
    assert list(tmp_path.rglob("*.safetensors"))
    assert run(tmp_path, "working").returncode == 0
    assert not list(tmp_path.rglob("*.safetensors"))


def test_one_click_goes_back_to_fp32_and_is_kept(tmp_path: Path) -> None:
    done = run(tmp_path, "measured")
    assert done.returncode == 0, done.stderr
    assert "precision: fp32\n" in done.stdout
    assert Settings(AppFolders.within(tmp_path).settings).preferences.precision == "fp32"


def test_after_two_starts_that_crashed_the_third_is_careful(tmp_path: Path) -> None:  # R37
    settings = Settings(AppFolders.within(tmp_path).settings)
    settings.set_preferences(Preferences(device="cuda"))
    for _ in range(2):
        assert run(tmp_path, "crashing").returncode == 7
    third = run(tmp_path, "plain")
    assert third.returncode == 0, third.stderr
    assert "device: cpu\n" in third.stdout
    assert "Safe mode" in third.stdout
    fourth = run(tmp_path, "plain")
    assert "device: cuda\n" in fourth.stdout
    assert "Safe mode" not in fourth.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends programs in its own way")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_start_that_was_asked_to_end_is_no_crash(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-u", "-m", "tests.support.window_program", str(tmp_path), "staying"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        while not run.stdout.readline().startswith("device:"):
            assert run.poll() is None
        assert len(list(tmp_path.rglob("*.start"))) == 1
        run.send_signal(number)
        assert run.wait(30) == 0
    assert not list(tmp_path.rglob("*.start"))


def test_an_exception_in_a_slot_is_said_and_logged(tmp_path: Path) -> None:
    done = run(tmp_path, "raising")
    assert done.returncode == 0, done.stderr
    assert "messages: The program has hit an error (RuntimeError" in done.stdout
    assert "a slot went wrong" in (tmp_path / "log.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("platform", "display", "expected"),
    [("", "", False), ("", ":0", True), ("offscreen", "", True)],
)
def test_a_display_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, platform: str, display: str, expected: bool
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("QT_QPA_PLATFORM", platform)
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert has_display() is expected
    assert "render" in NO_DISPLAY
