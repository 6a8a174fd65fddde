"""A tiny SDXL model in its forms, with the tokenizers and text encoders of CLIP."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from diffusers import (
    AutoencoderKL,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

from tests.support.tiny_families.contract import TinyFamily
from tests.support.tiny_models import make_tokenizer

_VOCABULARY = 2 * 256 + 5 + 2


def make_clip_tokenizer() -> Any:
    """CLIP's tokenizer with a handful of merges."""
    with tempfile.TemporaryDirectory() as folder:
        return CLIPTokenizer.from_pretrained(make_tokenizer(Path(folder)))


def clip_config(width: int = 16) -> CLIPTextConfig:
    """A text encoder of CLIP of two layers."""
    return CLIPTextConfig(
        vocab_size=_VOCABULARY,
        hidden_size=width,
        intermediate_size=width,
        num_hidden_layers=2,
        num_attention_heads=2,
        bos_token_id=_VOCABULARY - 2,
        eos_token_id=_VOCABULARY - 1,
        pad_token_id=_VOCABULARY - 1,
        projection_dim=width,
    )


def make_vae(channels: int = 4, **options: Any) -> AutoencoderKL:
    """A VAE with 4 pixels per latent pixel."""
    return AutoencoderKL(
        block_out_channels=(8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        norm_num_groups=4,
        sample_size=32,
        latent_channels=channels,
        **options,
    )


def _sdxl(kind: Any = EulerDiscreteScheduler, **scheduler: Any) -> StableDiffusionXLPipeline:
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=2,
        norm_num_groups=8,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 16,
    )
    return StableDiffusionXLPipeline(
        vae=make_vae(scaling_factor=0.13025),
        text_encoder=CLIPTextModel(clip_config()),
        text_encoder_2=CLIPTextModelWithProjection(clip_config()),
        tokenizer=make_clip_tokenizer(),
        tokenizer_2=make_clip_tokenizer(),
        unet=unet,
        scheduler=kind(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            **{"timestep_spacing": "leading", "steps_offset": 1, **scheduler},
        ),
        add_watermarker=False,
    )


MODELS = (
    TinyFamily("sdxl", "sdxl", _sdxl),
    TinyFamily(
        "sdxl-lightning",
        "sdxl",
        lambda: _sdxl(timestep_spacing="trailing"),
        guidances=(1.0,),
        sizes=((32, 32),),
    ),
    TinyFamily(
        "sdxl-turbo",
        "sdxl",
        lambda: _sdxl(EulerAncestralDiscreteScheduler, timestep_spacing="trailing"),
        guidances=(1.0,),
        sizes=((48, 32),),
        steps=2,
    ),
)
