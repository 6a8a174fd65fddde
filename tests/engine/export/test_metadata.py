"""What made a picture: written, read back, and read safely."""

from __future__ import annotations

import json
import os
import struct
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from engine.atomic import Existing
from engine.documents.session_file import decode, load_session
from engine.errors import InputError
from engine.export.contract import Plan
from engine.export.metadata import Provenance
from engine.export.open_export import open_export, settle_path
from engine.export.picture_texts import picture_texts
from engine.export.png import encode_png, read_text
from engine.export.recall import Recalled, recall
from engine.export.session_beside import save_beside
from engine.messages import Image, ModelInfo
from engine.walk import Exploration, Keyframe, MethodChoice, NoiseSource, Sampling, Walk
from tests.support.sample_pictures import make_picture

KEYFRAMES = (
    Keyframe("a cat, ünïted", NoiseSource(2**64 - 1, 0)),
    Keyframe("猫 γ", NoiseSource(7, 3)),
)
EXPLORATION = Exploration(
    walk=Walk(KEYFRAMES, (MethodChoice("linear"),), "blurry", 5),
    compare=(MethodChoice("linear"), MethodChoice("slerp")),
    sampling=Sampling(30, 7.5, 512, 512, "dpm++2m"),
)
PROVENANCE = Provenance(EXPLORATION, model="starter:1234", versions={"latent-trails": "0.1.0"})


def export(path: Path, plan: Plan) -> None:
    with open_export(path, plan) as add:
        for index in plan.indices:
            add(index, [make_picture(index, lane=lane) for lane in range(len(plan.titles))])


def test_the_certificate_of_a_walk_is_in_the_session_beside_it(tmp_path: Path) -> None:
    numbers = {"step_variation": 0.12, "largest_step": 1.9}
    path = save_beside(tmp_path / "walk.gif", ".gif", EXPLORATION, (numbers,))
    exploration, origin = decode(path.read_bytes())
    assert exploration == EXPLORATION == load_session(path)
    assert origin is not None
    assert origin.certificates == (numbers,)


def test_what_was_not_the_plain_way_is_said_of_the_picture_that_it_is_true_of(
    tmp_path: Path,
) -> None:
    tiled = "Decoded in tiles, because the memory did not suffice."

    def notes(lane: int, index: int) -> tuple[str, ...]:
        return (tiled,) if (lane, index) == (0, 3) else ()

    made = replace(PROVENANCE, notes=notes)
    export(tmp_path, Plan(indices=(2, 3), describe=made.picture_text))
    found = {index: recall(tmp_path / f"{index:05d}.png").origin for index in (2, 3)}
    assert [origin.notes for origin in found.values() if origin is not None] == [(), (tiled,)]
    assert f'Note: "{tiled}"' in read_text(tmp_path / "00003.png")["parameters"]
    assert "Note" not in read_text(tmp_path / "00002.png")["parameters"]


def test_the_common_form_is_spelt_as_others_read_it() -> None:
    assert PROVENANCE.parameters(0, 1) == (
        "a cat, ünïted\nNegative prompt: blurry\n"
        "Steps: 30, Sampler: DPM++ 2M, CFG scale: 7.5, Seed: 18446744073709551615, "
        "Size: 512x512, Model: starter, Draw: 0, Method: linear, Time: 0.25, Frame: 2/5, "
        "Version: Latent Trails 0.1.0"
    )
    last = PROVENANCE.parameters(1, 4)
    assert last.startswith("猫 γ\n")
    assert "Seed: 7, " in last
    assert "Method: slerp, Time: 1.0, Frame: 5/5" in last


def test_what_computed_it_and_an_interval_of_guidance_are_written() -> None:
    sampling = replace(EXPLORATION.sampling, guidance_from=0.2, guidance_to=0.8, shared_steps=0.5)
    info = ModelInfo(
        name="tiny",
        location="/m",
        device="cuda:0",
        precision="float16",
        batch=1,
        multiple=8,
        solver="dpm++2m",
        default_sampling=sampling,
        identity="abc",
    )
    made = Provenance.of(replace(EXPLORATION, sampling=sampling), info, lambda _lane, _index: ())
    assert "Guidance interval: 0.2 to 0.8, " in made.parameters(0, 0)
    assert "Shared steps: 0.5, " in made.parameters(0, 0)
    assert "Machine: cuda:0 float16, " in made.parameters(0, 0).replace('"', "")
    _, origin = decode(made.picture_text(0, 0)["latent-trails"].encode())
    assert origin is not None
    assert (origin.model, origin.machine) == ("abc", "cuda:0 float16")
    chosen = replace(info, device="cpu", precision="bfloat16", precision_note="It is 3× as fast.")
    made = Provenance.of(EXPLORATION, chosen, lambda _lane, _index: ())
    assert made.machine == "cpu bfloat16 (chosen by measurement)"


