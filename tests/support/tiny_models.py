"""Tiny models made of the real diffusers and transformers classes, with random weights."""

from __future__ import annotations

import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    UNet2DConditionModel,
)
from tokenizers import pre_tokenizers
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    CLIPVisionConfig,
)

WIDTH = 32
_MERGES = [("c", "a"), ("ca", "t</w>"), ("p", "h"), ("o", "f</w>"), ("a", "n")]
_SCHEDULERS = {
    "dpm": DPMSolverMultistepScheduler,
    "ddim": DDIMScheduler,
    "euler": EulerDiscreteScheduler,
}


def make_tiny_model(
    folder: Path, prediction: str = "epsilon", scheduler: str = "dpm", clip: bool = False
) -> Path:
    """A Stable Diffusion folder of 32-pixel pictures, 8×8 latents; the same weights each time.

    `prediction` is "epsilon" or "v_prediction", `scheduler` "dpm", "ddim" or "euler"; with `clip`
    a scorer lies in it. The folder is a copy that a test may change; it is built once a run.
    """
    return Path(shutil.copytree(_built(prediction, scheduler, clip), folder, dirs_exist_ok=True))


def make_tiny_clip(folder: Path) -> Path:
    """A whole CLIP model for 32-pixel pictures, with its tokenizer and picture settings.

    Its weights are the same each time, and others than those of a tiny model's own scorer.
    """
    return Path(shutil.copytree(_built_clip(), folder, dirs_exist_ok=True))


@cache
def _run_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="latent-trails-tiny-models-")


def _new_folder() -> Path:
    return Path(tempfile.mkdtemp(dir=_run_folder().name))


@cache
def _built(prediction: str, scheduler: str, clip: bool) -> Path:
    folder = _new_folder()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        make_tokenizer(folder / "tokenizer")
        CLIPTextModel(CLIPTextConfig(**_text())).save_pretrained(folder / "text_encoder")
        _unet().save_pretrained(folder / "unet")
        _vae().save_pretrained(folder / "vae")
        if clip:
            _write_clip(folder / "clip")
    options = {"clip_sample": False, "set_alpha_to_one": False} if scheduler == "ddim" else {}
    _SCHEDULERS[scheduler](
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type=prediction,
        steps_offset=1,
        **options,
    ).save_pretrained(folder / "scheduler")
    (folder / "model_index.json").write_text(json.dumps(_index(scheduler)), encoding="utf-8")
    return folder


@cache
def _built_clip() -> Path:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return _write_clip(_new_folder())


def _write_clip(folder: Path) -> Path:
    vision = CLIPVisionConfig(
        hidden_size=WIDTH,
        intermediate_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        patch_size=8,
    )
    config = CLIPConfig(text_config=_text(), vision_config=vision.to_dict(), projection_dim=16)
    CLIPModel(config).save_pretrained(folder)
    make_tokenizer(folder)
    settings = {
        "crop_size": {"height": 32, "width": 32},
        "do_center_crop": True,
        "do_convert_rgb": True,
        "do_normalize": True,
        "do_rescale": True,
        "do_resize": True,
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
        "image_processor_type": "CLIPImageProcessor",
        "resample": 3,
        "rescale_factor": 1 / 255,
        "size": {"shortest_edge": 32},
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def make_tokenizer(folder: Path) -> Path:
    """CLIP's tokenizer with the full byte alphabet and a handful of merges."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters)]
    words += [first + second for first, second in _MERGES]
    words += ["<|startoftext|>", "<|endoftext|>"]
    vocab = {word: number for number, word in enumerate(words)}
    CLIPTokenizer(vocab, list(_MERGES), model_max_length=77).save_pretrained(folder)
    return folder


def _text() -> dict[str, int]:
    size = 2 * 256 + len(_MERGES) + 2
    return {
        "vocab_size": size,
        "hidden_size": WIDTH,
        "intermediate_size": WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 77,
        "bos_token_id": size - 2,
        "eos_token_id": size - 1,
        "pad_token_id": size - 1,
        "projection_dim": 16,
    }


def _unet() -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=2,
        norm_num_groups=8,
    )


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        norm_num_groups=8,
        sample_size=32,
    )


def _index(scheduler: str) -> dict[str, object]:
    return {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.38.0",
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", _SCHEDULERS[scheduler].__name__],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
