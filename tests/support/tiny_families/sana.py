"""Tiny Sana and Sana-Sprint models."""

from __future__ import annotations

from typing import Any

from diffusers import (
    AutoencoderDC,
    DPMSolverMultistepScheduler,
    SanaPipeline,
    SanaSprintPipeline,
    SanaTransformer2DModel,
    SCMScheduler,
)

from engine.conditioning import Conditioning
from tests.support.tiny_families.contract import (
    Arguments,
    TinyFamily,
    make_word_tokenizer,
    masked_arguments,
)
from tests.support.tiny_families.text_encoders import make_gemma


def _transformer(**options: Any) -> SanaTransformer2DModel:
    return SanaTransformer2DModel(
        in_channels=4,
        out_channels=4,
        num_layers=1,
        num_attention_heads=2,
        attention_head_dim=8,
        num_cross_attention_heads=2,
        cross_attention_head_dim=8,
        cross_attention_dim=16,
        caption_channels=16,
        sample_size=16,
        **options,
    )


def _vae() -> AutoencoderDC:
    layers = {"layers_per_block": (1, 1, 1), "block_out_channels": (8, 8, 8)}
    sides = {
        f"{side}_{name}": value for side in ("encoder", "decoder") for name, value in layers.items()
    }
    return AutoencoderDC(
        latent_channels=4,
        attention_head_dim=4,
        encoder_block_types=("ResBlock", "ResBlock", "ResBlock"),
        decoder_block_types=("ResBlock", "ResBlock", "ResBlock"),
        encoder_qkv_multiscales=((), (), ()),
        decoder_qkv_multiscales=((), (), ()),
        scaling_factor=0.41407,
        **sides,
    )


def _sana() -> SanaPipeline:
    return SanaPipeline(
        tokenizer=make_word_tokenizer(600, start=True, end=False),
        text_encoder=make_gemma(),
        vae=_vae(),
        transformer=_transformer(timestep_scale=1.0),
        scheduler=DPMSolverMultistepScheduler(
            use_flow_sigmas=True, flow_shift=3.0, prediction_type="flow_prediction"
        ),
    )


def _sprint() -> SanaSprintPipeline:
    return SanaSprintPipeline(
        tokenizer=make_word_tokenizer(600, start=True, end=False),
        text_encoder=make_gemma(),
        vae=_vae(),
        transformer=_transformer(guidance_embeds=True, guidance_embeds_scale=0.1),
        scheduler=SCMScheduler(prediction_type="trigflow", sigma_data=0.5),
    )


def _sprint_prompts(prompt: str, negative: str, guidance: float) -> Arguments:
    return {"prompt": prompt, "guidance_scale": guidance}


def _sprint_texts(positive: Conditioning, negative: Conditioning, guidance: float) -> Arguments:
    found = masked_arguments(positive, negative, guidance)
    return {name: value for name, value in found.items() if not name.startswith("negative")}


EXTRA = {"use_resolution_binning": False}
MODELS = (
    TinyFamily(
        "sana",
        "sana",
        _sana,
        sizes=((64, 64), (96, 64)),
        steps=4,
        with_texts=masked_arguments,
        extra=EXTRA,
    ),
    TinyFamily(
        "sana-sprint",
        "sana-sprint",
        _sprint,
        guidances=(4.5, 2.0),
        sizes=((64, 64), (96, 64)),
        steps=2,
        with_prompts=_sprint_prompts,
        with_texts=_sprint_texts,
        extra=EXTRA,
    ),
)
