"""Looking at models that could run code or say something absurd, before they are opened."""

from __future__ import annotations

import json
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.models.inspection.check import check_model
from engine.models.inspection.config_limits import read_config
from tests.support.model_edits import edit

pytestmark = pytest.mark.timeout(20)  # also of what is damaged on purpose


class Canary:
    """Creates a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.file,)


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


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
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


def test_a_config_that_leads_to_a_device_is_not_read(model: Path) -> None:
    """A folder from git may hold links, and /dev/zero never ends."""
    config = model / "unet" / "config.json"
    config.unlink()
    config.symlink_to(os.devnull)
    assert "config.json is no file" in check_model(model).problem


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are of POSIX systems")
def test_a_shard_that_is_a_pipe_is_not_waited_for(model: Path) -> None:
    weights = model / "unet" / "diffusion_pytorch_model.safetensors"
    weights.unlink()
    os.mkfifo(model / "unet" / "shard.safetensors")
    index = model / "unet" / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"conv_in.weight": "shard.safetensors"}}))
    assert "shard.safetensors is no file" in check_model(model).problem


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
        {
            "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
            "layers_per_block": 2,
            "transformer_layers_per_block": [1, 2, 10],
        },
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
        *('"shift": null', '"max_shift": null', '"base_image_seq_len": null'),
        '"base_image_seq_len": 256, "max_image_seq_len": 256',
        '"base_image_seq_len": 4096',
        '"down_block_types": ["a", "a", "a", "a"], "layers_per_block": 200, '
        '"transformer_layers_per_block": [1, 1, 200]',
        *('"trained_betas": [null]', '"trained_betas": [0.1, 1.0]', '"trained_betas": [0, 0]'),
    ],
)
def test_options_that_no_picture_can_be_drawn_with_are_refused(tmp_path: Path, option: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(f"{{{option}}}")
    with pytest.raises(ModelError, match="fetch the model again"):
        read_config(file)
