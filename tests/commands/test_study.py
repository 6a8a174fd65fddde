"""The command `study`: exit codes, and a study whose program is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

import main
from engine.study.run import LOCK, Outcome
from tests.support.sources import ROOT
from tests.support.tiny_models import make_tiny_model

PLAN = """
models = [{model!r}]
prompts = ["a cat"]
seeds = {{first = 1, last = 12}}
methods = ["linear", "slerp"]
frames = 3
steps = 2
width = 32
height = 32
samples = 0
measures = ["sharpness", "latent_std"]
device = "cpu"
"""


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    model = make_tiny_model(folder / "tiny", clip=True)
    path = folder / "plan.toml"
    path.write_text(PLAN.format(model=str(model)), "utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"linear"', '"lnear"', "did you mean 'linear'"),
        ("last = 12", "last = 0", "is empty"),
        ('["linear", "slerp"]', "[]", "The list of methods is empty"),
        ('["sharpness",', '["sharpnes",', "did you mean 'sharpness'"),
        ("steps = 2", "steps = -2", "whole number"),
        ("first = 1", "first = -1", "A seed is a whole number from 0"),
        ("samples = 0", "samples = 0\nguidance = -1.5", "The guidance must be a number from 0"),
        ("models = [", 'models = ["nowhere", ', "There is no model"),
    ],
)
def test_a_wrong_plan_is_one_sentence_and_exit_2(
    plan: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
    sentence: str,
) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(plan.read_text("utf-8").replace(old, new), "utf-8")
    assert main.main(["study", str(wrong), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_estimate_of_failed_cells_is_no_success(
    plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.cli.study.StudyRun.run", lambda *_: Outcome(0, 2))
    assert main.main(["study", str(plan), "--out", str(tmp_path / "out"), "--estimate"]) == 1


def test_a_folder_that_cannot_be_locked_is_one_sentence(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out" / LOCK).mkdir(parents=True)
    assert main.main(["study", str(plan), "--out", str(tmp_path / "out")]) == 2
    assert "could not be written" in capsys.readouterr().err


def test_a_killed_study_goes_on_and_has_the_same_table(plan: Path, tmp_path: Path) -> None:
    """The whole program is killed after its first cell, as by a power cut."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert main.main(["study", str(plan), "--out", str(whole), "--workers", "1"]) == 0
    command = [sys.executable, "main.py", "study", str(plan), "--out", str(killed)]
    with subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True
    ) as program:
        deadline = time.monotonic() + 60
        while not list(killed.glob("cells/*/*.parquet")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(program.pid, signal.SIGKILL)
    assert not (killed / "frames.parquet").exists()
    arguments = ["study", str(plan), "--out", str(killed), "--workers", "2"]
    assert main.main(arguments) == 2
    assert main.main([*arguments, "--resume"]) == 0
    name = "frames.parquet"
    assert (killed / name).read_bytes() == (whole / name).read_bytes()
    _check_figures(plan, whole, tmp_path)


def _check_figures(plan: Path, folder: Path, out: Path) -> None:
    """Figures of a finished study: of all measures, of one, and two commands that are wrong."""
    command = ["study", str(plan), "--out", str(folder)]
    heights = []
    for name, more in (("all.png", []), ("one.png", ["--measures", "sharpness"])):
        assert main.main([*command, "--figure", str(out / name), *more]) == 0
        with Image.open(out / name) as picture:
            heights.append(picture.height)
    assert heights[1] < 0.6 * heights[0]
    assert main.main([*command, "--measures", "sharpness"]) == 2
    assert main.main([*command, "--figure", str(out / "no.png"), "--measures", "other"]) == 2
    other = out / "other.toml"
    other.write_text(
        plan.read_text("utf-8").replace("seeds", "title = 'Another'\nseeds", 1), "utf-8"
    )
    before = (folder / "plan.toml").read_bytes()
    command[1] = str(other)
    assert main.main([*command, "--figure", str(out / "no.png")]) == 2
    assert (folder / "plan.toml").read_bytes() == before
    assert not (out / "no.png").exists()


def test_a_figure_before_the_first_run_leaves_no_study(plan: Path, tmp_path: Path) -> None:
    """The first run would ask for --resume."""
    out = tmp_path / "out"
    command = ["study", str(plan), "--out", str(out), "--figure", str(tmp_path / "figure.png")]
    assert main.main(command) == 2
    assert not out.exists()
