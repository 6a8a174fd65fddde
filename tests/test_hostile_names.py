"""Names that no file can have, and a display that nobody answers for: one sentence each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import main

ROOT = Path(__file__).parents[1]
LONG = "x" * 300


@pytest.mark.parametrize(
    "arguments",
    [
        ["render", "--out", "a.png", "--model", LONG],
        ["render", "--out", "a.png", "--model", "~nosuchuser/x"],
        ["render", "--out", "a.png", "--session", LONG],
        ["render", "--out", f"{LONG}.png"],
        ["render", "--out", LONG],
        ["render", "--out", "~nosuchuser/a.png"],
        ["render", "--out", "a.png", "--save-latents", f"{LONG}.safetensors"],
        ["score", "--out", f"{LONG}.csv"],
        ["render", "--out", "a.png", "--session", "pipe"],
        ["render", "--out", "pipe"],
        ["render", "--out", "a.png", "--model", "pipe"],
        [LONG],
    ],
    ids=lambda arguments: " ".join(arguments)[:50],
)
def test_impossible_names_are_one_sentence(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    try:
        code = main.main(arguments)
    except SystemExit as end:  # argparse's way
        code = int(end.code or 0)
    assert code == main.BAD_INPUT
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert len(said) < 600
    assert os.listdir(tmp_path) == ["pipe"]


@pytest.mark.skipif(sys.platform != "linux", reason="displays are found by name on Linux only")
@pytest.mark.parametrize("platform", ["", "xcb", "wayland"])
def test_a_display_that_cannot_be_reached_is_one_sentence(tmp_path: Path, platform: str) -> None:
    environment = os.environ | {
        **{"QT_QPA_PLATFORM": platform, "DISPLAY": ":4097", "WAYLAND_DISPLAY": "nowhere"},
        **{"XDG_RUNTIME_DIR": str(tmp_path), "QT_LOGGING_RULES": "*=false"},
    }
    command = [sys.executable, "main.py", "window"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, timeout=60, capture_output=True, text=True
    )
    assert done.returncode == main.FAILED
    assert done.stderr.splitlines()[-1].startswith("No window can be opened here")
    assert "Traceback" not in done.stderr
