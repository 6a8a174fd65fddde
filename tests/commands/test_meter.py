"""The command `meter` with a tiny model: files, numbers and refusals."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import main


def test_it_writes_table_plot_and_page(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("a cat\nof a cat\nphoto\n", "utf-8")
    options = ["--model", model, "--prompts", str(prompts), "--noises", "4", "--guidance", "1,3"]
    assert main.main(["meter", "--out", str(tmp_path / "m"), *options]) == 0
    rows = list(csv.DictReader((tmp_path / "m" / "meter.csv").read_text("utf-8").splitlines()))
    names = ["Layout", "Position", "Colour", "Detail", "CLIP direction"]
    assert list(dict.fromkeys(row["property"] for row in rows)) == names
    assert len(rows) == 2 * 5 * 3
    assert [row["degrees"] for row in rows[:3]] == ["2", "3", "6"]
    for row in rows:
        assert 0 <= float(row["low"]) <= float(row["share"]) <= float(row["high"]) <= 1
    page = (tmp_path / "m" / "meter.html").read_text("utf-8")
    assert page.count("<svg") == 2
    assert page.count("data:image/png") == 2
    assert "CLIP direction" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--noises", "2"], "--noises takes a whole number from 3"),
        (["--noises", "-4"], "--noises takes a whole number from 3"),
        (["--guidance", "x"], "--guidance takes numbers"),
        (["--guidance", ","], "--guidance takes numbers"),
        (["--guidance=-1"], "--guidance takes numbers from 0"),
        (["--model", "nowhere"], "There is no model"),
        (["--prompts", "nowhere.txt"], "There is no file"),
    ],
)
def test_wrong_options_are_one_sentence(
    model: str,
    options: list[str],
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["meter", "--out", str(tmp_path / "m"), "--model", model, *options]
    assert main.main(arguments) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "m").exists()
