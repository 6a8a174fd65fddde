"""Walks from files, presets and sessions by the command `render`."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import main
from engine.documents.session_file import save_session
from engine.export.contract import Plan
from engine.export.open_export import open_export
from engine.export.recall import recall
from engine.metrics.contract import variation
from engine.models.inspection.check import check_model
from engine.models.inspection.recommended_settings import family_of
from engine.pictures.picture_distance import distance, pyramid_of
from engine.pictures.strip_places import strip_places
from tests.support.render_command import render

LOOP = """
frames = 10
loop = true
prompt = "a cat"
method = "spline"
[[keyframe]]
seed = 1
time = 0.0
easing = "ease-in-out"
[[keyframe]]
seed = 2
time = 0.3
[[keyframe]]
seed = 3
time = 0.7
"""


def test_a_loop_from_a_file_shows_no_frame_twice_and_equals_its_session(
    folder: str, tmp_path: Path
) -> None:
    import av

    file = tmp_path / "loop.toml"
    file.write_text(LOOP, encoding="utf-8")
    options = ["--model", folder, "--steps", "2", "--width", "32", "--height", "32"]

    def render(name: str, *more: str) -> Path:
        out = tmp_path / name
        assert main.main(["render", "--out", str(out), *more]) == 0
        return out

    walk = "--walk", str(file)
    pictures = sorted(render("pictures", *options, *walk).glob("*.png"))
    frames = [np.asarray(Image.open(picture)) for picture in pictures]
    assert len(frames) == 10
    for first, second in zip(frames, (*frames[1:], frames[0]), strict=True):
        assert not np.array_equal(first, second)
    for name in ("loop.mp4", "loop.webm", "loop.gif"):
        with av.open(str(render(name, *options, *walk))) as film:
            assert sum(1 for _ in film.decode(video=0)) == 10, name
    with Image.open(render("loop.webp", *options, *walk)) as animation:
        assert animation.n_frames == 10
    session = recall(pictures[0]).exploration
    assert session.walk.loop
    again = tmp_path / "again.trail"
    save_session(again, session)
    for picture in sorted(render("again", "--session", str(again)).glob("*.png")):
        assert np.array_equal(np.asarray(Image.open(picture)), frames[int(picture.stem)])


def test_a_walk_is_evened_out_first_and_its_file_has_the_certificate(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "walk.mp4"
    assert render(folder, out, "--even-out") == 0
    said = capsys.readouterr().err
    assert "Before: the std is" in said
    assert "After: the std is" in said
    recalled = recall(out)
    assert recalled.exploration is not None
    assert recalled.exploration.walk.pacing
    assert recalled.origin is not None
    (numbers,) = recalled.origin.certificates
    assert {"std_error", "step_variation", "largest_step"} == set(numbers)


def test_a_preset_with_even_steps_is_evened_out(folder: str, tmp_path: Path) -> None:
    out = tmp_path / "loop.gif"
    assert render(folder, out, "--preset", "loop-spline") == 0
    recalled = recall(out)
    assert recalled.exploration is not None
    assert recalled.exploration.walk.loop
    assert recalled.origin is not None
    assert recalled.origin.certificates[0]["seam"] < 1e-6
    compared = tmp_path / "compared.gif"
    assert render(folder, compared, "--preset", "loop-spline", "--compare", "spline,squad") == 0


def test_the_certificate_of_an_evened_loop_has_the_step_across_its_seam(
    folder: str, tmp_path: Path
) -> None:
    assert render(folder, tmp_path / "loop", "--preset", "loop-spline") == 0
    files = sorted((tmp_path / "loop").glob("*.png"))
    seen = [pyramid_of(np.asarray(Image.open(file))) for file in files]
    steps = [distance(*pair) for pair in pairwise((*seen, seen[0]))]
    recalled = recall(files[0])
    assert recalled.origin is not None
    (numbers,) = recalled.origin.certificates
    assert numbers["step_variation"] == pytest.approx(variation(np.array(steps)), rel=1e-6)


def test_the_frames_of_an_evened_session_are_equal(folder: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert render(folder, first, "--even-out", "slow-ends") == 0
    recalled = recall(first / "00002.png")
    assert recalled.exploration is not None
    session = save_session(tmp_path / "walk.trail", recalled.exploration)
    assert main.main(["render", "--session", str(session), "--out", str(second)]) == 0
    for name in ("00000.png", "00002.png", "00004.png"):
        pictures = [np.array(Image.open(each / name)) for each in (first, second)]
        assert np.array_equal(*pictures)


def test_a_panorama_has_its_pictures_at_the_places_to_which_the_model_moves_them(
    folder: str, tmp_path: Path
) -> None:
    """The tiny model moves pictures by another number of pixels than most models do."""
    multiple = family_of(check_model(Path(folder))).multiple
    assert multiple != 8
    options = "--method", "translation", "--frames", "21"
    assert render(folder, tmp_path / "pictures", *options) == 0
    assert render(folder, tmp_path / "a.tif", *options) == 0
    exploration = recall(tmp_path / "a.tif").exploration
    plan = Plan(indices=tuple(range(21)), places=strip_places(exploration, multiple))
    with open_export(tmp_path / "b.tif", plan) as add:
        for index, picture in enumerate(sorted((tmp_path / "pictures").iterdir())):
            add(index, [np.array(Image.open(picture))])
    pictures = [np.array(Image.open(tmp_path / name)) for name in ("a.tif", "b.tif")]
    assert np.array_equal(*pictures)


UNEVEN = """
frames = 9
method = "translation"
[[keyframe]]
seed = 1
time = 0.0
[[keyframe]]
seed = 2
time = 0.1
[[keyframe]]
seed = 3
time = 1.0
"""


@pytest.mark.parametrize("name", ["sheet.png", "panorama.tif"])
def test_what_follows_from_times_is_that_of_the_evened_walk(
    folder: str, tmp_path: Path, name: str
) -> None:
    first, second, file = tmp_path / name, tmp_path / f"again {name}", tmp_path / "walk.toml"
    file.write_text(UNEVEN)
    assert render(folder, first, "--walk", str(file), "--frames", "9", "--even-out") == 0
    exploration = recall(first).exploration
    assert exploration.walk.pacing
    session = save_session(tmp_path / "walk.trail", exploration)
    assert main.main(["render", "--session", str(session), "--out", str(second)]) == 0
    pictures = [np.array(Image.open(each)) for each in (first, second)]
    assert np.array_equal(*pictures)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--even-out", "wobbly"), "no speed 'wobbly'"),
        (("--even-out", "--compare", "linear,slerp"), "belongs to one walk"),
        (("--even-out", "--frames", "2"), "three frames"),
    ],
)
def test_a_walk_that_cannot_be_evened_out_is_said(
    folder: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    sentence: str,
) -> None:
    assert render(folder, tmp_path / "walk.gif", *options) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "walk.gif").exists()


ALL = """
frames = 8
loop = true
method = "spline"
[[keyframe]]
seed = 1
time = 0.0
hold = 0.5
drift = 8
[[keyframe]]
seed = 2
time = 0.3
easing = [0.3, 0.0, 0.7, 1.0]
[[keyframe]]
seed = 3
time = 0.7
method = "squad"
[[prompts]]
time = 0.1
prompt = "a cat"
blend = "slerp"
[[prompts]]
time = 0.6
prompt = "a dog"
easing = "ease-in-out"
"""


def test_a_session_with_all_of_a_walk_gives_equal_frames(folder: str, tmp_path: Path) -> None:
    file = tmp_path / "walk.toml"
    file.write_text(ALL)
    first, second = tmp_path / "first", tmp_path / "second"
    options = ["--walk", str(file), "--frames", "8", "--even-out", "faster"]
    assert render(folder, first, *options) == 0
    exploration = recall(first / "00003.png").exploration
    assert exploration is not None
    walk = exploration.walk
    assert all((walk.loop, walk.times, walk.paces, walk.pacing, walk.prompts))
    session = save_session(tmp_path / "walk.trail", exploration)
    assert main.main(["render", "--session", str(session), "--out", str(second)]) == 0
    names = sorted(path.name for path in first.iterdir())
    assert len(names) == 8
    pictures = [[np.array(Image.open(each / n)) for n in names] for each in (first, second)]
    assert all(np.array_equal(*pair) for pair in zip(*pictures, strict=True))
