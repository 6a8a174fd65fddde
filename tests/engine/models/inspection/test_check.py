"""Looking at models before they are opened: what is whole, what is damaged, what is unsafe."""

from __future__ import annotations

import json
import pickle
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine.errors import ModelError
from engine.models.inspection.check import check_model
from engine.models.inspection.config_limits import read_config
from tests.support.tiny_models import make_tiny_model

pytestmark = pytest.mark.timeout(20)  # also of what is damaged on purpose


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def model(whole: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(whole, tmp_path / "model"))


@pytest.fixture(autouse=True)
def _light() -> Iterator[None]:
    """No look at a model takes 100 MB of memory."""
    memory = psutil.Process().memory_info().rss
    yield
    assert psutil.Process().memory_info().rss - memory < 100e6


def edit(file: Path, **changes: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


class Canary:
    """Creates a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.file,)


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


@pytest.mark.parametrize("name", ["model.ckpt", "model.pt", "pytorch_model.bin"])
def test_pickles_are_refused_by_name(tmp_path: Path, name: str) -> None:  # R01
    canary = tmp_path / "canary"
    (tmp_path / name).write_bytes(pickle.dumps(Canary(canary)))
    report = check_model(tmp_path / name)
    assert "pickle" in report.problem
    assert name in report.problem
    assert not canary.exists()


def test_a_pickle_named_safetensors_is_refused(tmp_path: Path) -> None:  # R01
    canary = tmp_path / "canary"
    file = tmp_path / "model.safetensors"
    file.write_bytes(pickle.dumps(Canary(canary)))
    assert "pickle" in check_model(file).problem
    assert not canary.exists()


def test_weights_that_are_only_a_pickle_are_refused(model: Path) -> None:  # R01
    weights = model / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    assert "pickle" in check_model(model).problem


def test_a_pickle_beside_safetensors_is_never_opened(model: Path) -> None:  # R02
    opened: list[str] = []
    recording = True

    def watch(event: str, args: tuple[object, ...]) -> None:
        if recording and event == "open":
            opened.append(str(args[0]))

    (model / "unet" / "diffusion_pytorch_model.bin").write_bytes(pickle.dumps(Canary(model / "c")))
    sys.addaudithook(watch)
    report = check_model(model)
    recording = False
    assert report.ok, report.problem
    assert any(name.endswith("safetensors") for name in opened)
    assert not any(name.endswith(".bin") for name in opened)


@pytest.mark.parametrize(
    "entry",
    [
        {"unet": ["my_unet", "UNet2DConditionModel"]},
        {"_class_name": ["pipeline", "MyPipeline"]},
        {"custom_pipeline": "someone/pipeline"},
        {"_custom_pipeline": "pipeline.py"},
        {"vae": ["../code", "Vae"]},
    ],
)
def test_an_index_that_names_code_is_refused(model: Path, entry: dict[str, object]) -> None:  # R03
    edit(model / "model_index.json", **entry)
    assert "code" in check_model(model).problem


@pytest.mark.parametrize(
    "entry",
    [
        {"requires_safety_checker": None},
        {"requires_safety_checker": False, "image_encoder": [None, None]},
        {"_name_or_path": "someone/model", "_diffusers_version": None},
        {"trained_with": {"steps": [1, 2], "by": "someone"}, "notes": "text"},
    ],
)
def test_an_index_may_hold_any_data(model: Path, entry: dict[str, object]) -> None:
    edit(model / "model_index.json", **entry)
    assert check_model(model).ok


@pytest.mark.parametrize("name", ["pipeline.py", "unet/unet.py"])
def test_python_in_the_folder_is_refused(model: Path, name: str) -> None:  # R03
    (model / name).write_text("raise SystemExit")
    problem = check_model(model).problem
    assert "Python code" in problem
    assert name in problem


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


def test_shards_never_lead_out_of_the_folder(model: Path) -> None:
    weights = model / "unet" / "diffusion_pytorch_model.safetensors"
    index = model / "unet" / "diffusion_pytorch_model.safetensors.index.json"
    weights.rename(model / "elsewhere.safetensors")
    index.write_text(json.dumps({"weight_map": {"conv_in.weight": "../elsewhere.safetensors"}}))
    assert "no index" in check_model(model).problem


HOSTILE = {
    "infinite": "1e999",
    "huge": "1e308",
    "many digits": "9" * 4000,
    "negative": "-7",
    "hundred million": "100000000",
    "list": "[]",
    "nested": "[[[1]]]",
    "object": '{"a": {"b": 1}}',
    "long name": json.dumps("x" * 5000),
    "true": "true",
}


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(
    "file",
    [
        *(f"{part}/config.json" for part in ("text_encoder", "unet", "vae")),
        "model_index.json",
        "scheduler/scheduler_config.json",
    ],
)
def test_a_config_that_says_something_absurd_is_refused_or_opened(
    model: Path, file: str, value: str
) -> None:
    """Every option in turn: a sentence that names the file, or a value that changes nothing."""
    path = model / file
    plain = json.loads(path.read_text())
    for name in plain:
        rest = {key: item for key, item in plain.items() if key != name}
        text = json.dumps(rest)[:-1] + (", " if rest else "") + f"{json.dumps(name)}: {value}}}"
        path.write_text(text)
        problem = check_model(model).problem
        assert not problem or model.name in problem or "Its UNet" in problem
        assert len(problem) < 1500


@pytest.mark.parametrize(
    "config",
    [
        # Numbers of published models, the largest of each kind.
        {"model_type": "qwen2_5_vl", "max_position_embeddings": 128_000, "vocab_size": 152_064},
        {"model_type": "gemma2", "vocab_size": 256_000, "hidden_size": 2304},
        {"d_ff": 10_240, "d_model": 4096, "num_layers": 24, "vocab_size": 32_128},
        {"in_channels": 128, "num_single_layers": 48, "joint_attention_dim": 15_360},
        {"vision_config": {"hidden_size": 1280, "patch_size": 14}, "hidden_size": 3584},
        {"patch_size": [2, 2], "block_out_channels": [128, 256, 512, 512], "shift_factor": None},
        {"encoder_block_out_channels": [128, 256, 512, 512, 1024, 1024], "scaling_factor": 0.41407},
        {"shift": 3.0, "base_shift": 0.5, "max_image_seq_len": 8192, "shift_terminal": None},
    ],
)
def test_configs_of_published_models_are_within_the_limits(
    tmp_path: Path, config: dict[str, object]
) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config))
    assert read_config(file) == config


@pytest.mark.parametrize(
    "option",
    [
        *('"beta_start": null', '"beta_start": -1', '"beta_start": 0', '"beta_end": 1.5'),
        *('"beta_end": 1e8', '"num_train_timesteps": null', '"solver_order": "x"'),
        *('"solver_order": null', '"solver_order": 1e999', '"timestep_spacing": "x"'),
        *('"timestep_spacing": null', '"scaling_factor": null', '"layer_norm_eps": null'),
        *('"trained_betas": [null]', '"trained_betas": [0.1, 1.0]', '"trained_betas": [0, 0]'),
    ],
)
def test_options_that_no_picture_can_be_drawn_with_are_refused(tmp_path: Path, option: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(f"{{{option}}}")
    with pytest.raises(ModelError, match="fetch the model again"):
        read_config(file)
