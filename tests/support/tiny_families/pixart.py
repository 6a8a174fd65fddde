"""A tiny PixArt-Σ model."""

from __future__ import annotations

from diffusers import DPMSolverMultistepScheduler, PixArtSigmaPipeline, PixArtTransformer2DModel

from tests.support.tiny_families.contract import (
    TinyFamily,
    make_word_tokenizer,
    masked_arguments,
)
from tests.support.tiny_families.sdxl import make_vae
from tests.support.tiny_families.text_encoders import make_t5


def _make() -> PixArtSigmaPipeline:
    return PixArtSigmaPipeline(
        tokenizer=make_word_tokenizer(512),
        text_encoder=make_t5(),
        vae=make_vae(scaling_factor=0.13025),
        transformer=PixArtTransformer2DModel(
            sample_size=8,
            num_layers=1,
            patch_size=2,
            attention_head_dim=8,
            num_attention_heads=2,
            caption_channels=16,
            in_channels=4,
            out_channels=8,
            cross_attention_dim=16,
            norm_num_groups=4,
            use_additional_conditions=False,
        ),
        scheduler=DPMSolverMultistepScheduler(
            beta_schedule="linear", beta_start=0.0001, beta_end=0.02
        ),
    )


MODELS = (
    TinyFamily(
        "pixart-sigma",
        "pixart-sigma",
        _make,
        with_texts=masked_arguments,
        extra={"use_resolution_binning": False},
    ),
)
