"""The files of the command `render`: their kinds, sizes, rates and metadata."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file

from engine.documents.session_file import FORMAT
from engine.methods.contract import methods
from engine.models.loaded import DiffusionModel
from tests.support.render_command import render
from tests.support.tiny_families.pixart import MODELS


def test_render_writes_numbered_pictures(folder: str, tmp_path: Path) -> None:
    out = tmp_path / "walk"
    assert render(folder, out) == 0
    assert sorted(p.name for p in out.iterdir()) == [f"{k:05d}.png" for k in range(5)]
    with Image.open(out / "00002.png") as picture:
        assert picture.size == (32, 32)
        assert "Steps: 4" in picture.text["parameters"]


def test_render_writes_nothing_of_how_it_was_made_where_that_is_not_wanted(
    folder: str, tmp_path: Path
) -> None:
    assert render(folder, tmp_path / "walk", "--no-metadata") == 0
    with Image.open(tmp_path / "walk" / "00002.png") as picture:
        assert picture.text == {}


def test_a_picture_that_was_decoded_otherwise_says_so(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DiffusionModel, "decode_note", "Decoded in tiles.")
    assert render(folder, tmp_path / "walk") == 0
    with Image.open(tmp_path / "walk" / "00002.png") as picture:
        assert "Note: Decoded in tiles." in picture.text["parameters"]


def test_render_writes_a_video(folder: str, tmp_path: Path) -> None:
    import av

    out = tmp_path / "walk.mp4"
    assert render(folder, out, "--fps", "12") == 0
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
    assert render(folder, out, "--compare", "linear,normalized,slerp", "--frames", "2") == 0
    assert out.read_bytes().startswith(start)


@pytest.mark.parametrize("name", methods.names())
def test_every_method_by_its_name(folder: str, tmp_path: Path, name: str) -> None:
    options = ["--method", name, "--prompt-end", "a can", "--frames", "2", "--steps", "1"]
    assert render(folder, tmp_path / "walk", *options) == 0
    assert len(list((tmp_path / "walk").iterdir())) == 2


def test_latents_are_saved_as_the_formula_says(folder: str, tmp_path: Path) -> None:
    file = tmp_path / "latents.safetensors"
    options = ["--save-latents", str(file), "--method", "linear", "--seed", "3", "--draw-end", "2"]
    assert render(folder, tmp_path / "walk", *options) == 0
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
    assert render(folder, out, "--compare", "linear,slerp") == 0
    with Image.open(out) as sheet:
        assert sheet.width >= 5 * 32
        assert sheet.height >= 2 * 32
    options = ["--compare", "linear,slerp", "--columns", "3", "--overwrite"]
    assert render(folder, out, *options) == 0
    with Image.open(out) as sheet:
        assert 3 * 32 <= sheet.width < 4 * 32


def test_a_prompt_that_is_not_read_to_its_end_is_named(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "cat " * 90
    options = ["--prompt", long, "--prompt-end", "a cat", "--compare", "linear,slerp"]
    assert render(folder, tmp_path / "walk", *options) == 0
    said = capsys.readouterr().err
    assert said.count("has 90 tokens and the model reads 75") == 1
    assert long not in said


@pytest.mark.parametrize(("more", "drawn"), [([], 2), (["--save-latents", "z.safetensors"], 5)])
def test_frames_that_a_sheet_does_not_show_are_drawn_for_their_latents_only(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], drawn: int
) -> None:
    monkeypatch.chdir(tmp_path)
    assert render(folder, tmp_path / "sheet.png", "--columns", "2", *more) == 0
    frames = list((tmp_path / "cache").rglob("??/*.safetensors"))
    assert len(frames) == drawn
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert 64 <= sheet.width < 96


def test_differences_of_what_is_compared(folder: str, tmp_path: Path) -> None:
    out = tmp_path / "maps"
    assert render(folder, out, "--compare", "linear,slerp", "--difference", "slerp") == 0
    assert sorted(path.name for path in out.iterdir()) == ["1 linear - slerp", "2 slerp"]
    with Image.open(out / "1 linear - slerp" / "00000.png") as first:
        assert len(first.getcolors()) == 1, "both walks begin with the same picture"
    with Image.open(out / "1 linear - slerp" / "00002.png") as middle:
        assert len(middle.getcolors() or range(999)) > 1


@pytest.mark.parametrize("fps", ["24000/1001", "23.976"])
def test_a_rate_of_television_is_kept(folder: str, tmp_path: Path, fps: str) -> None:
    import av

    assert render(folder, tmp_path / "walk.mp4", "--fps", fps, "--frames", "2") == 0
    with av.open(str(tmp_path / "walk.mp4")) as film:
        assert film.streams.video[0].average_rate == Fraction(24000, 1001)


def test_pictures_are_written_in_the_size_that_is_asked_for(folder: str, tmp_path: Path) -> None:
    for options, width in ((["--scale", "3"], 96), (["--picture-width", "50"], 50)):
        out = tmp_path / str(width)
        assert render(folder, out, "--frames", "2", *options) == 0
        with Image.open(out / "00001.png") as picture:
            assert picture.size == (width, width)


def test_a_size_that_cannot_be_is_one_sentence(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert render(folder, tmp_path / "out", "--frames", "2", "--scale", "9") == 2
    assert "a whole number from 1 to 8" in capsys.readouterr().err


def test_a_rate_that_a_format_cannot_keep_is_said(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert render(folder, tmp_path / "walk.gif", "--fps", "120", "--frames", "2") == 0
    assert "120 becomes 50 frames a second" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
def test_the_bits_of_weights_are_in_the_metadata(tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes", reason="the optional library of weights of few bits")
    tiny = MODELS[0].write(tmp_path / "pixart")
    options = ("--frames", "3", "--steps", "2", "--device", "cpu", "--weights", "8")
    assert render(str(tiny), tmp_path / "walk", *options) == 0
    with Image.open(tmp_path / "walk" / "00001.png") as picture:
        assert "cpu float32, 8-bit weights" in picture.text[FORMAT]
