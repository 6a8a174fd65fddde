"""A tiny Lumina 2 model."""

from __future__ import annotations

from diffusers import (
    FlowMatchEulerDiscreteScheduler,
    Lumina2Pipeline,
    Lumina2Transformer2DModel,
)

from engine.conditioning import Conditioning
from tests.support.tiny_families.contract import (
    Arguments,
    TinyFamily,
    make_word_tokenizer,
    masked_arguments,
)
from tests.support.tiny_families.sdxl import make_vae
from tests.support.tiny_families.text_encoders import make_gemma


def _make() -> Lumina2Pipeline:
    return Lumina2Pipeline(
        transformer=Lumina2Transformer2DModel(
            sample_size=8,
            patch_size=2,
            in_channels=4,
            hidden_size=24,
            num_layers=1,
            num_refiner_layers=1,
            num_attention_heads=2,
            num_kv_heads=1,
            multiple_of=16,
            axes_dim_rope=(4, 4, 4),
            axes_lens=(300, 64, 64),
            cap_feat_dim=16,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=6.0, use_dynamic_shifting=False),
        vae=make_vae(shift_factor=0.1, scaling_factor=0.36),
        text_encoder=make_gemma(),
        tokenizer=make_word_tokenizer(512, start=True, end=False),
    )


def _texts(positive: Conditioning, negative: Conditioning, guidance: float) -> Arguments:
    found = masked_arguments(positive, negative, guidance)
    return {name: value.long() if name.endswith("mask") else value for name, value in found.items()}


MODELS = (TinyFamily("lumina2", "lumina2", _make, with_texts=_texts),)
