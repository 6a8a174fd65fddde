"""The command `atlas`: one picture, or a folder with a table, from nothing to files."""

from __future__ import annotations

import csv
import errno
from pathlib import Path
from typing import Never

import pytest
from PIL import Image

import main
from engine.cli import arguments
from engine.documents.session_file import save_session
from engine.walk import Exploration, MethodChoice, Sampling, Walk
from gui.trajectory.plane import plane_item

#: Areas that are none, and those beyond what the window shows.
AREAS = ["1,2", "a,b,c,d", "1,0,0,1", "0,0,inf,1", "-1e308,-1e308,1e308,1e308", "0,0,1e-300,1e-300"]
QUICK = ["--steps", "2", "--width", "32", "--height", "32", "--frames", "5", "--across", "2"]


def _atlas(folder: str, out: Path, *options: str) -> int:
    return main.main(["atlas", "--model", folder, *QUICK, "--out", str(out), *options])


def _rows(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((out / "atlas.csv").read_text("utf-8").splitlines()))


def test_a_page_has_the_axes_and_all_cells(folder: str, tmp_path: Path) -> None:
    out = tmp_path / "plane.png"
    assert _atlas(folder, out, "--area=-1,-1,1,1") == 0
    with Image.open(out) as page:
        page.load()
        assert page.width > 2 * 32
        assert page.info["Description"] == "The whole walk lies in this plane"


def test_a_folder_has_a_picture_for_each_row(folder: str, tmp_path: Path) -> None:
    out = tmp_path / "plane"
    area = ("--area=-1.5,-1.5,1.5,1.5", "--across", "3")
    assert _atlas(folder, out, *area, "--texts", "a cat; a dog") == 0
    rows = _rows(out)
    assert len(rows) == 9
    assert {row["file"] for row in rows} == {p.name for p in out.iterdir()} - {"atlas.csv"}
    assert {(row["x"], row["y"]) for row in rows} >= {("0.0", "0.0"), ("1.0", "-1.0")}
    assert {row["region"] for row in rows} <= {"a cat", "a dog"}
    end = next(row for row in rows if (row["x"], row["y"]) == ("1.0", "0.0"))
    assert float(end["std"]) == 1.0


def test_the_folder_may_be_the_one_where_a_person_is(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert _atlas(folder, Path()) == 0
    assert {path.name for path in here.iterdir()} == {row["file"] for row in _rows(here)} | {
        "atlas.csv"
    }


def test_there_are_as_many_cells_as_asked(folder: str, tmp_path: Path) -> None:
    out = tmp_path / "plane"
    assert _atlas(folder, out, "--area=-1,-1,1,1") == 0
    places = {(float(row["x"]), float(row["y"])) for row in _rows(out)}
    assert places == {(x, y) for x in (-0.5, 0.5) for y in (-0.5, 0.5)}


def test_clusters_are_numbered(folder: str, tmp_path: Path) -> None:
    out = tmp_path / "plane"
    assert _atlas(folder, out, "--area=-1,-1,1,1", "--clusters", "2") == 0
    assert {row["region"] for row in _rows(out)} <= {"cluster 1", "cluster 2"}


def test_a_walk_of_many_noises_is_shown_in_its_best_plane(folder: str, tmp_path: Path) -> None:
    out, walk = tmp_path / "plane", tmp_path / "walk.toml"
    keys = "".join(f'[[keyframe]]\nprompt = "a"\nseed = {n}\n' for n in range(3))
    walk.write_text(keys, "utf-8")
    assert _atlas(folder, out, "--walk", str(walk), "--area=-1,-1,1,1") == 0
    assert any(row["noise"].count("z(") == 3 for row in _rows(out))


def test_the_plane_of_a_session_is_that_of_its_walk_whatever_is_compared(
    folder: str, tmp_path: Path
) -> None:
    out, session = tmp_path / "plane", tmp_path / "compared.trail"
    choices = tuple(MethodChoice(name) for name in ("prompt-linear", "linear"))
    sampling = Sampling(steps=2, width=32, height=32)
    save_session(session, Exploration(folder, Walk(frames=5), choices, sampling=sampling))
    options = "--session", str(session), "--across", "2", "--area=-1,-1,1,1"
    assert main.main(["atlas", "--out", str(out), *options]) == 0
    assert any(row["noise"].count("z(") == 2 for row in _rows(out))


def test_files_are_replaced_only_if_asked(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "plane"
    out.mkdir()
    (out / "mine.txt").write_text("kept", "utf-8")
    assert _atlas(folder, out) == 2
    assert "exists" in capsys.readouterr().err
    assert _atlas(folder, out, "--area=-1,-1,1,1", "--overwrite") == 0
    assert (out / "mine.txt").read_text("utf-8") == "kept"
    assert _rows(out)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--across", "1"], "--across takes"),
        (["--across", "99"], "at most 2500"),
        (["--clusters", "99"], "--clusters takes"),
        (["--clusters", "2", "--texts", "a"], "leave one out"),
        (["--draw-end", "0"], "spans no plane"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(
    folder: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    sentence: str,
) -> None:
    out = tmp_path / "plane.png"
    assert _atlas(folder, out, *options) == 2
    assert sentence in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("area", AREAS)
def test_an_area_needs_four_numbers(folder: str, tmp_path: Path, area: str) -> None:
    with pytest.raises(SystemExit) as ended:
        _atlas(folder, tmp_path / "plane.png", f"--area={area}")
    assert ended.value.code == 2


def test_areas_reach_as_far_as_the_windows() -> None:
    assert (arguments.NEAREST, arguments.FARTHEST) == (plane_item.NEAREST, plane_item.FARTHEST)


def test_a_full_disk_is_said_in_one_sentence(
    folder: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(*_: object) -> Never:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    assert _atlas(folder, tmp_path / "plane", "--area=-1,-1,1,1") == 2
    assert "could not be written (no space left on device)" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [tmp_path / "cache"]


def test_an_atlas_is_no_jpeg(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _atlas(folder, tmp_path / "plane.jpg") == 2
    assert "'.jpg'" in capsys.readouterr().err
