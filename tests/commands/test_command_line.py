"""The command line's contract, as a person or a script meets it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import main
from engine.cli.arguments import build_parser
from engine.export.recall import recall
from tests.support.render_command import render

ROOT = Path(main.__file__).parent


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
        (["--batch", "99999999999"], "--batch takes a whole number from 1 to"),
        (["--columns", "0"], "columns"),
        (["--columns", "3"], "Pictures, PNG takes no columns; leave out --columns"),
        (["--fps", "fast"], "fps"),
        (["--fps", "24/0"], "fps"),
        (["--fps", "nan"], "takes a number such as 24, 23.976 or 24000/1001, not 'nan'"),
        (["--walk", ""], "the name is empty"),
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
        code = render(folder, out, *options)
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
        assert render(str(tmp_path / name), tmp_path / "out") == 2
        said = capsys.readouterr().err
        assert name in said
        assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_named(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert render(folder, tmp_path / "file" / "walk") == 2
    assert render(folder, tmp_path / "walk.xyz") == 2
    assert "xyz" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["render", "score", "atlas", "meter", "influence", "direction"])
def test_a_place_that_cannot_be_written_is_found_before_the_work(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    suffix = {"render": ".mp4", "score": ".csv", "atlas": ".png"}.get(command, "")
    out = str(tmp_path / "file" / f"it{suffix}")
    more = ["--colour", "red-blue"] if command == "direction" else []
    assert main.main([command, "--model", folder, "--out", out, *more]) == 2
    said = capsys.readouterr().err
    assert f"{out} cannot be written" in said
    assert said.count("\n") == 1


def test_latents_that_cannot_be_written_are_found_before_the_work(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    latents = str(tmp_path / "file" / "latents.safetensors")
    assert render(folder, tmp_path / "walk", "--save-latents", latents) == 2
    assert f"{latents} cannot be written" in capsys.readouterr().err
    assert render(folder, tmp_path / "walk", "--save-latents", str(tmp_path / "x.txt")) == 2
    assert "saved as .safetensors" in capsys.readouterr().err
    assert not (tmp_path / "walk").exists()


@pytest.mark.parametrize(
    ("command", "option", "listing"),
    [
        ("render", "--compare", ","),
        ("render", "--compare", ""),
        ("score", "--methods", " , "),
        ("score", "--measures", ","),
        ("atlas", "--texts", ";"),
    ],
)
def test_a_list_without_a_name_is_not_taken_for_the_default(
    folder: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    option: str,
    listing: str,
) -> None:
    out = tmp_path / ("table.csv" if command == "score" else "out")
    arguments = [command, "--model", folder, "--out", str(out), option, listing]
    assert main.main(arguments) == 2
    assert f"{listing!r} is empty" in capsys.readouterr().err
    assert not out.exists()


def test_what_is_there_is_replaced_only_when_asked(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "walk"
    assert render(folder, out) == 0
    assert render(folder, out) == 2
    assert "already" in capsys.readouterr().err
    assert render(folder, out, "--overwrite") == 0


def test_replaced_pictures_are_those_of_one_walk(folder: str, tmp_path: Path) -> None:
    out = tmp_path / "walk"
    assert render(folder, out) == 0
    assert render(folder, out, "--frames", "3", "--overwrite") == 0
    assert sorted(path.name for path in out.iterdir()) == [f"{k:05d}.png" for k in range(3)]
    assert render(folder, out, "--compare", "linear,slerp", "--frames", "2", "--overwrite") == 0
    assert sorted(path.name for path in out.iterdir()) == ["1 linear", "2 slerp"]
    assert len(recall(out).exploration.compare) == 2


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
    (tmp_path / "file").write_text("in the way")
    nowhere = tmp_path / "file" / "findings.json"
    assert main.main(["bench", "--json", str(nowhere)]) == main.BAD_INPUT
    assert f"{nowhere} cannot be written" in capsys.readouterr().err


def test_ctrl_c_before_the_work_begins_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.cli.doctor.examine", interrupted)
    assert main.main(["doctor"]) == 130


@pytest.mark.parametrize("size", [1, 10**6])
def test_a_reader_that_has_ended_is_no_traceback(size: int) -> None:
    """As in `doctor | head -1`: before the output is written, or in the middle of it."""
    code = f"import main; main.main = lambda _: print('x' * {size}) or 0; main.run()"
    command = [sys.executable, "-c", f"input(); {code}"]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write("\n")
        process.stdin.close()
        assert process.stderr.read() == ""
    assert process.returncode == main.FAILED


def test_an_output_without_a_sign_has_a_question_mark() -> None:
    code = "import main; main.main = lambda _: print('γ − 1') or 0; main.run()"
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, check=True)
    assert done.stdout.strip() == b"? ? 1"


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


def test_fewer_bits_of_weights_are_refused_where_they_cannot_be(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("engine.requests.find_spec", lambda _: None)
    assert render(folder, tmp_path / "walk", "--weights", "4") == 2
    assert "pip install bitsandbytes" in capsys.readouterr().err
    monkeypatch.setattr("engine.requests.find_spec", lambda _: object())
    assert render(folder, tmp_path / "walk", "--weights", "4") == 2
    assert "full weights only; leave out --weights." in capsys.readouterr().err
    assert not (tmp_path / "walk").exists()
