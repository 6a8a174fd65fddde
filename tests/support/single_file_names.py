"""Write a diffusers folder as a single file in the original layout: the loader's way, backwards."""

from __future__ import annotations

import json
import re
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

State = dict[str, torch.Tensor]

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_UNET = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}
_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
_OPEN_CLIP = {
    "embeddings.position_embedding.weight": "positional_embedding",
    "embeddings.token_embedding": "token_embedding",
    "final_layer_norm": "ln_final",
    "encoder.layers.": "transformer.resblocks.",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def write_checkpoint(folder: Path, file: Path, label: str) -> Path:
    """The model in `folder` as one file in the layout of SD 1.x, SD 2.x or SDXL."""
    names = ("unet", "vae", "text_encoder", "text_encoder_2")
    parts = {name: _weights(folder / name) for name in names if (folder / name).is_dir()}
    layers = json.loads((folder / "unet" / "config.json").read_text())["layers_per_block"]
    state = {
        f"model.diffusion_model.{_unet(n, layers, parts)}": t for n, t in _items(parts, "unet")
    }
    state |= {f"first_stage_model.{_vae(n)}": _convolved(n, t) for n, t in _items(parts, "vae")}
    text = {n.removeprefix("text_model."): t for n, t in _items(parts, "text_encoder")}
    if label == "SDXL":
        first, second = "conditioner.embedders.0.transformer.", "conditioner.embedders.1.model."
        state |= {f"{first}text_model.{n}": t for n, t in text.items()}
        state |= {f"{second}{n}": t for n, t in _second_encoder(parts).items()}
    elif label == "SD 1.x":
        state |= {f"cond_stage_model.transformer.text_model.{n}": t for n, t in text.items()}
    else:
        state |= {f"cond_stage_model.model.{n}": t for n, t in _open_clip(text).items()}
    state["model_ema.decay"] = torch.zeros(1)
    save_file({name: tensor.clone().contiguous() for name, tensor in state.items()}, file)
    return file


def write_by_folders(folder: Path, file: Path) -> Path:
    """The model in `folder` as one file, whose parts have the names of their folders."""
    state = {
        f"{part.name}.{name}": tensor
        for part in folder.iterdir()
        if list(part.glob("*.safetensors"))
        for name, tensor in _weights(part).items()
    }
    save_file(state, file)
    return file


def _second_encoder(parts: dict[str, State]) -> State:
    text = {n.removeprefix("text_model."): t for n, t in parts["text_encoder_2"].items()}
    projection = text.pop("text_projection.weight")
    return {**_open_clip(text), "text_projection": projection.T}


def _weights(folder: Path) -> State:
    return load_file(next(folder.glob("*.safetensors")))


def _items(parts: dict[str, State], name: str) -> list[tuple[str, torch.Tensor]]:
    return list(parts[name].items())


def _renamed(name: str, names: dict[str, str]) -> str:
    for new, old in names.items():
        name = name.replace(new, old)
    return name


def _unet(name: str, layers: int, parts: dict[str, State]) -> str:
    match = re.match(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.*)", name)
    if match is None:
        middle = re.match(r"mid_block\.(resnets|attentions)\.(\d+)\.(.*)", name)
        if middle is None:
            return _renamed(name, _UNET)
        number = 2 * int(middle[2]) if middle[1] == "resnets" else 1
        tail = _renamed(middle[3], _RESNET) if middle[1] == "resnets" else middle[3]
        return f"middle_block.{number}.{tail}"
    way, block, kind, layer, tail = match.groups()
    side = "input" if way == "down" else "output"
    first = (layers + 1) * int(block) + (way == "down")
    if kind == "resnets":
        return f"{side}_blocks.{first + int(layer)}.0.{_renamed(tail, _RESNET)}"
    if kind == "attentions":
        return f"{side}_blocks.{first + int(layer)}.1.{tail}"
    if kind == "downsamplers":
        return f"input_blocks.{first + layers}.0.{tail.replace('conv', 'op')}"
    has_attention = any(n.startswith(f"up_blocks.{block}.attentions") for n in parts["unet"])
    return f"output_blocks.{first + layers}.{2 if has_attention else 1}.{tail}"


def _vae(name: str, levels: int = 3) -> str:
    match = re.match(r"(\w+)\.(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.*)", name)
    if match is not None:
        side, way, block, kind, layer, tail = match.groups()
        level = int(block) if way == "down" else levels - 1 - int(block)
        tail = tail.replace("conv_shortcut", "nin_shortcut")
        if kind == "resnets":
            return f"{side}.{way}.{level}.block.{layer}.{tail}"
        return f"{side}.{way}.{level}.{way}sample.{tail}"
    middle = re.match(r"(\w+)\.mid_block\.resnets\.(\d+)\.(.*)", name)
    if middle is not None:
        return f"{middle[1]}.mid.block_{int(middle[2]) + 1}.{middle[3]}"
    if "mid_block.attentions.0." in name:
        name = name.replace("mid_block.attentions.0.", "mid.attn_1.")
        head, _, tail = name.rpartition("attn_1.")
        return f"{head}attn_1.{_renamed(tail, _ATTENTION)}"
    return name.replace("conv_norm_out", "norm_out")


def _convolved(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """Attention layers of the original VAE are convolutions of one pixel."""
    return tensor[:, :, None, None] if ".attentions." in name and tensor.ndim == 2 else tensor


def _open_clip(text: State) -> State:
    """Queries, keys and values in one tensor; beside them what SD 2 leaves out."""
    state: State = {}
    for name, tensor in text.items():
        match = re.match(r"encoder\.layers\.(\d+)\.self_attn\.q_proj\.(weight|bias)", name)
        if match is not None:
            three = [text[name.replace("q_proj", f"{k}_proj")] for k in "qkv"]
            state[f"transformer.resblocks.{match[1]}.attn.in_proj_{match[2]}"] = torch.cat(three)
        elif not re.search(r"[kv]_proj", name):
            state[_renamed(name, _OPEN_CLIP)] = tensor
    last = {n.replace("resblocks.1", "resblocks.2"): t for n, t in state.items() if "blocks.1" in n}
    return state | last | {"text_projection": torch.eye(32), "logit_scale": torch.zeros(())}
