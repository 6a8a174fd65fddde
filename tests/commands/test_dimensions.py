"""The commands `influence` and `direction` with a tiny model: files, walks and refusals."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Never

import numpy as np
import pytest

import main
from engine.documents.session_file import load_session
from engine.errors import Cancelled
from engine.geometry.noise import NoiseBank
from engine.walk import Keyframe

#: The latents of the tiny model for 32×32 pixels.
SHAPE = (4, 8, 8)


def test_influence_has_a_row_and_a_map_for_each_part(model: str, tmp_path: Path) -> None:
    options = ["--model", model, "--prompt", "a cat", "--seeds", "3", "--grid", "2"]
    assert main.main(["influence", "--out", str(tmp_path / "i"), *options]) == 0
    rows = list(csv.DictReader((tmp_path / "i" / "influence.csv").read_text("utf-8").splitlines()))
    names = [row["part"] for row in rows]
    assert names[:5] == ["all", "channel 1", "channel 2", "channel 3", "channel 4"]
    assert names[5:7] == ["low frequencies", "high frequencies"]
    assert len(rows) == 1 + 4 + 2 + 4
    assert all(float(row["change"]) > 0 for row in rows)
    assert [row["area"] for row in rows[-4:]] == ["0.25"] * 4
    assert all(0 < float(row["inside"]) <= 1 for row in rows[-4:])
    assert (tmp_path / "i" / "influence.html").read_text("utf-8").count("<svg") == 2


@pytest.mark.parametrize(
    "measure",
    [
        ["--colour", "red-blue"],
        ["--toward", "cat", "--away", "of"],
        ["--toward", "cat", "--away", "a $^$ can"],  # no formula of TeX's
    ],
)
def test_a_direction_is_tested_on_other_seeds_and_opens_as_a_session(
    model: str, tmp_path: Path, measure: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--model", model, "--prompt", "a cat", "--seeds", "12", "--held-out", "4", *measure]
    assert main.main(["direction", "--out", str(tmp_path / "d"), *options]) == 0
    rows = list(csv.DictReader((tmp_path / "d" / "direction.csv").read_text("utf-8").splitlines()))
    assert [row["seed"] for row in rows[::7]] == ["13", "14", "15", "16"]
    assert "On 4 held-out seeds" in capsys.readouterr().out
    walk = load_session(tmp_path / "d" / "direction.trail").walk
    assert len(walk.keyframes) == 7
    assert walk.keyframes[3].blend == ()
    bank = NoiseBank(SHAPE)
    norms = [float(np.linalg.norm(_latent(bank, keyframe))) for keyframe in walk.keyframes]
    assert norms == pytest.approx([norms[3]] * 7, rel=1e-6), "the walk is on the shell"


def _latent(bank: NoiseBank, keyframe: Keyframe) -> np.ndarray:
    sums = (term.weight * bank.draw(term.source) for term in keyframe.blend)
    return keyframe.scale * bank.draw(keyframe.noise) + sum(sums, np.zeros(bank.shape))


@pytest.mark.parametrize(
    ("command", "options", "sentence"),
    [
        ("influence", ["--grid", "0"], "--grid takes a whole number from 1"),
        ("influence", ["--guidance", "1,2"], "one number"),
        ("influence", ["--grid", "-2"], "--grid takes a whole number from 1"),
        ("influence", ["--seeds", "-2"], "--seeds takes"),
        ("direction", ["--colour", "red-blue", "--seeds", "-2"], "--seeds takes"),
        ("direction", [], "--toward and --away"),
        ("direction", ["--colour", "pink"], "There is no colour 'pink'"),
        ("direction", ["--colour", "red-blue", "--region", "1,0,0,1"], "--region takes"),
        ("direction", ["--colour", "red-blue", "--toward", "cat"], "not both"),
        ("direction", ["--colour", "red-blue", "--held-out", "1"], "--held-out takes"),
        ("direction", ["--colour", "red-blue", "--degrees", "0"], "--degrees takes"),
    ],
)
def test_wrong_options_are_one_sentence(
    model: str,
    command: str,
    options: list[str],
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.main([command, "--out", str(tmp_path / "x"), "--model", model, *options]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("work", "command"),
    [
        ("meter.read_meter", ["meter"]),
        ("dimensions.measure_influence", ["influence"]),
        ("dimensions.find_direction", ["direction", "--colour", "red-blue"]),
    ],
)
def test_a_cancelled_command_says_what_is_kept(
    model: str,
    work: str,
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def cancelled(*_: object) -> Never:
        raise Cancelled

    monkeypatch.setattr(f"engine.cli.{work}", cancelled)
    assert main.main([*command, "--out", str(tmp_path / "x"), "--model", model]) == 130
    assert "the same command goes on from it" in capsys.readouterr().err
