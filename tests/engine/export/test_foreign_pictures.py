"""Pictures of other programs: their settings are read as far as they mean something here."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from engine.errors import InputError
from engine.export.recall import Recalled, recall
from engine.walk import Exploration, NoiseSource, Sampling

ROOT = Path(__file__).parents[3]
A1111 = (
    "a fox, (oil:1.2)\nin the snow\nNegative prompt: blurry, dull\n"
    "Steps: 25, Sampler: Euler a, CFG scale: 6.5, Seed: 987654321, Size: 640x448, "
    'Model: dreamshaper_8, Lora hashes: "a: 1, b: 2", Version: v1.9'
)
COMFYUI = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd15.safetensors"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["1", 1]}},
    "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["1", 1]}},
    "4": {"class_type": "EmptyLatentImage", "inputs": {"width": 640, "height": 448}},
    "5": {
        "class_type": "KSampler",
        "inputs": {
            **{"seed": 987654321, "steps": 25, "cfg": 6.5, "sampler_name": "euler"},
            **{"model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0]},
            "latent_image": ["4", 0],
        },
    },
}
INVOKEAI = {
    **{"positive_prompt": "a fox", "negative_prompt": "blurry", "seed": 987654321, "steps": 25},
    **{"cfg_scale": 6.5, "width": 640, "height": 448, "scheduler": "euler", "app_version": "5.0"},
}
OLD_INVOKEAI = {
    "model": "stable diffusion",
    "image": {
        **{"prompt": [{"prompt": "a fox", "weight": 1.0}], "seed": 987654321, "steps": 25},
        **{"cfg_scale": 6.5, "width": 640, "height": 448, "sampler": "k_euler"},
    },
}


def png(path: Path, **texts: str) -> Path:
    info = PngInfo()
    for key, text in texts.items():
        info.add_text(key.replace("_", "-") if key == "sd_metadata" else key, text)
    Pillow.new("RGB", (8, 8)).save(path, pnginfo=info)
    return path


def with_exif(path: Path, tags: dict[int, str], comment: str = "") -> Path:
    exif = Pillow.Exif()
    for tag, text in tags.items():
        exif[tag] = text
    if comment:
        exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + comment.encode("utf-16-be")
    Pillow.new("RGB", (8, 8)).save(path, exif=exif)
    return path


def check_fox(found: Recalled) -> None:
    walk, sampling = found.exploration.walk, found.exploration.sampling
    assert {k.prompt.partition(",")[0] for k in walk.keyframes} == {"a fox"}
    assert [k.noise for k in walk.keyframes] == [NoiseSource(987654321, n) for n in (0, 1)]
    assert (sampling.steps, sampling.guidance) == (25, 6.5)
    assert (sampling.width, sampling.height) == (640, 448)
    assert found.origin is None


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_the_text_of_automatic1111_in_every_kind_of_picture(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"fox{suffix}"
    if suffix == ".png":
        png(path, parameters=A1111)
    else:
        with_exif(path, {}, A1111)
    found = recall(path)
    check_fox(found)
    assert found.exploration.walk.keyframes[0].prompt == "a fox, (oil:1.2)\nin the snow"
    assert found.exploration.walk.negative == "blurry, dull"
    for left_out in ("AUTOMATIC1111", "Sampler Euler a", "Model dreamshaper_8", "Lora hashes"):
        assert left_out in found.remark


def test_the_graph_of_comfyui(tmp_path: Path) -> None:
    text = json.dumps(COMFYUI)
    for path in (
        png(tmp_path / "fox.png", prompt=text, workflow='{"nodes": []}'),
        with_exif(tmp_path / "fox.webp", {0x010F: "workflow:{}", 0x0110: f"prompt:{text}"}),
    ):
        found = recall(path)
        check_fox(found)
        assert found.exploration.walk.negative == "blurry"
        assert "ckpt sd15.safetensors" in found.remark


@pytest.mark.parametrize(
    ("key", "metadata", "negative"),
    [("invokeai_metadata", INVOKEAI, "blurry"), ("sd_metadata", OLD_INVOKEAI, "")],
)
def test_the_metadata_of_invokeai(
    tmp_path: Path, key: str, metadata: dict[str, object], negative: str
) -> None:
    found = recall(png(tmp_path / "fox.png", **{key: json.dumps(metadata)}))
    check_fox(found)
    assert found.exploration.walk.negative == negative
    assert "InvokeAI" in found.remark


def test_the_model_stays_and_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    text = "a fox\nSteps: 5000, CFG scale: nan, Seed: -1, Size: 99999x8"
    current = Exploration(model="/models/x", sampling=Sampling(7, 2.0, 64, 64))
    found = recall(png(tmp_path / "fox.png", parameters=text), current)
    assert found.exploration.model == "/models/x"
    assert found.exploration.sampling == current.sampling
    assert found.exploration.walk.keyframes[0].prompt == "a fox"
    assert "Left out: seed, steps, guidance, size" in found.remark


FOREIGN = {
    "photo.jpg": b"\xff\xd8\xff\xe0\0\x10JFIF" + b"\0" * 20,
    "table.csv": b"a,b\n1,2\n",
    "notes.txt": b"hello",
    "notes": b"hello",
    "page.html": b"<!DOCTYPE html>",
    "model.onnx": b"\x08\x01",
    "archive.zip": b"PK\3\4",
    "film.mov": b"\0\0\0\x14ftypqt  ",
    "empty": b"",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_none_of_ours_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(FOREIGN[name])
    with pytest.raises(InputError) as caught:
        recall(path)
    sentence = str(caught.value)
    assert sentence.startswith(name)
    assert "JSON" not in sentence
    assert "byte 0" not in sentence
    assert "open" in sentence or "choose" in sentence


def exif_of(entries: int, size: int) -> bytes:
    """An EXIF block whose many entries all name one large piece of it."""
    tags = b"".join(struct.pack("<HHII", 0x010E + n % 3, 2, size, 0) for n in range(entries))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", entries) + tags + b"x" * size


def webp_with(exif: bytes) -> bytes:
    chunk = b"EXIF" + struct.pack("<I", len(exif)) + exif
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def png_with(key: bytes, text: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    packed = chunk(b"zTXt", key + b"\0\0" + zlib.compress(text, 9))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + packed + chunk(b"IEND", b"")


LOOP = {str(n): {"class_type": "A", "inputs": {"positive": [str(n), 0]}} for n in range(1500)}
WIDE = {
    str(n): {"class_type": "A", "inputs": {str(k): [str(k), 0] for k in range(60)}}
    for n in range(1500)
}
HOSTILE = {
    "entries.webp": webp_with(exif_of(65535, 3_000_000)),
    "loop.webp": webp_with(b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 0x8769, 4, 1, 8)),
    "short.webp": webp_with(b"MM\0*\xff\xff\xff\xff"),
    "short.jpg": b"\xff\xd8\xff\xe1\xff\xffExif\0\0II*\0",
    "segments.jpg": b"\xff\xd8" + b"\xff\xe0\0\0" * 500_000,
    "bomb.png": png_with(b"parameters", b"a" * 400_000_000),
    "spaces.png": png_with(b"parameters", b"Steps: " + b"a " * 2_000_000),
    "quotes.png": png_with(b"parameters", b"Steps: 1, " + b'A: "\\' * 800_000),
    "deep.png": png_with(b"prompt", b'{"1":' + b"[" * 3_000_000),
    "deep invoke.png": png_with(b"invokeai_metadata", b'{"a":' * 500_000),
    "digits.png": png_with(b"invokeai_metadata", b'{"seed": ' + b"9" * 3_000_000 + b"}"),
    "list.png": png_with(b"sd-metadata", b"[1]"),
    "loop.png": png_with(b"prompt", json.dumps(LOOP).encode()),
    "wide.png": png_with(b"prompt", json.dumps(WIDE).encode()),
    "nodes.png": png_with(b"prompt", json.dumps(dict.fromkeys(map(str, range(250_000)))).encode()),
}
LOOK = """
import resource, sys, time
from pathlib import Path
from engine.errors import InputError
from engine.export.recall import recall
recall(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_AS, (3 << 29, 3 << 29))
for name in sys.argv[2:]:
    try:
        recall(Path(name))
    except InputError as error:
        assert len(str(error)) < 500, name
    print(name, time.process_time())
"""


@pytest.mark.timeout(90)
def test_hostile_pictures_take_little_time_and_memory(tmp_path: Path) -> None:
    """In a process of 1.5 GB of addresses, which the libraries take a third of."""
    good = png(tmp_path / "good.png", parameters=A1111)
    names = []
    for name, data in HOSTILE.items():
        (tmp_path / name).write_bytes(data)
        names.append(str(tmp_path / name))
    command = [sys.executable, "-c", LOOK, str(good), *names]
    done = subprocess.run(command, cwd=ROOT, timeout=60, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    spent = [float(line.split()[-1]) for line in done.stdout.splitlines()]
    assert len(spent) == len(HOSTILE)


def test_our_own_document_comes_before_the_common_text(tmp_path: Path) -> None:
    from engine.export.metadata import Provenance

    made = Provenance(replace(Exploration(), fps=12.0), versions={}).picture_text(0, 0)
    info = PngInfo()
    for key, text in made.items():
        info.add_text(key, text)
    Pillow.new("RGB", (8, 8)).save(tmp_path / "own.png", pnginfo=info)
    assert recall(tmp_path / "own.png").exploration.fps == 12.0
