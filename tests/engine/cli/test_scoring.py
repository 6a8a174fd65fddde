"""The analysis without a window: a table, one row a frame, resumed where it was cut off."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.cli.scoring import MEASURES, ScoreCommand, score
from engine.measuring.score_table import Cell, score_table
from engine.measuring.standard_error import standard_error
from engine.store.frame_store import FrameStore
from engine.store.stored_frame import StoredFrame
from engine.walk import Exploration, Keyframe, Lane, MethodChoice, NoiseSource, Sampling, Walk
from tests.support.tiny_models import make_tiny_model

METHODS = ("linear", "normalized", "slerp")
FRAMES = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny", clip=True)


@pytest.fixture(scope="module")
def store() -> FrameStore:
    """Shared: a frame that one test made, the next one reads."""
    return FrameStore()


def _order(folder: Path, out: Path | None, frames: int = FRAMES, **changes: Any) -> ScoreCommand:
    prompt = changes.pop("prompt", "a cat")
    walk = Walk((Keyframe(prompt), Keyframe(prompt, NoiseSource(1, 1))), frames=frames)
    exploration = Exploration(
        model=str(folder),
        walk=walk,
        compare=tuple(MethodChoice(name) for name in METHODS),
        sampling=Sampling(steps=2, guidance=4.0, width=32, height=32),
        scoring_text=changes.pop("text", "dog"),
    )
    return ScoreCommand(exploration, out=out, **changes)


def _score(command: ScoreCommand, store: FrameStore) -> tuple[int, str, str]:
    errors, output = io.StringIO(), io.StringIO()
    code = score(command, store, errors, output)
    return code, errors.getvalue(), output.getvalue()


def _frames(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that stand for a frame, not for a summary."""
    return [row for row in rows if not row["summary"]]


def test_the_table_and_one_row_a_frame_and_method(
    folder: Path, store: FrameStore, tmp_path: Path
) -> None:
    out = tmp_path / "scores.csv"
    code, _, printed = _score(_order(folder, out), store)
    assert code == 0
    written = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    rows = _frames(written)
    assert [(r["walk"], int(r["frame"])) for r in rows] == [
        (name, k) for name in METHODS for k in range(FRAMES)
    ]
    assert [float(r["time"]) for r in rows[:FRAMES]] == [0.0, 0.25, 0.5, 0.75, 1.0]
    for name in MEASURES:
        missing = [r["frame"] for r in rows if not r[name]]
        assert missing == (["0"] * 3 if name == "step_length" else [])
    assert all(float(r["clip_score"]) > 1.0 for r in rows)
    linear = [float(r["clip_score"]) for r in rows if r["walk"] == "linear"]
    head, *lines = printed.splitlines()[: 1 + len(METHODS)]
    assert f"{np.mean(linear):.3f}" in lines[0]
    assert "with the text “dog”" in printed
    assert "± is the standard error of the mean" in printed
    assert {row["scoring_text"] for row in written} == {"dog"}
    assert "InterpScore" in head
    assert "Smoothness" in head
    assert [line.split()[0] for line in lines] == list(METHODS)
    middle = {r["walk"]: float(r["latent_std"]) for r in rows if r["frame"] == "2"}
    assert middle["linear"] == pytest.approx(0.707, abs=0.06)
    assert middle["slerp"] == pytest.approx(1.0, abs=0.06)


def test_the_file_has_the_summaries_of_the_table(
    folder: Path, store: FrameStore, tmp_path: Path
) -> None:
    out = tmp_path / "scores.csv"
    names = ("clip_score", "step_length", "latent_std")
    assert _score(_order(folder, out, frames=12, measures=names), store)[0] == 0
    rows = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    sums = [row for row in rows if row["walk"] == "slerp" and row["summary"]]
    frames = [row for row in _frames(rows) if row["walk"] == "slerp"]
    assert [row["summary"] for row in sums] == [
        "InterpScore",
        "Standard error of InterpScore",
        "Step length",
        "Standard error of Step length",
        "Smoothness",
        "Step variation",
        "Largest step / median",
        "Latent std",
        "Least std",
        "Largest std",
    ]
    assert all(row["frame"] == row["time"] == "" for row in sums)
    by_name = {row["summary"]: row for row in sums}
    steps = np.array([float(row["step_length"]) for row in frames[1:]])
    assert float(by_name["Step length"]["step_length"]) == pytest.approx(steps.mean())
    assert by_name["Step length"]["clip_score"] == ""
    error = standard_error(steps)
    told = by_name["Standard error of Step length"]["step_length"]
    assert told == ("" if error is None else str(error))
    least = min(float(row["latent_std"]) for row in frames)
    assert float(by_name["Least std"]["latent_std"]) == pytest.approx(least)


def test_a_walk_between_prompts_is_scored_with_them_and_the_table_names_them(
    folder: Path, store: FrameStore, tmp_path: Path
) -> None:
    out = tmp_path / "scores.csv"
    command = _order(folder, out, measures=("clip_score",), text="")
    keys = Keyframe("a cat"), Keyframe("a fox", NoiseSource(1, 1))
    walk = replace(command.exploration.walk, keyframes=keys)
    command = replace(command, exploration=replace(command.exploration, walk=walk))
    code, _, printed = _score(command, store)
    assert code == 0
    assert "CLIP compared the pictures with the prompt “a cat → a fox”." in printed
    rows = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert {row["scoring_text"] for row in rows} == {"a cat → a fox"}


