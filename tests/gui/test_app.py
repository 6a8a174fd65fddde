"""The life of the window as a program: first paint, end, and what goes wrong in between."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from engine.frame_store import FrameStore, StoredFrame
from gui.app import NO_DISPLAY, has_display
from gui.log import Log
from gui.places import Places
from gui.settings import Preferences, Settings

ROOT = Path(__file__).parents[2]


def run(folder: Path, kind: str, after_ms: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.gui.window_program", str(folder), kind, str(after_ms)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_nothing_heavy_is_loaded_before_the_first_paint(tmp_path: Path) -> None:
    done = run(tmp_path, "plain", 0)
    assert done.returncode == 0, done.stderr
    assert "heavy before:\n" in done.stdout
    assert "loaded at the first paint:\n" in done.stdout


def test_closing_while_it_works_ends_the_process_well(tmp_path: Path) -> None:
    done = run(tmp_path, "plain", 400)
    assert "busy: True" in done.stdout
    assert done.returncode == 0, done.stderr
    assert "QThread" not in done.stderr


def test_an_engine_that_hangs_does_not_keep_the_process(tmp_path: Path) -> None:
    start = time.monotonic()
    done = run(tmp_path, "stubborn", 300)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - start < 30


def test_the_budgets_of_last_time_hold_from_the_start(tmp_path: Path) -> None:
    settings = Settings(Places.within(tmp_path).settings)
    settings.set_preferences(Preferences(disk=0))
    settings.save()
    latent = np.zeros((4, 2, 2), np.float32)
    frame = StoredFrame(np.zeros((16, 16, 3), np.uint8), latent, latent.copy())
    FrameStore(folder=tmp_path / "frames").put("ab", frame)
    assert list(tmp_path.rglob("*.safetensors"))
    assert run(tmp_path, "plain", 300).returncode == 0
    assert not list(tmp_path.rglob("*.safetensors"))


def test_an_exception_in_a_slot_is_said_and_logged(tmp_path: Path) -> None:
    done = run(tmp_path, "raising", 300)
    assert done.returncode == 0, done.stderr
    assert "messages: Something went wrong in the program (RuntimeError" in done.stdout
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


def test_the_same_trouble_is_shown_once_and_logged_each_time(tmp_path: Path) -> None:
    said: list[str] = []
    log = Log(tmp_path / "log.txt", lambda text, details: said.append(text))
    for _ in range(5):
        error = ValueError("again")
        log.uncaught(ValueError, error, None)
    assert len(said) == 1
