"""Videos and animations: right count, size, speed and colours; never half there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from PIL import Image as Pillow

from engine.atomic import WriteError
from engine.errors import InputError
from engine.export.contract import Plan
from engine.export.film import film_writer
from engine.export.film.film_writer import count_frames
from engine.export.formats.mp4 import Mp4
from engine.export.open_export import open_export
from engine.messages import Image
from tests.support.sample_pictures import make_picture


def export(path: Path, frames: list[Image], plan: Plan | None = None) -> None:
    plan = plan or Plan()
    with open_export(path, replace(plan, indices=tuple(range(len(frames))))) as add:
        for index, frame in enumerate(frames):
            add(index, [frame])


def decode(path: Path) -> list[Image]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def distance(a: Image, b: Image) -> float:
    return float(np.abs(a.astype(float) - b).mean())


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
def test_a_film_has_the_frames_that_were_put_in(
    tmp_path: Path, walk: list[Image], suffix: str
) -> None:
    path = tmp_path / f"walk{suffix}"
    export(path, walk, Plan(parameters={"quality": 95}))
    shown = decode(path)
    assert len(shown) == len(walk) == count_frames(path)
    for index in (0, 5, 11):
        nearest = min(range(12), key=lambda k: distance(shown[index], walk[k]))
        assert nearest == index
        assert distance(shown[index], walk[index]) < 8
    assert os.listdir(tmp_path) == [path.name]


def test_webp_has_the_frames_that_were_put_in(tmp_path: Path, walk: list[Image]) -> None:
    export(tmp_path / "walk.webp", walk, Plan(parameters={"quality": 95}))
    with Pillow.open(tmp_path / "walk.webp") as shown:
        assert shown.n_frames == len(walk)
        assert shown.info["loop"] == 0
        shown.seek(7)
        assert distance(np.asarray(shown.convert("RGB")), walk[7]) < 4


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@pytest.mark.parametrize("fps", [24.0, 23.976, 7.5])
def test_video_keeps_speed_and_says_its_colours(
    tmp_path: Path, walk: list[Image], suffix: str, fps: float
) -> None:
    path = tmp_path / f"walk{suffix}"
    export(path, walk, Plan(fps=fps))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert float(stream.average_rate) == pytest.approx(fps, rel=0.01)
        context = stream.codec_context
        assert (context.width, context.height, context.pix_fmt) == (64, 48, "yuv420p")
        assert (context.colorspace, context.color_range) == (1, 1)
        assert container.duration / 1e6 == pytest.approx(12 / fps, abs=1.5 / fps)


def test_luma_is_that_of_bt709(tmp_path: Path) -> None:
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 255
    export(tmp_path / "red.mp4", [red], Plan(parameters={"quality": 100}))
    with av.open(str(tmp_path / "red.mp4")) as container:
        luma = next(container.decode(video=0)).to_ndarray()[:32]
    assert luma.mean() == pytest.approx(16 + 219 * 0.2126, abs=2)


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif", ".webp"])
@pytest.mark.parametrize("shape", [(33, 47), (1, 1), (48, 33)])
def test_odd_sizes_and_single_frames(tmp_path: Path, suffix: str, shape: tuple[int, int]) -> None:
    path = tmp_path / f"odd{suffix}"
    export(path, [make_picture(0, *shape)] * 3)
    if suffix in (".gif", ".webp"):
        with Pillow.open(path) as picture:
            assert picture.size == (shape[1], shape[0])
    else:
        assert [frame.shape[:2] for frame in decode(path)] == [tuple(n + n % 2 for n in shape)] * 3


def test_mp4_starts_with_its_index(tmp_path: Path, walk: list[Image]) -> None:
    export(tmp_path / "walk.mp4", walk)
    data = (tmp_path / "walk.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_quality_costs_bytes(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (4, 64, 64, 3), np.uint8)
    for quality in (20, 90):
        export(tmp_path / f"{quality}.mp4", list(noise), Plan(parameters={"quality": quality}))
    assert (tmp_path / "90.mp4").stat().st_size > 2 * (tmp_path / "20.mp4").stat().st_size


def test_lanes_stand_side_by_side_under_their_titles(tmp_path: Path) -> None:
    plan = Plan(titles=("linear", "slerp"), indices=(0, 1))
    with open_export(tmp_path / "two.mp4", plan) as add:
        for index in range(2):
            add(index, [make_picture(index, lane=lane) for lane in range(2)])
    [first, _] = decode(tmp_path / "two.mp4")
    assert first.shape == (64, 130, 3)
    assert distance(first[16:, :64], make_picture(0, lane=0)) < 8
    assert distance(first[16:, 66:], make_picture(0, lane=1)) < 8
    assert first[:16, :64].min() < 128, "no title is drawn"


def test_a_cancelled_film_leaves_nothing(tmp_path: Path, walk: list[Image]) -> None:
    with pytest.raises(KeyboardInterrupt), open_export(tmp_path / "walk.mp4", Plan()) as add:
        add(0, [walk[0]])
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


def test_no_frames_and_no_encoder_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="no frames"), open_export(tmp_path / "a.mp4", Plan()):
        pass
    monkeypatch.setattr(Mp4, "encoder", "none")
    with pytest.raises(InputError, match="encoder none is missing"):
        open_export(tmp_path / "a.mp4", Plan()).__enter__()
    assert os.listdir(tmp_path) == []


def test_a_film_that_lost_frames_is_not_kept(
    tmp_path: Path, walk: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(film_writer, "count_frames", lambda path: 11)
    with pytest.raises(WriteError, match="all 12 frames"):
        export(tmp_path / "walk.mp4", walk)
    assert os.listdir(tmp_path) == []


RECORD = """
import sys, time
from pathlib import Path
from engine.export.contract import Plan
from engine.export.open_export import open_export
from tests.support.sample_pictures import make_picture
with open_export(Path(sys.argv[1]), Plan(live=True, fps=10)) as add:
    for index in range(10_000):
        add(index, [make_picture(index % 20)])
        print(index, flush=True)
"""


def test_a_recording_that_is_killed_plays_up_to_a_second_before(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RECORD, str(tmp_path / "take.mp4")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    added = 0
    while added < 45:
        added = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    [kept] = tmp_path.iterdir()
    assert len(decode(kept)) >= added - 11


@pytest.mark.slow
def test_ten_thousand_frames_need_no_more_memory_than_a_hundred(tmp_path: Path) -> None:
    process = psutil.Process()
    frames = [make_picture(index, 128, 128) for index in range(20)]
    with open_export(tmp_path / "long.mp4", Plan()) as add:
        for index in range(10_000):
            add(index, [frames[index % 20]])
            if index == 300:
                before = process.memory_info().rss
        assert process.memory_info().rss - before < 32 << 20
    assert count_frames(tmp_path / "long.mp4") == 10_000