def test_the_text_of_a_walk_names_all_prompts_and_seeds_and_no_frame() -> None:
    prompts, negative, settings = PROVENANCE.walk_text().splitlines()
    assert prompts == "a cat, ünïted → 猫 γ"
    assert negative == "Negative prompt: blurry"
    assert f"Seed: {2**64 - 1} draw 0 · 7 draw 3" in settings
    assert "Frames: 5" in settings
    assert "Sampler: DPM++ 2M" in settings
    assert not any(word in settings for word in ("Time:", "Frame:", "Method:", "Draw:"))


def test_a_solver_that_stands_in_says_for_which_scheduler() -> None:
    made = Provenance(Exploration(), solver="dpm++2m", replaced="PNDMScheduler", versions={})
    assert "Sampler: DPM++ 2M, Stands in for: PNDMScheduler, " in made.parameters(0, 0)
    chosen = replace(Exploration().sampling, solver="ddim")
    made = replace(made, exploration=Exploration(sampling=chosen))
    assert "Sampler: DDIM, CFG scale: " in made.parameters(0, 0)


def test_a_walk_between_prompts_keeps_the_first_noise() -> None:
    walk = replace(EXPLORATION.walk, methods=(MethodChoice("prompt-linear"),))
    text = Provenance(Exploration(walk=walk), versions={}).parameters(0, 4)
    assert text.startswith("猫 γ\n")
    assert "Seed: 18446744073709551615, " in text


@pytest.mark.parametrize(
    ("names", "index", "seed"),
    [
        (("prompt-linear", "prompt-linear"), 3, 7),
        (("wander", "slerp"), 1, 7),
        (("wander", "slerp"), 2, 7),
        (("slerp", "wander"), 4, 8),
        (("std-sweep", "slerp"), 1, 7),
        (("slerp", "slerp"), 1, 8),
        (("slerp", "slerp"), 4, 9),
    ],
)
def test_the_seed_of_a_picture_is_of_a_noise_in_it(
    names: tuple[str, ...], index: int, seed: int
) -> None:
    keyframes = tuple(Keyframe("a", NoiseSource(7 + k)) for k in range(3))
    walk = Walk(keyframes, tuple(map(MethodChoice, names)), frames=5, pacing=((0.25, 0.4),))
    made = Provenance(Exploration(walk=walk), versions={})
    assert f"Seed: {seed}, " in made.parameters(0, index)


def test_values_with_separators_are_quoted() -> None:
    odd = Provenance(replace(EXPLORATION, model="C:\\sd, v1"), versions={})
    assert 'Model: "C:\\\\sd, v1", ' in odd.parameters(0, 0)


def test_a_picture_gives_its_exploration_back(tmp_path: Path) -> None:
    plan = Plan(titles=("a", "b"), indices=(2, 3), describe=PROVENANCE.picture_text)
    export(tmp_path, plan)
    path = tmp_path / "2 b" / "00003.png"
    found = recall(path)
    exploration, origin = found.exploration, found.origin
    assert exploration == EXPLORATION
    assert origin is not None
    assert (origin.lane, origin.index, origin.time) == (1, 3, 0.75)
    assert (origin.model, origin.versions) == ("starter:1234", {"latent-trails": "0.1.0"})
    with Pillow.open(path) as picture:
        assert picture.text["parameters"] == PROVENANCE.parameters(1, 3)
    assert recall(path.parent).exploration == EXPLORATION


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.gif", "a.webp", "sheet.png"])
def test_films_and_sheets_give_their_exploration_back(tmp_path: Path, name: str) -> None:
    plan = Plan(titles=("a", "b"), indices=(0, 1), about=PROVENANCE.film_tags())
    export(tmp_path / name, plan)
    assert recall(tmp_path / name).exploration == EXPLORATION


def test_a_webp_that_became_a_still_picture_has_its_texts(tmp_path: Path) -> None:
    export(tmp_path / "a.webp", Plan(indices=(0,), about=PROVENANCE.film_tags()))
    assert recall(tmp_path / "a.webp").exploration == EXPLORATION
    assert picture_texts(tmp_path / "a.webp")["parameters"] == PROVENANCE.parameters(0, 0)
    with Pillow.open(tmp_path / "a.webp") as webp:
        assert np.asarray(webp.convert("RGB")).shape == make_picture(0).shape


