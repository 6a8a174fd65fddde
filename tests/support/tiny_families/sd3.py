"""A tiny SD 3 model, with T5 and without, and with a schedule that depends on the size."""

from __future__ import annotations

from typing import Any

from diffusers import (
    FlowMatchEulerDiscreteScheduler,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
)
from transformers import CLIPTextModelWithProjection

from tests.support.tiny_families.contract import TinyFamily, make_word_tokenizer
from tests.support.tiny_families.sdxl import clip_config, make_clip_tokenizer, make_vae
from tests.support.tiny_families.text_encoders import make_t5


def _make(t5: bool = True, **scheduler: Any) -> StableDiffusion3Pipeline:
    return StableDiffusion3Pipeline(
        transformer=SD3Transformer2DModel(
            sample_size=8,
            patch_size=2,
            in_channels=4,
            out_channels=4,
            num_layers=2,
            attention_head_dim=8,
            num_attention_heads=2,
            joint_attention_dim=40,
            caption_projection_dim=16,
            pooled_projection_dim=32,
            pos_embed_max_size=16,
            qk_norm="rms_norm",
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(**{"shift": 3.0, **scheduler}),
        vae=make_vae(shift_factor=0.06, scaling_factor=1.5),
        text_encoder=CLIPTextModelWithProjection(clip_config()),
        tokenizer=make_clip_tokenizer(),
        text_encoder_2=CLIPTextModelWithProjection(clip_config()),
        tokenizer_2=make_clip_tokenizer(),
        text_encoder_3=make_t5(40) if t5 else None,
        tokenizer_3=make_word_tokenizer(512) if t5 else None,
    )


MODELS = (
    TinyFamily("sd3", "sd3", _make),
    TinyFamily(
        "sd3-without-t5",
        "sd3",
        lambda: _make(t5=False, shift=1.0, use_dynamic_shifting=True),
        guidances=(3.0,),
        sizes=((48, 32),),
        absent=("text_encoder_3", "tokenizer_3"),
    ),
)
