"""Tiny Z-Image models."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel

from engine.conditioning import Conditioning, Role
from tests.support.tiny_families.contract import Arguments, TinyFamily
from tests.support.tiny_families.sdxl import make_vae
from tests.support.tiny_families.text_encoders import make_chat_tokenizer, make_qwen3


def _make(**scheduler: Any) -> ZImagePipeline:
    return ZImagePipeline(
        tokenizer=make_chat_tokenizer(1024),
        text_encoder=make_qwen3(),
        vae=make_vae(shift_factor=0.1, scaling_factor=0.36),
        transformer=ZImageTransformer2DModel(
            in_channels=4,
            dim=24,
            n_layers=1,
            n_refiner_layers=1,
            n_heads=2,
            n_kv_heads=2,
            cap_feat_dim=16,
            axes_dims=[4, 4, 4],
            axes_lens=[640, 64, 64],
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(**{"shift": 3.0, **scheduler}),
    )


def tokens_of(text: Conditioning) -> torch.Tensor:
    """The tokens [n, width] of a text without padding."""
    length = int(text.arrays[Role.MASK].sum())
    return torch.tensor(text.arrays[Role.SEQUENCE][:length])


def _texts(positive: Conditioning, negative: Conditioning, guidance: float) -> Arguments:
    return {
        "prompt_embeds": [tokens_of(positive)],
        "negative_prompt_embeds": [tokens_of(negative)],
        "guidance_scale": guidance,
    }


MODELS = (
    TinyFamily("z-image-turbo", "z-image", _make, guidances=(0.0, 3.0), with_texts=_texts),
    TinyFamily(
        "z-image",
        "z-image",
        lambda: _make(shift=1.0, use_dynamic_shifting=True),
        guidances=(4.0,),
        sizes=((48, 32),),
        with_texts=_texts,
    ),
)
