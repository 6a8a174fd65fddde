"""Looking at models before they are opened: what is whole, and what is damaged."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.models.inspection.check import check_model
from tests.support.model_edits import edit

pytestmark = pytest.mark.timeout(20)  # also of what is damaged on purpose


def test_a_whole_model_is_described(whole: Path) -> None:
    report = check_model(whole)
    assert report.ok, report.problem
    assert [part.name for part in report.parts] == ["text_encoder", "unet", "vae"]
    assert report.bytes == sum(f.stat().st_size for f in whole.rglob("*.safetensors"))
    assert report.prediction == "epsilon"
    assert report.scheduler == "DPMSolverMultistepScheduler"


def test_looking_imports_nothing_heavy(whole: Path) -> None:
    code = (
        "import sys; from engine.models.inspection.check import check_model;"
        f"assert check_model({str(whole)!r}).ok;"
        "sys.exit(any(m in sys.modules for m in ('torch', 'diffusers', 'transformers', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def cut(data: bytes) -> bytes:
    return data[:-100]


def huge_header(data: bytes) -> bytes:
    return struct.pack("<Q", 2**63) + data[8:]


def overlapping(data: bytes) -> bytes:
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    entries = [entry for name, entry in header.items() if name != "__metadata__"]
    for entry in entries:
        size = entry["data_offsets"][1] - entry["data_offsets"][0]
        entry["data_offsets"] = [0, size]
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + length :]


def with_shape(shape: list[object]) -> Callable[[bytes], bytes]:
    """Weights of which one tensor claims this shape."""

    def damaged(data: bytes) -> bytes:
        length = struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8 : 8 + length])
        next(entry for name, entry in header.items() if name != "__metadata__")["shape"] = shape
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + data[8 + length :]

    return damaged


def long_header(data: bytes) -> bytes:
    """A header that the format allows and that would take a gigabyte of memory."""
    return struct.pack("<Q", 89_000_000) + data[8:]


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut": (cut, "cut short by 100 bytes"),
    "cut in its header": (lambda data: data[:40], "cut short within its header"),
    "cut to nothing": (lambda data: b"", "cut short"),
    "huge header": (huge_header, "claims a header of 9,223,372,036,854,775,808 bytes"),
    "long header": (long_header, "claims a header of 89,000,000 bytes"),
    "huge numbers": (with_shape([10**4000] * 25), "is malformed"),
    "huge sizes": (with_shape([2**62] * 16), "is not that of its shape"),
    "many dimensions": (with_shape([1] * 100_000), "is malformed"),
    "infinite": (with_shape([float("inf")]), "no JSON"),
    "negative": (with_shape([-1]), "is malformed"),
    "no numbers": (with_shape(["1"]), "is malformed"),
    "nested": (with_shape([[1]]), "is malformed"),
    "overlap": (overlapping, "overlap"),
    "tail": (lambda data: data + b"x" * 9, "9 bytes follow"),
    "lfs": (lambda _: b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "LFS pointer"),
    "html": (lambda _: b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
    "no json": (lambda data: data[:8] + b"x" * (len(data) - 8), "no JSON"),
    "deep json": (lambda _: struct.pack("<Q", 10**6) + b"[" * 10**6, "no JSON"),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_to_weights_is_named(model: Path, kind: str) -> None:  # R04
    damage, words = DAMAGES[kind]
    weights = model / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(damage(weights.read_bytes()))
    problem = check_model(model).problem
    assert words in problem
    assert str(weights) in problem


def test_all_missing_parts_are_listed(model: Path) -> None:  # R10
    shutil.rmtree(model / "vae")
    (model / "tokenizer" / "tokenizer.json").unlink()
    (model / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    problem = check_model(model).problem
    for part in ("vae/", "tokenizer/vocab.json", "tokenizer/merges.txt", "unet"):
        assert part in problem


@pytest.mark.parametrize("content", [None, "", "nonsense", "[]", "[" * 100_000])
def test_a_bad_index_is_named(model: Path, content: str | None) -> None:
    index = model / "model_index.json"
    index.unlink()
    if content is not None:
        index.write_text(content)
    assert str(index) in check_model(model).problem


def test_an_empty_or_missing_folder_is_named(tmp_path: Path) -> None:
    assert "empty" in check_model(tmp_path).problem
    assert "no model" in check_model(tmp_path / "nowhere").problem


def test_an_unknown_family_is_named(model: Path) -> None:  # R11
    edit(
        model / "model_index.json",
        _class_name="HunyuanDiTPipeline",
        transformer=["diffusers", "HunyuanDiT2DModel"],
    )
    problem = check_model(model).problem
    assert "a model of HunyuanDiTPipeline; this program draws with" in problem
    assert "SD 1.x and 2.x" in problem
    assert problem.count(". ") == 0, "one sentence"
    content = json.loads((model / "model_index.json").read_text())
    del content["transformer"]
    (model / "model_index.json").write_text(json.dumps(content))
    edit(model / "model_index.json", text_encoder=["transformers", "T5Model"])
    assert "T5Model" in check_model(model).problem


def test_a_family_whose_parts_are_missing_lists_them(model: Path) -> None:
    edit(
        model / "model_index.json",
        _class_name="StableDiffusionXLPipeline",
        text_encoder_2=["transformers", "CLIPTextModelWithProjection"],
        tokenizer_2=["transformers", "CLIPTokenizer"],
    )
    problem = check_model(model).problem
    assert "text_encoder_2/" in problem
    assert "tokenizer_2/merges.txt" in problem


def test_another_channel_count_is_named(model: Path) -> None:  # R11
    edit(model / "unet" / "config.json", in_channels=9)
    problem = check_model(model).problem
    assert "9" in problem
    assert "4 channels" in problem
    edit(model / "unet" / "config.json", in_channels=4)
    edit(model / "vae" / "config.json", latent_channels=16)
    assert "16" in check_model(model).problem


def test_parts_of_different_models_are_named(model: Path) -> None:  # R11
    edit(model / "unet" / "config.json", cross_attention_dim=768)
    problem = check_model(model).problem
    assert "768" in problem
    assert "32" in problem


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        ("model.diffusion_model.joint_blocks.0.weight", "SD 3"),
        ("double_blocks.0.weight", "Flux"),
        ("lora_unet_down.weight", "LoRA"),
        ("first_stage_model.decoder.weight", "only a VAE"),
        ("something.else", "no diffusion model"),
        ("model.diffusion_model.input_blocks.0.0.weight", "0 channels"),
    ],
)
def test_another_single_file_is_named(tmp_path: Path, tensor: str, words: str) -> None:  # R11
    file = tmp_path / "file.safetensors"
    text = json.dumps({tensor: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + bytes(4))
    assert words in check_model(file).problem


def test_half_precision_is_preferred_when_asked_for(model: Path) -> None:
    weights = model / "unet" / "diffusion_pytorch_model.safetensors"
    shutil.copy(weights, weights.with_suffix(".fp16.safetensors"))
    unet = {half: check_model(model, half).parts[1].weights[0].name for half in (True, False)}
    assert unet == {
        True: "diffusion_pytorch_model.fp16.safetensors",
        False: "diffusion_pytorch_model.safetensors",
    }
