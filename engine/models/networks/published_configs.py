"""Configs of the published models of Stable Diffusion, which single files do not contain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Config = Mapping[str, Any]

_VAE: Config = {
    "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
}
#: The VAEs of the published models, whose files have no configs.
VAE_512: Config = {**_VAE, "sample_size": 512, "scaling_factor": 0.18215}
VAE_1024: Config = {**_VAE, "sample_size": 1024, "scaling_factor": 0.13025}
CLIP_TEXT: Config = {
    "vocab_size": 49408,
    "max_position_embeddings": 77,
    "layer_norm_eps": 1e-5,
    "bos_token_id": 49406,
    "eos_token_id": 49407,
}
CLIP_L: Config = {
    **CLIP_TEXT,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "hidden_act": "quick_gelu",
}
#: The noise schedule that these models were trained with.
SCHEDULE: Config = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
}
