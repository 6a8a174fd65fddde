"""The options of our own UNet, and their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Config = Mapping[str, Any]

#: Options that this network has, with the values that they have where a config leaves them out.
OPTIONS: Mapping[str, Any] = {
    "in_channels": 4,
    "out_channels": 4,
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "down_block_types": (*("CrossAttnDownBlock2D",) * 3, "DownBlock2D"),
    "up_block_types": ("UpBlock2D", *("CrossAttnUpBlock2D",) * 3),
    "block_out_channels": (320, 640, 1280, 1280),
    "layers_per_block": 2,
    "norm_num_groups": 32,
    "norm_eps": 1e-5,
    "cross_attention_dim": 1280,
    "transformer_layers_per_block": 1,
    "attention_head_dim": 8,
    "num_attention_heads": None,
    "use_linear_projection": False,
    "time_cond_proj_dim": None,
}
#: Options that change the formulas, with the values that leave them as they are here.
PLAIN: Mapping[str, Any] = {
    "center_input_sample": False,
    "mid_block_type": "UNetMidBlock2DCrossAttn",
    "only_cross_attention": False,
    "mid_block_only_cross_attention": None,
    "downsample_padding": 1,
    "mid_block_scale_factor": 1,
    "act_fn": "silu",
    "reverse_transformer_layers_per_block": None,
    "encoder_hid_dim": None,
    "encoder_hid_dim_type": None,
    "dual_cross_attention": False,
    "class_embed_type": None,
    "num_class_embeds": None,
    "class_embeddings_concat": False,
    "addition_embed_type": None,
    "resnet_time_scale_shift": "default",
    "resnet_skip_time_act": False,
    "resnet_out_scale_factor": 1.0,
    "time_embedding_type": "positional",
    "time_embedding_dim": None,
    "time_embedding_act_fn": None,
    "timestep_post_act": None,
    "conv_in_kernel": 3,
    "conv_out_kernel": 3,
    "attention_type": "default",
    "cross_attention_norm": None,
}
_BLOCKS = ("DownBlock2D", "CrossAttnDownBlock2D", "UpBlock2D", "CrossAttnUpBlock2D")


def is_plain(config: Config) -> bool:
    """True if `Unet` is equal to a UNet2DConditionModel with this config.

    Both ignore unknown options, which some training programs leave in configs.
    """
    settings = {**OPTIONS, **config}
    blocks = (settings["down_block_types"], settings["up_block_types"])
    numbers = ("layers_per_block", "transformer_layers_per_block", "cross_attention_dim")
    return (
        all(config.get(name, value) == value for name, value in PLAIN.items())
        and all(isinstance(names, list | tuple) for names in blocks)
        and all(block in _BLOCKS for names in blocks for block in names)
        and all(isinstance(settings[name], int) for name in numbers)
    )