def test_frames_that_are_there_already_are_counted_too(folder: Path, store: FrameStore) -> None:
    for _ in range(2):
        code, told, _ = _score(_order(folder, None), store)
        assert code == 0
        assert told.splitlines()[-1] == f"{3 * FRAMES} of {3 * FRAMES} frames"
        assert told.count(f"{3 * FRAMES} of ") == 1


def test_json_by_suffix(folder: Path, store: FrameStore, tmp_path: Path) -> None:
    out = tmp_path / "scores.json"
    assert _score(_order(folder, out, measures=("latent_std", "step_length")), store)[0] == 0
    rows = _frames(json.loads(out.read_bytes()))
    assert len(rows) == 3 * FRAMES
    assert rows[0]["step_length"] is None
    assert rows[1]["step_length"] >= 0


def test_ctrl_c_stops_it_and_the_same_order_goes_on(folder: Path, tmp_path: Path) -> None:
    drawn: list[str] = []

    class CountingStore(FrameStore):
        """Notes which frames are drawn."""

        def put(self, key: str, frame: StoredFrame) -> None:
            drawn.append(key)
            super().put(key, frame)

    store, out = CountingStore(), tmp_path / "scores.csv"

    class Impatient(io.StringIO):
        """Presses Ctrl-C when the first finished frames are announced."""

        def write(self, text: str) -> int:
            if " frames" in text and not text.startswith("0 of "):
                os.kill(os.getpid(), signal.SIGINT)
            return super().write(text)

    command = _order(folder, out, frames=12)
    assert score(command, store, Impatient(), io.StringIO()) == 130
    assert not out.exists()
    assert list(tmp_path.iterdir()) == []
    assert drawn
    assert _score(command, store)[0] == 0
    assert len(drawn) == len(set(drawn)), "a frame that was there has been drawn again"
    written = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert len(_frames(written)) == 3 * 12


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"text": "", "prompt": ""}, "give a scoring text"),
        ({"frames": 1}, "raise the number of frames"),
        ({"measures": ("clip_scor",)}, "did you mean 'clip_score'"),
    ],
)
def test_what_is_undefined_is_one_sentence(
    folder: Path, store: FrameStore, changes: dict[str, Any], sentence: str
) -> None:
    code, errors, printed = _score(_order(folder, None, **changes), store)
    assert code == 2
    assert sentence in errors
    assert printed == ""


@pytest.mark.parametrize(("name", "sentence"), [("s.txt", ".csv or .json"), ("s.csv", "exists")])
def test_where_the_rows_go_is_checked_before_any_work(
    tmp_path: Path, name: str, sentence: str
) -> None:
    (tmp_path / "s.csv").write_text("mine")
    code, errors, _ = _score(_order(Path("/nowhere"), tmp_path / name), FrameStore())
    assert code == 2
    assert sentence in errors
    assert (tmp_path / "s.csv").read_text() == "mine"


def test_a_table_says_so_where_there_is_nothing() -> None:
    nothing = np.full(4, np.nan)
    known = np.array([np.nan, 2.0, 2.0, 4.0])
    lanes = [Lane(title, Walk(frames=4)) for title in "ab"]
    table = score_table(lanes, {"step_length": [nothing, known]})
    assert table.columns[:2] == ("Step length", "Smoothness")
    assert [note[:3] for note in table.notes[-1:]] == ["b: "], "no certificate without numbers"
    assert not any(note.startswith("a: ") for note in table.notes)
    assert table.columns[2:] == ("Step variation", "Largest step / median")
    assert [row.frames for row in table.rows] == [0, 3]
    assert [str(cell) for cell in table.rows[0].cells] == ["–"] * 4
    assert [str(cell) for cell in table.rows[1].cells] == ["2.667", "0.833", "0.354", "2.000"]
    widths = {len(line) for line in table.to_text().splitlines()[:3]}
    assert len(widths) == 1


def test_a_table_has_the_certificate_of_each_walk() -> None:
    lanes = [Lane(title, Walk(frames=4)) for title in ("slerp", "spline")]
    steps, stds = np.array([np.nan, 1.0, 1.0, 4.0]), np.array([1.0, 0.93, 1.0, 1.0])
    values = {"step_length": [steps] * 2, "latent_std": [stds] * 2}
    notes = score_table(lanes, values, turns={0: (88.6, 90.2)}).notes
    assert notes[-2] == (
        "slerp: the std is at most 7.0 % from 1, beyond 1 %, the path turns by at most 90° at "
        "keyframes, the steps (step length) vary by 71 %, the largest is 4.0 times the median."
    )
    assert notes[-1].startswith("spline: the std")
    assert "turns" not in notes[-1]
    assert not any("slerp" in n for n in score_table(lanes, {"latent_std": [stds] * 2}).notes)


@pytest.mark.parametrize(
    ("cell", "text"),
    [(Cell(23.456, 1.2), "23.46 ± 1.20"), (Cell(0.7071), "0.707"), (Cell(math.nan), "–")],
)
def test_cells_are_rounded_to_what_can_be_read(cell: Cell, text: str) -> None:
    assert str(cell) == text
