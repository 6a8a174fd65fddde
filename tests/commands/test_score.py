"""The command `score`, and presets on the command line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import main
from engine.cli import scoring
from engine.cli.arguments import MEASURES, build_parser
from engine.metrics.contract import measures
from tests.support.tiny_models import make_tiny_clip

QUICK = ["--frames", "3", "--steps", "2", "--width", "32", "--height", "32"]


def _score(folder: str, *options: str) -> int:
    return main.main(["score", "--model", folder, *QUICK, *options])


def test_it_prints_the_table_and_writes_the_rows(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "scores.csv"
    assert _score(folder, "--methods", "linear,slerp", "--text", "dog", "--out", str(out)) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed[1:3]] == ["linear", "slerp"]
    rows = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    frames = [row for row in rows if row["frame"]]
    assert len(frames) == 6
    assert all(float(row["clip_score"]) > 0 for row in frames)


def test_the_help_names_the_measures_that_there_are() -> None:
    named = MEASURES.split(",")
    assert tuple(named[:6]) == scoring.MEASURES
    assert set(named) == set(measures.names())


def test_the_articles_methods_and_frames_are_the_default(folder: str) -> None:
    options = build_parser().parse_args(["score", "--model", folder])
    assert options.frames == 300
    assert options.compare == "linear,normalized,slerp"


def test_measures_and_scorer_can_be_chosen(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_tiny_clip(tmp_path / "clip")
    chosen = ["--measures", "clip_score, sharpness,", "--scorer", str(other), "--text", "cat"]
    assert _score(folder, "--methods", "slerp", *chosen) == 0
    head = capsys.readouterr().out.splitlines()[0]
    assert "InterpScore" in head
    assert "Smoothness" not in head


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--prompt", "", "--text", ""], "give a scoring text"),
        (["--frames", "1"], "raise the number of frames"),
        (["--methods", "linear,slrp"], "did you mean 'slerp'"),
        (["--out", "scores.xls"], ".csv or .json"),
        (["--measures", "sharpnes"], "did you mean 'sharpness'"),
        (["--preset", "score"], "did you mean 'scores'"),
        (["--model", "nowhere"], "There is no model"),
        (["--pairs", "-3"], "--pairs takes a whole number from 1 on"),
        (["--pairs", "0"], "--pairs takes a whole number from 1 on"),
    ],
)
def test_what_cannot_be_scored_is_one_sentence(
    folder: str, options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _score(folder, *options) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error


def test_pairs_are_scored_as_means_with_intervals(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each pair is the walk of the next seed; the mean is that of the pairs' own means."""
    out = tmp_path / "pairs.csv"
    chosen = ["--methods", "linear,slerp", "--measures", "latent_std,sharpness"]
    assert _score(folder, *chosen, "--pairs", "3", "--seed", "5", "--out", str(out)) == 0
    printed = capsys.readouterr().out
    rows = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    frames = [row for row in rows if row["frame"] and row["walk"] == "slerp"]
    assert [row["seed"] for row in frames] == ["5"] * 3 + ["6"] * 3 + ["7"] * 3
    mean = sum(float(row["sharpness"]) for row in frames) / 9
    line = next(x for x in printed.splitlines() if x.split()[:2] == ["Sharpness", "slerp"])
    assert line.split()[2] == f"{mean:.4g}"
    assert "linear − slerp" in printed
    assert "3 pairs of noises" in printed


def test_pairs_have_no_noise_in_common(folder: str, tmp_path: Path) -> None:
    """With a noise in two pairs, the pairs would not be independent, as their intervals say."""
    out = tmp_path / "pairs.csv"
    options = "--seed", "5", "--seed-end", "6", "--draw-end", "0", "--measures", "latent_std"
    chosen = "--methods", "slerp", "--pairs", "3", "--out", str(out)
    assert _score(folder, *options, *chosen) == 0
    rows = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    frames = [row for row in rows if row["frame"]]
    stds = [row["latent_std"] for row in frames if row["frame"] in ("0", "2")]
    assert len(set(stds)) == 6


def test_a_preset_is_where_a_command_may_start(folder: str, tmp_path: Path) -> None:
    """The grid of prompts by noises, as a contact sheet."""
    from PIL import Image

    out = tmp_path / "grid.png"
    size = ["--steps", "2", "--width", "32", "--height", "32"]
    arguments = ["render", "--preset", "prompts-by-noises", "--model", folder, *size]
    assert main.main([*arguments, "--out", str(out)]) == 0
    with Image.open(out) as sheet:
        assert sheet.width >= 4 * 32
        assert sheet.height >= 3 * 32


def test_a_fox_is_scored_as_a_fox(capsys: pytest.CaptureFixture[str]) -> None:
    """With the model that ships: without a text of its own, the walk is scored with its prompt."""
    fox = "An high resolution photo of a fox"
    walk = ["--methods", "slerp", "--frames", "2", "--prompt", fox, "--measures", "clip_score"]
    scores = []
    for text in ([], ["--text", "A high resolution image of a cat"]):
        assert main.main(["score", *walk, *text]) == 0
        printed = capsys.readouterr().out
        scores.append(float(printed.splitlines()[1].split()[2]))
    assert scores[0] > 50
    assert scores[0] > scores[1] + 5
