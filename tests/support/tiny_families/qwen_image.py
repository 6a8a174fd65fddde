"""A tiny Qwen-Image model, whose tokenizer has a token for each letter."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import (
    AutoencoderKLQwenImage,
    FlowMatchEulerDiscreteScheduler,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
)
from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from transformers import (
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
)

from engine.conditioning import Conditioning
from tests.support.tiny_families.contract import Arguments, TinyFamily
from tests.support.tiny_families.z_image import tokens_of

_LETTERS = ("<pad>", "<unk>", *map(chr, range(32, 127)), "\n")


def _tokenizer() -> Any:
    words = {letter: number for number, letter in enumerate(_LETTERS)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>", model_max_length=2048
    )


def _text_encoder() -> Qwen2_5_VLForConditionalGeneration:
    text = {
        "vocab_size": len(_LETTERS),
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "rope_scaling": {"type": "mrope", "mrope_section": [1, 1, 2]},
    }
    vision = {
        "depth": 1,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_heads": 2,
        "out_hidden_size": 16,
    }
    return Qwen2_5_VLForConditionalGeneration(
        Qwen2_5_VLConfig(text_config=text, vision_config=vision)
    )


def _make() -> QwenImagePipeline:
    return QwenImagePipeline(
        tokenizer=_tokenizer(),
        text_encoder=_text_encoder(),
        vae=AutoencoderKLQwenImage(
            base_dim=8,
            z_dim=4,
            dim_mult=[1, 1, 1],
            num_res_blocks=1,
            temperal_downsample=[False, True],
            latents_mean=[0.1, -0.2, 0.3, 0.0],
            latents_std=[1.5, 0.7, 1.0, 2.0],
        ),
        transformer=QwenImageTransformer2DModel(
            patch_size=2,
            in_channels=16,
            out_channels=4,
            num_layers=1,
            attention_head_dim=12,
            num_attention_heads=2,
            joint_attention_dim=16,
            axes_dims_rope=(4, 4, 4),
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(
            shift=1.0,
            use_dynamic_shifting=True,
            base_shift=0.5,
            max_shift=0.9,
            max_image_seq_len=8192,
            shift_terminal=0.02,
        ),
    )


def _prompts(prompt: str, negative: str, guidance: float) -> Arguments:
    return {"prompt": prompt, "negative_prompt": negative, "true_cfg_scale": guidance}


def _texts(positive: Conditioning, negative: Conditioning, guidance: float) -> Arguments:
    arguments: Arguments = {"true_cfg_scale": guidance}
    for name, text in (("", positive), ("negative_", negative)):
        tokens = tokens_of(text)[None]
        arguments[f"{name}prompt_embeds"] = tokens
        arguments[f"{name}prompt_embeds_mask"] = torch.ones(tokens.shape[:2])
    return arguments


MODELS = (
    TinyFamily(
        "qwen-image",
        "qwen-image",
        _make,
        with_prompts=_prompts,
        with_texts=_texts,
        packs=True,
    ),
)
