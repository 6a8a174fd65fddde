"""Tiny Flux.1 models: dev and schnell."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import (
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
)
from transformers import CLIPTextModel

from engine.conditioning import Conditioning, Role
from tests.support.tiny_families.contract import Arguments, TinyFamily, make_word_tokenizer
from tests.support.tiny_families.sdxl import clip_config, make_clip_tokenizer, make_vae
from tests.support.tiny_families.text_encoders import make_t5


def _make(guidance_embeds: bool, **scheduler: Any) -> FluxPipeline:
    return FluxPipeline(
        transformer=FluxTransformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=8,
            num_attention_heads=2,
            joint_attention_dim=16,
            pooled_projection_dim=16,
            axes_dims_rope=(4, 2, 2),
            guidance_embeds=guidance_embeds,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(**scheduler),
        vae=make_vae(shift_factor=0.1, scaling_factor=0.36),
        text_encoder=CLIPTextModel(clip_config()),
        tokenizer=make_clip_tokenizer(),
        text_encoder_2=make_t5(),
        tokenizer_2=make_word_tokenizer(512),
    )


def _prompts(prompt: str, negative: str, guidance: float) -> Arguments:
    return {"prompt": prompt, "guidance_scale": guidance}


def _texts(positive: Conditioning, negative: Conditioning, guidance: float) -> Arguments:
    return {
        "prompt_embeds": torch.tensor(positive.arrays[Role.SEQUENCE])[None],
        "pooled_prompt_embeds": torch.tensor(positive.arrays[Role.POOLED])[None],
        "guidance_scale": guidance,
    }


MODELS = (
    TinyFamily(
        "flux1-dev",
        "flux1",
        lambda: _make(True, shift=3.0, use_dynamic_shifting=True),
        guidances=(3.5, 1.0),
        with_prompts=_prompts,
        with_texts=_texts,
        packs=True,
    ),
    TinyFamily(
        "flux1-schnell",
        "flux1",
        lambda: _make(False, shift=1.0),
        guidances=(0.0,),
        sizes=((48, 32),),
        with_prompts=_prompts,
        with_texts=_texts,
        packs=True,
        extra={"max_sequence_length": 256},
    ),
)
