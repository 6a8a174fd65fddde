"""Tiny FLUX.2-klein models, base and distilled."""

from __future__ import annotations

import torch
from diffusers import (
    AutoencoderKLFlux2,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
)

from engine.conditioning import Conditioning, Role
from tests.support.tiny_families.contract import Arguments, TinyFamily
from tests.support.tiny_families.text_encoders import make_chat_tokenizer, make_qwen3


def _make(is_distilled: bool = False) -> Flux2KleinPipeline:
    vae = AutoencoderKLFlux2(
        block_out_channels=(8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=1,
        norm_num_groups=4,
        latent_channels=4,
        sample_size=32,
    )
    vae.bn.running_mean.copy_(torch.linspace(-0.5, 0.5, 16))
    vae.bn.running_var.copy_(torch.linspace(0.5, 2.0, 16))
    return Flux2KleinPipeline(
        tokenizer=make_chat_tokenizer(1024),
        text_encoder=make_qwen3(layers=4),
        vae=vae,
        transformer=Flux2Transformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=8,
            num_attention_heads=2,
            joint_attention_dim=48,
            timestep_guidance_channels=16,
            axes_dims_rope=(2, 2, 2, 2),
            guidance_embeds=False,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=1.0, use_dynamic_shifting=True),
        is_distilled=is_distilled,
    )


def _prompts(prompt: str, negative: str, guidance: float) -> Arguments:
    assert not negative, "the pipeline's own is empty"
    return {"prompt": prompt, "guidance_scale": guidance}


def _texts(positive: Conditioning, negative: Conditioning, guidance: float) -> Arguments:
    return {
        "prompt_embeds": torch.tensor(positive.arrays[Role.SEQUENCE])[None],
        "negative_prompt_embeds": torch.tensor(negative.arrays[Role.SEQUENCE])[None],
        "guidance_scale": guidance,
    }


EXTRA = {"text_encoder_out_layers": (1, 2, 3)}
MODELS = (
    TinyFamily(
        "flux2-klein",
        "flux2-klein",
        _make,
        with_prompts=_prompts,
        with_texts=_texts,
        packs=True,
        extra=EXTRA,
        negative="",
    ),
    TinyFamily(
        "flux2-klein-distilled",
        "flux2-klein",
        lambda: _make(is_distilled=True),
        guidances=(1.0,),
        sizes=((48, 32),),
        with_prompts=_prompts,
        with_texts=_texts,
        packs=True,
        extra=EXTRA,
        negative="",
    ),
)
