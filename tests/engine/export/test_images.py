"""Picture files, sheets, tables, names, and what is found out before any work."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image as Pillow

from engine.atomic import Existing, WriteError
from engine.errors import InputError
from engine.export.contract import Plan
from engine.export.file_names import clean_name, frame_name, frame_number
from engine.export.formats.mp4 import Mp4
from engine.export.formats.pictures import Pictures
from engine.export.formats.sheet import ContactSheet
from engine.export.open_export import (
    check_export,
    estimate_bytes,
    format_class,
    open_export,
    settle_path,
)
from engine.export.png import encode_png, read_text
from engine.measuring.table_files import write_table
from engine.messages import Image
from engine.pictures.heat_map import difference, heat_map, heat_table
from engine.pictures.title_strip import caption
from tests.support.sample_pictures import make_picture

#: Rows of a sheet above its first picture, without titles.
SHEET_HEAD = 0


def load(path: Path) -> Image:
    with Pillow.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def export(path: Path, frames: Sequence[Image], plan: Plan) -> None:
    with open_export(path, plan) as add:
        for index, frame in zip(plan.indices, frames, strict=True):
            add(index, [frame] * len(plan.titles))


def test_pictures_are_numbered_and_lossless(tmp_path: Path, walk: list[Image]) -> None:
    export(tmp_path / "out", walk, Plan(indices=tuple(range(12))))
    assert sorted(os.listdir(tmp_path / "out")) == [f"{k:05d}.png" for k in range(12)]
    for index, frame in enumerate(walk):
        assert np.array_equal(load(tmp_path / "out" / f"{index:05d}.png"), frame)


def test_each_picture_carries_its_own_text(tmp_path: Path, walk: list[Image]) -> None:
    plan = Plan(
        titles=("linear", "slerp: a/b"),
        indices=(3, 4),
        parameters={"template": "walk {index}.png"},
        describe=lambda lane, index: {"frame": f"{lane}/{index} γ"},
    )
    export(tmp_path, walk[3:5], plan)
    assert sorted(os.listdir(tmp_path)) == ["1 linear", "2 slerp_ a_b"]
    assert read_text(tmp_path / "2 slerp_ a_b" / "walk 4.png") == {"frame": "1/4 γ"}


def test_text_is_read_by_others_too(tmp_path: Path) -> None:
    text = {"parameters": "a cat, ünïted\nSteps: 20", "own": "猫 γ"}
    (tmp_path / "a.png").write_bytes(encode_png(make_picture(0), text))
    with Pillow.open(tmp_path / "a.png") as picture:
        assert dict(picture.text) == text
    assert read_text(tmp_path / "a.png") == text


def test_pictures_that_were_done_survive_a_full_disk(
    tmp_path: Path, walk: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Path.write_bytes

    def fill_up(path: Path, data: bytes) -> int:
        if path.name.startswith("00005"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return written(path, data)

    plan = Plan(indices=tuple(range(12)))
    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(WriteError, match=r"00005\.png could not be written \(no space left"):
        export(tmp_path, walk, plan)
    monkeypatch.undo()
    done = sorted(os.listdir(tmp_path))
    assert done[:5] == [f"{k:05d}.png" for k in range(5)]
    assert all(np.array_equal(load(tmp_path / name), walk[int(name[:5])]) for name in done)
    export(tmp_path, walk[5:], Plan(indices=tuple(range(5, 12)), existing=Existing.REPLACE))
    assert len(os.listdir(tmp_path)) == 12


@pytest.mark.parametrize(
    "titles", [("linear",), ("linear", "slerp"), ("linear", "normalized", "slerp")]
)
def test_replaced_pictures_leave_none_of_an_older_walk(
    tmp_path: Path, walk: list[Image], titles: tuple[str, ...]
) -> None:
    """The older walk is longer, or has other lanes, or only one."""
    for older in (Plan(indices=tuple(range(12))), Plan(("a", "b", "c"), tuple(range(12)))):
        export(tmp_path / "out", walk, replace(older, existing=Existing.REPLACE))
    (tmp_path / "out" / "2 b" / "notes.txt").touch()
    (tmp_path / "out" / "cat.png").touch()
    plan = Plan(titles, tuple(range(5)), existing=Existing.REPLACE)
    export(tmp_path / "out", walk[:5], plan)
    folders = [f"{number} {title}/" for number, title in enumerate(titles, 1)]
    expected = {
        f"{folder}{k:05d}.png" for folder in (folders[1:] and folders) or [""] for k in range(5)
    }
    found = {p.relative_to(tmp_path / "out").as_posix() for p in tmp_path.rglob("*.*")}
    assert found == expected | {"2 b/notes.txt", "cat.png"}, "only pictures of walks are removed"
    assert not (tmp_path / "out" / "3 c").exists()


@pytest.mark.parametrize("template", ["{index:05d}.png", "a.b {index}.png", "7{index:03d}.png"])
def test_a_name_says_its_number(template: str) -> None:
    for index in (0, 7, 1234, 123456):
        assert frame_number(template, frame_name(template, index)) == index
    assert frame_number(template, "cat.png") is None
    assert frame_number(template, f"x{frame_name(template, 7)}") is None


def test_a_sheet_has_a_row_a_lane_and_shows_both_ends(tmp_path: Path, walk: list[Image]) -> None:
    plan = Plan(titles=("linear", "slerp"), indices=tuple(range(12)), parameters={"columns": 4})
    assert ContactSheet(columns=4).shown(plan.indices) == (0, 4, 7, 11)
    export(tmp_path / "sheet.png", walk, plan)
    page = load(tmp_path / "sheet.png")
    assert page.shape == (2 * (48 + 16) + 2, 4 * 64 + 3 * 2, 3)
    assert np.array_equal(page[16:64, :64], walk[0])
    assert np.array_equal(page[-48:, -64:], walk[11])
    assert page[:16].min() < 128, "no title is drawn"


#: Not evenly spaced, as after *Even out*.
TIMES = tuple((index / 22) ** 2 for index in range(23))


def test_a_sheet_carries_the_time_of_each_column(tmp_path: Path, walk: list[Image]) -> None:
    plan = Plan(("linear", "slerp"), tuple(range(12)), times=TIMES, parameters={"columns": 4})
    export(tmp_path / "sheet.png", walk, plan)
    page = load(tmp_path / "sheet.png")
    assert page.shape == (16 + 2 * (48 + 16) + 2, 4 * 64 + 3 * 2, 3)
    times = [f"{TIMES[index]:.3f}".rstrip("0").rstrip(".") for index in (0, 4, 7, 11)]
    for column, text in enumerate((f"gamma = {times[0]}", *times[1:])):
        head = page[:16, column * 66 : column * 66 + 64]
        assert np.array_equal(head, caption(text, 64, 16))
        assert head.min() < 128
    assert times[-1] == "0.25", "a range keeps the times of the whole walk"


def test_a_sheet_without_any_frame_is_no_file(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="no frames to export"),
        open_export(tmp_path / "sheet.png", Plan(indices=(0, 1))),
    ):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("columns", [1, 3, 100])
def test_a_sheet_of_any_width(tmp_path: Path, walk: list[Image], columns: int) -> None:
    plan = Plan(indices=tuple(range(12)), parameters={"columns": columns})
    export(tmp_path / "sheet.png", walk, plan)
    shown = min(columns, 12)
    assert load(tmp_path / "sheet.png").shape == (48, shown * 66 - 2, 3)


def test_a_wide_sheet_is_made_smaller(tmp_path: Path) -> None:
    frames = [make_picture(0, 256, 512)] * 40
    plan = Plan(indices=tuple(range(40)), parameters={"columns": 40})
    export(tmp_path / "sheet.png", frames, plan)
    assert load(tmp_path / "sheet.png").shape[1] <= 8192


@pytest.mark.parametrize(
    ("parameters", "size"),
    [({"scale": 2}, (128, 96)), ({"width": 40}, (40, 30)), ({"scale": 2, "width": 96}, (96, 72))],
)
@pytest.mark.parametrize("name", ["out", "walk.mp4", "walk.gif", "walk.webp", "sheet.png"])
def test_every_format_writes_the_size_that_was_asked_for(
    tmp_path: Path, walk: list[Image], name: str, parameters: dict[str, int], size: tuple[int, int]
) -> None:
    plan = Plan(indices=tuple(range(12)), parameters=parameters | {"columns": 1})
    export(tmp_path / name, walk, plan)
    first = tmp_path / name / "00000.png" if name == "out" else tmp_path / name
    if name == "walk.mp4":
        with av.open(str(first)) as film:
            found = film.streams.video[0].width, film.streams.video[0].height
    else:
        with Pillow.open(first) as picture:
            found = picture.size
    if name == "sheet.png":
        found = found[0], found[1] - SHEET_HEAD
    assert found == size
    plain = estimate_bytes(tmp_path / name, replace(plan, parameters={"columns": 1}), 64, 48)
    share = size[0] * size[1] / (64 * 48)
    assert estimate_bytes(tmp_path / name, plan, 64, 48) == pytest.approx(plain * share, rel=0.01)


def test_larger_pictures_are_smooth_and_keep_their_edges(tmp_path: Path) -> None:
    """An edge becomes no staircase, and is steeper than between neighbours in a straight line."""
    edge = np.zeros((16, 16, 3), np.uint8)
    edge[:, 8:] = 200
    export(tmp_path / "out", [edge], Plan(indices=(0,), parameters={"scale": 4}))
    row = load(tmp_path / "out" / "00000.png")[32, :, 0].astype(int)
    assert len(set(row[28:36])) > 3
    straight = np.asarray(Pillow.fromarray(edge).resize((64, 64), Pillow.Resampling.BILINEAR))
    assert np.abs(np.diff(row)).max() > np.abs(np.diff(straight[32, :, 0].astype(int))).max()


def test_differences_are_taken_before_pictures_become_larger(tmp_path: Path) -> None:
    first, second = make_picture(0), make_picture(5)
    plan = Plan(("a", "b"), (0,), parameters={"scale": 2}, against=(0, 0))
    with open_export(tmp_path / "out", plan) as add:
        add(0, [first, second])
    heat = heat_map(difference(first, second), heat_table())
    larger = Pillow.fromarray(heat).resize((128, 96), Pillow.Resampling.LANCZOS)
    assert np.array_equal(load(tmp_path / "out" / "2 b" / "00000.png"), np.asarray(larger))


def test_a_film_that_no_encoder_takes_is_refused_before_any_work(tmp_path: Path) -> None:
    plan = Plan(("a", "b", "c"), (0, 1), parameters={"width": 8192})
    with pytest.raises(InputError, match="at most 16,383"):
        check_export(tmp_path / "walk.mp4", plan, 64, 48)
    check_export(tmp_path / "walk.mp4", replace(plan, titles=("a",)), 64, 48)


def test_tables_as_csv_and_json(tmp_path: Path) -> None:
    columns = {"lane": ["slerp", "a, b"], "index": [0, 1], "clip score": [24.5, float("nan")]}
    path = write_table(tmp_path / "a.csv", columns)
    assert path.read_text() == 'lane,index,clip score\nslerp,0,24.5\n"a, b",1,\n'
    rows = json.loads(write_table(tmp_path / "a.json", columns).read_text())
    assert rows[1] == {"lane": "a, b", "index": 1, "clip score": None}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a/b\\c:d", "a_b_c_d"),
        ("con", "_con"),
        ("Aux.txt", "_Aux.txt"),
        ("..", "unnamed"),
        ("x" * 300, "x" * 80),
        ("猫 é", "猫 é"),
        ("🙂" * 80, "🙂" * 50),
    ],
)
def test_names_that_every_system_takes(text: str, name: str) -> None:
    assert clean_name(text) == name


@pytest.mark.parametrize("template", ["a.png", "../{index}.png", "{index!r}", "{0}", "{index}{x}"])
def test_unusable_templates_are_one_sentence(template: str) -> None:
    with pytest.raises(InputError, match="name template"):
        frame_name(template, 1)


def test_templates_number_as_they_say() -> None:
    assert frame_name("cat_{index:03d}.png", 7) == "cat_007.png"
    assert frame_name("{index}.png", 7) == "7.png"


def test_the_suffix_names_the_format(tmp_path: Path) -> None:
    assert format_class(Path("a/b")) is Pictures
    assert format_class(Path("a.MP4")) is Mp4
    (tmp_path / "v1.5").mkdir()
    assert format_class(tmp_path / "v1.5") is Pictures
    with pytest.raises(InputError, match=r"no export format '\.avi'"):
        format_class(Path("a.avi"))


@pytest.mark.parametrize("name", ["file", "file/below", "file/a.mp4", "a.avi"])
def test_places_that_cannot_be_written_are_named_before(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError):
        check_export(tmp_path / name, Plan(indices=(0,)), 64, 64)
    assert os.listdir(tmp_path) == ["file"]


def test_checking_leaves_nothing_behind(tmp_path: Path) -> None:
    for name in ("new/folder", "new/film.mp4"):
        check_export(tmp_path / name, Plan(indices=(0,)), 64, 64)
    assert os.listdir(tmp_path) == []


def test_too_little_space_is_said_with_both_amounts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=100 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    plan = Plan(indices=tuple(range(1000)))
    with pytest.raises(InputError, match=r"needs about 564 MB and .* has 100 MB left"):
        check_export(tmp_path / "out", plan, 512, 512)


def test_pictures_are_not_mixed_with_older_ones(tmp_path: Path, walk: list[Image]) -> None:
    plan = Plan(indices=tuple(range(12)))
    export(tmp_path / "out", walk, plan)
    with pytest.raises(InputError, match="holds pictures already"):
        check_export(tmp_path / "out", plan, 64, 48)
    assert settle_path(tmp_path / "out", Existing.NUMBER) == tmp_path / "out-2"
    assert settle_path(tmp_path / "new", Existing.NUMBER) == tmp_path / "new"


def test_a_folder_that_cannot_be_listed_is_one_sentence(
    tmp_path: Path, walk: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> list[str]:
        raise PermissionError(errno.EACCES, "Permission denied")

    plan = Plan(indices=tuple(range(12)), existing=Existing.REPLACE)
    export(tmp_path / "out", walk, plan)
    monkeypatch.setattr(os, "listdir", refuse)
    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(WriteError, match=r"could not be written \(permission denied\)"):
        settle_path(tmp_path / "out", Existing.NUMBER)
    with pytest.raises(WriteError, match=r"could not be written \(permission denied\)"):
        export(tmp_path / "out", walk, plan)


@pytest.mark.parametrize("name", ["out", "a.mp4", "a.webm", "a.gif", "a.webp", "a.png"])
def test_the_estimate_is_on_the_safe_side(tmp_path: Path, name: str) -> None:
    frames = [make_picture(k, 128, 128) for k in range(12)]
    plan = Plan(indices=tuple(range(12)))
    export(tmp_path / name, frames, plan)
    path = tmp_path / name
    files = list(path.iterdir()) if path.is_dir() else [path]
    assert sum(f.stat().st_size for f in files) < estimate_bytes(path, plan, 128, 128)
