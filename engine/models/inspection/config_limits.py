"""Limits for the values in a model's config. They are checked before anything is built from it.

A few bytes of JSON can request a hundred million layers. A config within these limits cannot use
all memory or time. It may still not match the weights. A later comparison with the weights finds
this.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.models.inspection.report import read_object

_MOST_LISTED = 32
#: Transformers in the downward half of a UNet. Stable Diffusion XL has 24.
_MOST_TRANSFORMERS = 2048


@dataclass(frozen=True, slots=True)
class _Numbers:
    """A number from `low` to `high`, or None unless it is `required`. `listed` also allows a list
    of numbers."""

    low: float
    high: float
    whole: bool = True
    listed: bool = False
    required: bool = False

    def holds(self, value: Any) -> bool:
        if self.listed and isinstance(value, list):
            return len(value) <= _MOST_LISTED and all(self._is_one(item) for item in value)
        return (value is None and not self.required) or self._is_one(value)

    def _is_one(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        # NaN and infinite values are not within, and a number of many digits is no float.
        return self.low <= value <= self.high and not (self.whole and value != int(value))

    def __str__(self) -> str:
        kind = "whole number" if self.whole else "number"
        return f"a {kind} from {self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class _Names:
    """A short text, or None. `listed` requires a list of texts."""

    listed: bool = False

    def holds(self, value: Any) -> bool:
        if not self.listed:
            return value is None or (isinstance(value, str) and len(value) <= 200)
        short = isinstance(value, list) and len(value) <= _MOST_LISTED
        return short and all(isinstance(item, str) for item in value)

    def __str__(self) -> str:
        return "a list of names" if self.listed else "a name"


@dataclass(frozen=True, slots=True)
class _OneOf:
    """One of these names."""

    names: tuple[str, ...]

    def holds(self, value: Any) -> bool:
        return isinstance(value, str) and value in self.names

    def __str__(self) -> str:
        return f"one of {', '.join(self.names)}"


_Limit = _Numbers | _Names | _OneOf

#: Configs inside another config.
_INNER = ("text_config", "vision_config")


def _beta() -> _Numbers:
    """Returns the limit of a beta of a schedule, the share of noise that a training step adds."""
    return _Numbers(1e-12, 0.9999, whole=False, required=True)


def _limits() -> Mapping[str, _Limit]:
    """Returns the limit of each option. A name has the same meaning in the configs of all parts."""
    width, widths = _Numbers(1, 65_536), _Numbers(1, 65_536, listed=True)
    layers, real = _Numbers(1, 256, listed=True), _Numbers(-1e9, 1e9, whole=False)
    kinds: Mapping[_Limit, tuple[str, ...]] = {
        width: (
            *("in_channels", "out_channels", "latent_channels", "hidden_size"),
            *("intermediate_size", "projection_dim", "image_size"),
            *("norm_num_groups", "time_cond_proj_dim"),
        ),
        widths: (
            *("block_out_channels", "cross_attention_dim", "sample_size"),
            *("attention_head_dim", "num_attention_heads", "patch_size"),
            *("joint_attention_dim", "pooled_projection_dim", "caption_channels", "cap_feat_dim"),
            *("d_model", "d_ff", "dim", "encoder_block_out_channels", "decoder_block_out_channels"),
        ),
        layers: (
            *("layers_per_block", "num_hidden_layers", "transformer_layers_per_block"),
            *("num_layers", "num_single_layers", "n_layers", "num_refiner_layers"),
        ),
        real: ("norm_eps", "shift_factor", "flow_shift", "sigma_data", "shift_terminal"),
        _beta(): ("beta_start", "beta_end"),
        _Numbers(-1e9, 1e9, whole=False, required=True): (
            *("scaling_factor", "layer_norm_eps", "shift", "base_shift", "max_shift"),
        ),
        _Numbers(1, 10, required=True): ("solver_order",),
        _Numbers(1, 10_000_000): ("vocab_size", "max_position_embeddings"),
        _Numbers(1, 100_000, required=True): (
            *("num_train_timesteps", "base_image_seq_len", "max_image_seq_len"),
        ),
        _Numbers(-100_000, 100_000): ("steps_offset",),
        _OneOf(("linspace", "leading", "trailing")): ("timestep_spacing",),
        _Names(listed=True): ("down_block_types", "up_block_types"),
        _Names(): (
            *("_class_name", "act_fn", "hidden_act", "mid_block_type", "model_type"),
            *("beta_schedule", "prediction_type", "addition_embed_type"),
        ),
    }
    return {name: limit for limit, names in kinds.items() for name in names}


def read_config(file: Path) -> dict[str, Any]:
    """Reads the config of a network, a scheduler or a CLIP model and checks the limits.

    Raises ModelError with one sentence that names the file and the option.
    """
    config, limits = read_object(file), _limits()
    for part in (
        config,
        *(inner for name in _INNER if isinstance(inner := config.get(name), dict)),
    ):
        for name, limit in limits.items():
            if name in part and not limit.holds(part[name]):
                raise ModelError(
                    f"{file} says {name} = {_shown(part[name])}, and {limit} is needed; "
                    "fetch the model again."
                )
    problem = _contradiction(config)
    if problem:
        raise ModelError(f"{file} {problem}; fetch the model again.")
    betas = config.get("trained_betas")
    if betas is not None and not _are_betas(betas):
        raise ModelError(f"{file} has no numbers as trained_betas; fetch the model again.")
    return config


def _contradiction(config: Mapping[str, Any]) -> str:
    """Returns the reason why options within their limits cannot be used together, or ""."""
    names = ("layers_per_block", "transformer_layers_per_block")
    blocks = len(config.get("down_block_types") or ())
    transformers = blocks * math.prod(_largest(config.get(name)) for name in names)
    if transformers > _MOST_TRANSFORMERS:
        return f"asks for up to {transformers:,} transformers, too many for a UNet"
    least, most = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    if least == most:
        return f"gives the shifts of two sizes, and both sizes are {least} tokens"
    return ""


def _largest(value: Any) -> int:
    """Returns the largest of the numbers in a list, the number itself, or 1 for None."""
    return int(max(value, default=1) if isinstance(value, list) else value or 1)


def _are_betas(betas: Any) -> bool:
    return isinstance(betas, list) and 0 < len(betas) <= 100_000 and all(map(_beta().holds, betas))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