def test_sheets_and_animations_carry_the_text_that_other_programs_read(tmp_path: Path) -> None:
    plan = Plan(indices=(0, 1), about=PROVENANCE.film_tags())
    for name in ("sheet.png", "a.gif", "a.webp"):
        export(tmp_path / name, plan)
    expected = PROVENANCE.parameters(0, 0)
    assert read_text(tmp_path / "sheet.png")["parameters"] == expected
    with Pillow.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == 2
        gif.seek(1)
        assert gif.load() is not None
        assert expected.encode()[:200] in (tmp_path / "a.gif").read_bytes()
    with Pillow.open(tmp_path / "a.webp") as webp:
        assert webp.n_frames == 2
        assert webp.info["exif"][:2] in (b"II", b"MM")  # JPEG's prefix does not belong there
        comment = webp.getexif().get_ifd(0x8769)[0x9286]
    assert comment.removeprefix(b"UNICODE\0").decode("utf-16-be") == expected


def test_a_long_document_comes_back_from_animations(tmp_path: Path) -> None:
    rows = tuple(replace(EXPLORATION.walk, negative=f"row {k}: " + "ünï!" * 500) for k in range(20))
    long = replace(EXPLORATION, rows=rows)
    plan = Plan(indices=(0,), about=Provenance(long).film_tags())
    for name in ("a.gif", "a.webp"):
        export(tmp_path / name, replace(plan, indices=(0, 1)))
        assert recall(tmp_path / name).exploration == long


@pytest.mark.parametrize("data", [b"GIF89a", b"GIF89a!\xfe\xff", b"RIFF", b"RIFF\0\0\0\0WEBPEXIF"])
def test_damaged_animations_are_refused(tmp_path: Path, data: bytes) -> None:
    for more in (b"", b"\4\0\0\0abcd", b"\xff\xff\xff\xff"):
        (tmp_path / "a.gif").write_bytes(data + more)
        with pytest.raises(InputError):
            recall(tmp_path / "a.gif")


def test_nothing_is_written_unless_asked_for(tmp_path: Path, walk: list[Image]) -> None:
    export(tmp_path / "out", Plan(indices=(0,)))
    for name in ("a.mp4", "a.gif", "a.webp", "sheet.png"):
        export(tmp_path / name, Plan(indices=(0, 1)))
    assert read_text(tmp_path / "out" / "00000.png") == {}
    for name in ("out/00000.png", "a.mp4", "a.gif", "a.webp", "sheet.png"):
        with pytest.raises(InputError, match="does not say how it was made"):
            recall(tmp_path / name)


def test_a_session_beside_a_film_opens(tmp_path: Path) -> None:
    path = save_beside(tmp_path / "walk.gif", ".gif", EXPLORATION)
    assert path == tmp_path / "walk.trail"
    assert recall(path) == Recalled(EXPLORATION)


@pytest.mark.parametrize("name", ["walk.mp4", "walk", "v1.5.gif"])
def test_an_export_and_its_session_have_the_same_number(tmp_path: Path, name: str) -> None:
    path, suffix = tmp_path / name, Path(name).suffix
    other = replace(EXPLORATION, fps=12.0)
    save_beside(path, suffix, other)
    numbered = settle_path(path, Existing.NUMBER, EXPLORATION)
    assert numbered.name == name.replace(suffix, f"-2{suffix}") if suffix else f"{name}-2"
    assert settle_path(path, Existing.NUMBER, other) == path, "it is this export's session"
    assert settle_path(path, Existing.NUMBER) == path, "no session will be written"
    session = save_beside(numbered, suffix, EXPLORATION)
    assert session.name == f"{numbered.name.removesuffix(suffix)}.trail"
    assert save_beside(numbered, suffix, EXPLORATION) == session
    assert len(list(tmp_path.glob("*.trail"))) == 2


def test_the_session_of_a_folder_keeps_its_whole_name(tmp_path: Path) -> None:
    assert save_beside(tmp_path / "v1.5", "", EXPLORATION).name == "v1.5.trail"


