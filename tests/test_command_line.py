"""The command line's contract, as a person or a script meets it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file

import main
from engine.cli.arguments import build_parser
from engine.documents.session_file import save_session
from engine.export.recall import recall
from engine.methods.contract import methods
from engine.models.loaded import DiffusionModel
from tests.support.tiny_models import make_tiny_model

ROOT = Path(main.__file__).parent
QUICK = ["--frames", "5", "--steps", "4", "--width", "32", "--height", "32"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_tiny_model(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def _render(folder: str, out: Path, *options: str) -> int:
    return main.main(["render", "--model", folder, *QUICK, "--out", str(out), *options])


def test_render_writes_numbered_pictures(folder: str, tmp_path: Path) -> None:
    out = tmp_path / "walk"
    assert _render(folder, out) == 0
    assert sorted(p.name for p in out.iterdir()) == [f"{k:05d}.png" for k in range(5)]
    with Image.open(out / "00002.png") as picture:
        assert picture.size == (32, 32)
        assert "Steps: 4" in picture.text["parameters"]


def test_render_writes_nothing_of_how_it_was_made_where_that_is_not_wanted(
    folder: str, tmp_path: Path
) -> None:
    assert _render(folder, tmp_path / "walk", "--no-metadata") == 0
    with Image.open(tmp_path / "walk" / "00002.png") as picture:
        assert picture.text == {}


def test_a_picture_that_was_decoded_otherwise_says_so(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DiffusionModel, "decode_note", "Decoded in tiles.")
    assert _render(folder, tmp_path / "walk") == 0
    with Image.open(tmp_path / "walk" / "00002.png") as picture:
        assert "Note: Decoded in tiles." in picture.text["parameters"]


def test_render_writes_a_video(folder: str, tmp_path: Path) -> None:
    import av

    out = tmp_path / "walk.mp4"
    assert _render(folder, out, "--fps", "12") == 0
    with av.open(str(out)) as film:
        stream = film.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert sum(1 for _ in film.decode(stream)) == 5
        assert stream.average_rate == 12


@pytest.mark.parametrize(
    ("suffix", "start"), [(".gif", b"GIF89a"), (".webp", b"RIFF"), (".webm", b"\x1aE\xdf\xa3")]
)
def test_other_films_by_their_suffix(
    folder: str, tmp_path: Path, suffix: str, start: bytes
) -> None:
    out = tmp_path / f"walk{suffix}"
    assert _render(folder, out, "--compare", "linear,normalized,slerp", "--frames", "2") == 0
    assert out.read_bytes().startswith(start)


@pytest.mark.parametrize("name", methods.names())
def test_every_method_by_its_name(folder: str, tmp_path: Path, name: str) -> None:
    options = ["--method", name, "--prompt-end", "a can", "--frames", "2", "--steps", "1"]
    assert _render(folder, tmp_path / "walk", *options) == 0
    assert len(list((tmp_path / "walk").iterdir())) == 2


def test_latents_are_saved_as_the_formula_says(folder: str, tmp_path: Path) -> None:
    file = tmp_path / "latents.safetensors"
    options = ["--save-latents", str(file), "--method", "linear", "--seed", "3", "--draw-end", "2"]
    assert _render(folder, tmp_path / "walk", *options) == 0
    saved = load_file(file)
    generator = torch.Generator("cpu").manual_seed(3)
    draws = [torch.randn((1, 4, 8, 8), generator=generator)[0].numpy() for _ in range(3)]
    times = saved["times"]
    assert np.allclose(times, np.linspace(0, 1, 5))
    for time, initial in zip(times, saved["initial"], strict=True):
        assert np.abs(initial - ((1 - time) * draws[0] + time * draws[2])).max() < 1e-6
    assert saved["final"].shape == (5, 4, 8, 8)
    assert all(tensor.dtype == np.float32 for tensor in saved.values())


def test_methods_are_rendered_side_by_side(folder: str, tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    assert _render(folder, out, "--compare", "linear,slerp") == 0
    with Image.open(out) as sheet:
        assert sheet.width >= 5 * 32
        assert sheet.height >= 2 * 32
    options = ["--compare", "linear,slerp", "--columns", "3", "--overwrite"]
    assert _render(folder, out, *options) == 0
    with Image.open(out) as sheet:
        assert 3 * 32 <= sheet.width < 4 * 32


def test_a_prompt_that_is_not_read_to_its_end_is_named(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "cat " * 90
    options = ["--prompt", long, "--prompt-end", "a cat", "--compare", "linear,slerp"]
    assert _render(folder, tmp_path / "walk", *options) == 0
    said = capsys.readouterr().err
    assert said.count("has 90 tokens and the model reads 75") == 1
    assert long not in said


def test_differences_of_what_is_compared(folder: str, tmp_path: Path) -> None:
    out = tmp_path / "maps"
    assert _render(folder, out, "--compare", "linear,slerp", "--difference", "slerp") == 0
    assert sorted(path.name for path in out.iterdir()) == ["1 linear - slerp", "2 slerp"]
    with Image.open(out / "1 linear - slerp" / "00000.png") as first:
        assert len(first.getcolors()) == 1, "both walks begin with the same picture"
    with Image.open(out / "1 linear - slerp" / "00002.png") as middle:
        assert len(middle.getcolors() or range(999)) > 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--difference", "slerp"], "compare several methods"),
        (["--method", "slrp"], "did you mean 'slerp'"),
        (["--frames", "0"], "frames"),
        (["--steps", "-3"], "steps"),
        (["--steps", "many"], "steps"),
        (["--guidance", "nan"], "uidance"),
        (["--width", "33"], "multiples of 4"),
        (["--param", "speed=3"], "speed"),
        (["--param", "speed"], "KEY=VALUE"),
        (["--solver", "magic"], "magic"),
        (["--device", "abacus"], "abacus"),
        (["--seed", "-5"], "seed"),
        (["--batch", "-1"], "batch"),
        (["--columns", "0"], "columns"),
        (["--fps", "fast"], "fps"),
        (["--fps", "24/0"], "fps"),
        (["--fps", "1000"], "fps"),
        (["--session", "/nowhere/x.json"], "nowhere"),
        (["--surprise"], "surprise"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    out = tmp_path / "walk"
    try:
        code = _render(folder, out, *options)
    except SystemExit as error:
        code = error.code
    said = capsys.readouterr().err
    assert code == 2
    assert words in said
    assert "Traceback" not in said
    assert not out.exists()


def test_models_that_cannot_be_used_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "old.ckpt").write_bytes(b"\x80\x02pickle")
    for name in ("empty", "old.ckpt", "missing"):
        assert _render(str(tmp_path / name), tmp_path / "out") == 2
        said = capsys.readouterr().err
        assert name in said
        assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_named(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert _render(folder, tmp_path / "file" / "walk") == 2
    assert _render(folder, tmp_path / "walk.xyz") == 2
    assert "xyz" in capsys.readouterr().err


def test_what_is_there_is_replaced_only_when_asked(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "walk"
    assert _render(folder, out) == 0
    assert _render(folder, out) == 2
    assert "already" in capsys.readouterr().err
    assert _render(folder, out, "--overwrite") == 0


def test_replaced_pictures_are_those_of_one_walk(folder: str, tmp_path: Path) -> None:
    out = tmp_path / "walk"
    assert _render(folder, out) == 0
    assert _render(folder, out, "--frames", "3", "--overwrite") == 0
    assert sorted(path.name for path in out.iterdir()) == [f"{k:05d}.png" for k in range(3)]
    assert _render(folder, out, "--compare", "linear,slerp", "--frames", "2", "--overwrite") == 0
    assert sorted(path.name for path in out.iterdir()) == ["1 linear", "2 slerp"]
    assert len(recall(out).exploration.compare) == 2


@pytest.mark.parametrize("fps", ["24000/1001", "23.976"])
def test_a_rate_of_television_is_kept(folder: str, tmp_path: Path, fps: str) -> None:
    import av

    assert _render(folder, tmp_path / "walk.mp4", "--fps", fps, "--frames", "2") == 0
    with av.open(str(tmp_path / "walk.mp4")) as film:
        assert film.streams.video[0].average_rate == Fraction(24000, 1001)


def test_pictures_are_written_in_the_size_that_is_asked_for(folder: str, tmp_path: Path) -> None:
    for options, width in ((["--scale", "3"], 96), (["--picture-width", "50"], 50)):
        out = tmp_path / str(width)
        assert _render(folder, out, "--frames", "2", *options) == 0
        with Image.open(out / "00001.png") as picture:
            assert picture.size == (width, width)


def test_a_size_that_cannot_be_is_one_sentence(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _render(folder, tmp_path / "out", "--frames", "2", "--scale", "9") == 2
    assert "a whole number from 1 to 8" in capsys.readouterr().err


def test_a_rate_that_a_format_cannot_keep_is_said(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _render(folder, tmp_path / "walk.gif", "--fps", "120", "--frames", "2") == 0
    assert "120 becomes 100 frames a second" in capsys.readouterr().err


def test_ctrl_c_keeps_the_finished_frames(folder: str, tmp_path: Path) -> None:
    out = tmp_path / "walk"
    command = [sys.executable, "main.py", "render", "--model", folder, "--out", str(out)]
    command += ["--frames", "2000", "--steps", "4", "--width", "32", "--height", "32"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if " of 2000 frames" in line and not line.startswith("0 of "):
                process.send_signal(signal.SIGINT)
                break
        rest = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in rest
    assert 0 < len(list(out.glob("*.png"))) < 2000
    for path in out.glob("*"):
        with Image.open(path) as picture:
            picture.load()


def test_doctor_answers_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["doctor", "--json"]) == 0
    assert '"torch"' in json.dumps(json.loads(capsys.readouterr().out))


def test_the_benchmark_is_part_of_the_sources(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tests.benchmarks.bench", None)
    assert main.main(["bench"]) == main.BAD_INPUT
    assert "part of the sources" in capsys.readouterr().err


def test_findings_that_could_not_be_written_are_not_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "nowhere" / "findings.json"
    assert main.main(["bench", "--json", str(nowhere)]) == main.BAD_INPUT
    assert f"no folder for {nowhere}" in capsys.readouterr().err


def test_ctrl_c_before_the_work_begins_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.cli.doctor.examine", interrupted)
    assert main.main(["doctor"]) == 130


def test_without_a_display_the_window_says_so(tmp_path: Path) -> None:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    done = subprocess.run(
        [sys.executable, "main.py"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "render" in done.stderr
    assert done.stderr.count("\n") == 1


def test_safe_mode_is_asked_for_by_hand() -> None:
    parser = build_parser()
    assert parser.parse_args(["window", "--safe"]).safe
    assert not parser.parse_args(["window"]).safe


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
    assert _render(folder, out, "--even-out") == 0
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
    assert _render(folder, out, "--preset", "loop-spline") == 0
    recalled = recall(out)
    assert recalled.exploration is not None
    assert recalled.exploration.walk.loop
    assert recalled.origin is not None
    assert recalled.origin.certificates[0]["seam"] < 1e-6
    compared = tmp_path / "compared.gif"
    assert _render(folder, compared, "--preset", "loop-spline", "--compare", "spline,squad") == 0


def test_the_frames_of_an_evened_session_are_equal(folder: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert _render(folder, first, "--even-out", "slow-ends") == 0
    recalled = recall(first / "00002.png")
    assert recalled.exploration is not None
    session = save_session(tmp_path / "walk.trail", recalled.exploration)
    assert main.main(["render", "--session", str(session), "--out", str(second)]) == 0
    for name in ("00000.png", "00002.png", "00004.png"):
        pictures = [np.array(Image.open(each / name)) for each in (first, second)]
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
    assert _render(folder, tmp_path / "walk.gif", *options) == 2
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
    assert _render(folder, first, *options) == 0
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
