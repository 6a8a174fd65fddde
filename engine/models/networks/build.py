"""Builds the networks of a model folder from their configs and tensors.

An error names a tensor that is missing or has another shape. Unknown tensors such as `logit_scale`
and `position_ids` are ignored, as diffusers and transformers do.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

# Read once, when diffusers is imported: no code from a model folder or the hub is ever run.
os.environ["DIFFUSERS_DISABLE_REMOTE_CODE"] = "1"

import torch

from engine.errors import ModelError
from engine.models.networks.text_tower import TextTower
from engine.models.networks.unet import Unet
from engine.models.networks.unet_config import is_plain
from engine.models.networks.vae import PARTS, VaeDecoder

State = dict[str, torch.Tensor]
Network = TypeVar("Network", bound=torch.nn.Module)

#: Attention layers of VAEs were named like this until 2023; SD 1.x still ships them so.
_OLD_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
_OLD_NAME = re.compile(r"(.*attentions\.\d+\.)(query|key|value|proj_attn)\.(weight|bias)")


def build_unet(config: Mapping[str, Any], state: State) -> Any:
    """Builds the UNet: our own, or that of diffusers for options that ours does not have."""
    if is_plain(config):
        return _filled("UNet", lambda: Unet(config), state)
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    return _filled("UNet", lambda: UNet2DConditionModel.from_config(dict(config)), state)


def is_used(part: str, name: str) -> bool:
    """True if a tensor of a model's part is used. Those of a VAE's encoder are not."""
    return part != "vae" or name.startswith(PARTS)


def build_vae(config: Mapping[str, Any], state: State) -> VaeDecoder:
    """Builds the VAE's decoder. Weights of the encoder are ignored."""
    used = {_modern_name(name): tensor for name, tensor in state.items() if is_used("vae", name)}
    flat = {name: _flat(name, tensor) for name, tensor in used.items()}
    return _filled("VAE", lambda: VaeDecoder(config), flat)


def build_text_encoder(config: Mapping[str, Any], state: State) -> TextTower:
    """Builds CLIP's text encoder."""
    state = {name.removeprefix("text_model."): tensor for name, tensor in state.items()}
    return _filled("text encoder", lambda: TextTower(config), state)


def build_autoencoder(config: Mapping[str, Any], state: State) -> Any:
    """Builds a VAE of diffusers."""
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    flat = {_modern_name(n): _flat(_modern_name(n), tensor) for n, tensor in state.items()}
    return _filled("VAE", lambda: AutoencoderKL.from_config(dict(config)), flat)


def build_clip_text(config: Mapping[str, Any], state: State) -> Any:
    """Builds the CLIP text encoder of transformers; with a projection if `state` has one."""
    from transformers.models.clip import modeling_clip
    from transformers.models.clip.configuration_clip import CLIPTextConfig

    projected = "text_projection.weight" in state
    kind = modeling_clip.CLIPTextModelWithProjection if projected else modeling_clip.CLIPTextModel
    plain = {name.removeprefix("text_model."): tensor for name, tensor in state.items()}
    text = CLIPTextConfig.from_dict(dict(config))
    with torch.device("meta"):
        names = kind(text).state_dict()
    named = {
        name: plain[short] for name in names if (short := name.removeprefix("text_model.")) in plain
    }
    return _filled("text encoder", lambda: kind(text), named)


def build_clip(config: Mapping[str, Any], state: State) -> Any:
    """Builds a CLIP model with its text and its vision encoder."""
    from transformers.models.clip.configuration_clip import CLIPConfig
    from transformers.models.clip.modeling_clip import CLIPModel

    return _filled("CLIP model", lambda: CLIPModel(CLIPConfig.from_dict(dict(config))), state)


def _filled(what: str, make: Callable[[], Network], state: State) -> Network:
    """Builds a network without allocating weights, and assigns those of `state`."""
    try:
        with torch.device("meta"):
            network = make()
    except (
        *(TypeError, ValueError, LookupError, AttributeError, RuntimeError),
        *(ArithmeticError, MemoryError),
    ) as error:
        raise ModelError(
            f"The config of the {what} describes nothing this program can build ({error}); "
            "the model needs another program."
        ) from error
    _compare(what, network.state_dict(), state)
    network.load_state_dict(state, strict=False, assign=True)
    _fill_positions(network)
    return network.eval().requires_grad_(False)


def _compare(what: str, expected: Mapping[str, torch.Tensor], state: State) -> None:
    missing = sorted(expected.keys() - state.keys())
    if missing:
        raise ModelError(
            f"The weights of the {what} do not fit its config: they lack {missing[0]!r} "
            f"({len(missing)} missing); fetch the model again."
        )
    for name, tensor in expected.items():
        if tensor.shape != state[name].shape:
            raise ModelError(
                f"The weights of the {what} do not fit its config: {name!r} is "
                f"{list(state[name].shape)} where {list(tensor.shape)} is needed; "
                "fetch the model again."
            )
        if tensor.is_floating_point() and not state[name].is_floating_point():
            raise ModelError(
                f"The weights of the {what} do not fit its config: {name!r} holds whole numbers, "
                "as packed weights do; get the model in half precision."
            )


def _fill_positions(network: torch.nn.Module) -> None:
    """Sets CLIP's position ids, which no file contains."""
    for module in network.modules():
        positions = getattr(module, "position_ids", None)
        if isinstance(positions, torch.Tensor) and positions.is_meta:
            module.position_ids = torch.arange(positions.shape[-1]).expand((1, -1))


def _modern_name(name: str) -> str:
    match = _OLD_NAME.fullmatch(name)
    return f"{match[1]}{_OLD_ATTENTION[match[2]]}.{match[3]}" if match else name


def _flat(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """Converts the 1×1 convolutions of old attention layers to linear layers."""
    is_attention = ".attentions." in name and name.endswith("weight")
    return tensor[:, :, 0, 0] if is_attention and tensor.ndim == 4 else tensor