def test_a_picture_that_was_saved_anew_elsewhere_still_tells(tmp_path: Path) -> None:
    """Pillow may compress the texts and order the parts otherwise."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for key, value in PROVENANCE.picture_text(0, 0).items():
        info.add_itxt(key, value, zip=True)
    Pillow.fromarray(make_picture(0)).save(tmp_path / "a.png", pnginfo=info)
    assert recall(tmp_path / "a.png").exploration == EXPLORATION


def chunk(kind: bytes, data: bytes, length: int | None = None) -> bytes:
    head = struct.pack(">I", len(data) if length is None else length)
    return head + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks: bytes, size: tuple[int, int] = (8, 8)) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


BOMB = zlib.compress(bytes(1 << 28), 9)
FOUR_MEGABYTES = zlib.compress(bytes(4 << 20), 9)
GIF_HEAD = b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0, 0, 0)
HOSTILE = {
    "text bomb": png(chunk(b"zTXt", b"latent-trails\0\0" + BOMB)),
    "international bomb": png(chunk(b"iTXt", b"latent-trails\0\1\0\0\0" + BOMB)),
    "pixel bomb": png(chunk(b"IDAT", BOMB), size=(2**31 - 1, 2**31 - 1)),
    "many text bombs": png(
        *(chunk(b"zTXt", b"%d\0\0" % number + FOUR_MEGABYTES) for number in range(400))
    ),
    "many comments": GIF_HEAD + (b"!\xfe" + b"\xff" + b"x" * 255 + b"\0") * 20_000,
    "long comment": GIF_HEAD + b"!\xfe" + (b"\xff" + b"x" * 255) * 40_000 + b"\0",
    "endless comment": GIF_HEAD + b"!\xfe" + (b"\x01x") * 4_000_000,
    "many chunks": b"RIFF\xff\xff\xff\xffWEBP" + b"junk\0\0\0\0" * 500_000,
    "long text": png(chunk(b"tEXt", b"latent-trails\0" + bytes(5 << 20))),
    "claimed length": png(chunk(b"tEXt", b"latent-trails\0x", 2**32 - 1)),
    "cut off": png(chunk(b"tEXt", b"latent-trails\0x" * 50))[:60],
    "many parts": png(chunk(b"tEXt", b"a\0b") * 20_000),
    "broken zlib": png(chunk(b"zTXt", b"latent-trails\0\0nonsense")),
    "hostile document": png(chunk(b"tEXt", b"latent-trails\0" + b"[" * 100_000)),
    "gif bomb": b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\0" * 100_000,
    "short header": b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"12"),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_pictures_are_refused_in_little_memory(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(data)
    before = psutil.Process().memory_info().rss
    with pytest.raises(InputError):
        recall(path)
    assert psutil.Process().memory_info().rss - before < 64 << 20


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.trail", "a.jpg"])
def test_what_is_nothing_of_ours_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(os.urandom(10_000))
    with pytest.raises(InputError):
        recall(tmp_path / name)
    with pytest.raises(InputError):
        recall(tmp_path / f"missing {name}")
    with pytest.raises(InputError, match="no exported pictures"):
        recall(tmp_path)


GOOD = encode_png(make_picture(0, 8, 8), PROVENANCE.picture_text(0, 0))


@given(st.integers(0, 5), st.data())
def test_damaged_pictures_are_refused_or_good(changes: int, data: st.DataObject) -> None:
    damaged = bytearray(GOOD)
    for _ in range(changes):
        damaged[data.draw(st.integers(0, len(GOOD) - 1))] = data.draw(st.integers(0, 255))
    path = Path(os.environ["XDG_DATA_HOME"]) / "damaged.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(damaged[: data.draw(st.integers(0, len(GOOD)))])
    try:
        text = read_text(path)
        json.dumps(text)
        recall(path)
    except InputError:
        assert changes or path.stat().st_size < len(GOOD)


@pytest.mark.slow
def test_a_hundred_thousand_damaged_pictures(tmp_path: Path) -> None:
    random, path, read = Random(1), tmp_path / "a.png", 0
    for _ in range(100_000):
        damaged = bytearray(GOOD)
        for _ in range(random.randint(1, 5)):
            damaged[random.randrange(len(GOOD))] = random.randrange(256)
        path.write_bytes(damaged[: random.choice((len(GOOD), random.randrange(len(GOOD))))])
        with suppress(InputError):
            assert isinstance(recall(path), Recalled)
            read += 1
    assert 0 < read < 100_000, "some are damaged where it matters, and some are not"


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@pytest.mark.parametrize(
    "content",
    [
        "ffconcat version 1.0\nfile pipe.mp4\n",
        "ffconcat version 1.0\nfile film.mp4\n",
        "1\n00:00:00,000 --> 00:00:01,000\nsubtitles\n",
    ],
)
def test_a_film_that_names_other_files_is_not_followed(
    tmp_path: Path, suffix: str, content: str
) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")  # FFmpeg would wait for its other end
    (tmp_path / "film.mp4").write_bytes(b"")
    list_of_films = tmp_path / f"list{suffix}"
    list_of_films.write_text(content)
    with pytest.raises(InputError, match="cannot be read as a film"):
        recall(list_of_films)


@pytest.mark.skipif(not hasattr(psutil.Process, "io_counters"), reason="counts what is read")
def test_empty_comments_of_a_gif_are_searched_within_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    path.write_bytes(GIF_HEAD + b"!\xfe\0" * 2_000_000)
    process = psutil.Process()
    before = process.io_counters().read_chars
    with pytest.raises(InputError):
        recall(path)
    assert process.io_counters().read_chars - before < 5 << 20
