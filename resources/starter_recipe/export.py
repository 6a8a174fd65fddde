"""Writes the model folder: a diffusers StableDiffusionPipeline and the scoring CLIP beside it."""

from __future__ import annotations

import argparse
import copy
import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPImageProcessor, CLIPModel, CLIPTextModel, CLIPTokenizer

from .common import MODEL_FOLDER, parser, shipped_bytes
from .starter_json import write_starter
from .train_clip import SIZE
from .train_clip import build as build_clip
from .train_clip import load_model as load_clip
from .train_text import load_tower
from .train_tokenizer import load as load_tokenizer
from .train_unet import load_average, scheduler
from .train_vae import load_final


def assemble(
    vae: AutoencoderKL, tower: CLIPTextModel, tokenizer: CLIPTokenizer, unet: UNet2DConditionModel
) -> StableDiffusionPipeline:
    """The pipeline, without safety checker or feature extractor."""
    return StableDiffusionPipeline(
        vae=vae,
        text_encoder=tower,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        image_encoder=None,
        requires_safety_checker=False,
    )


def trained_parts(options: argparse.Namespace) -> tuple[AutoencoderKL, UNet2DConditionModel]:
    """The VAE (with the refined decoder, if there is one) and the averaged UNet."""
    vae = load_final(options.work)
    factor = torch.load(options.work / "scaling.pt", weights_only=True)["scaling_factor"]
    vae.register_to_config(scaling_factor=round(factor, 5))
    return vae, load_average(options.work)


def scorer(options: argparse.Namespace) -> CLIPModel:
    """The scorer of the work folder, or that of a model folder with a text tower of its own."""
    if options.scorer:
        kept: CLIPModel = CLIPModel.from_pretrained(options.scorer / "clip", dtype=torch.float32)
        return kept.eval()
    return build_clip(options) if options.untrained_clip else load_clip(options)


def write(folder: Path, pipeline: StableDiffusionPipeline, clip: CLIPModel) -> None:
    """Everything in half precision; the networks passed in are left as they are."""
    parts = {
        name: copy.deepcopy(getattr(pipeline, name)).half()
        for name in ("vae", "text_encoder", "unet")
    }
    half = assemble(parts["vae"], parts["text_encoder"], pipeline.tokenizer, parts["unet"])
    half.save_pretrained(folder, safe_serialization=True)
    copy.deepcopy(clip).half().save_pretrained(folder / "clip", safe_serialization=True)
    pipeline.tokenizer.save_pretrained(folder / "clip")
    _processor().save_pretrained(folder / "clip")
    _tidy_configs(folder)
    write_starter(folder)


def _processor() -> CLIPImageProcessor:
    """Pictures to 128 pixels and −1…1, as training saw them."""
    return CLIPImageProcessor(
        size={"shortest_edge": SIZE},
        crop_size={"height": SIZE, "width": SIZE},
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
        resample=3,
    )


def _tidy_configs(folder: Path) -> None:
    """No local paths, and float32 by default: transformers would load halves as halves.

    A plain `from_pretrained` then gives parts of one dtype, and one that processors compute in.
    """
    for path in folder.rglob("*.json"):
        if path.name in {"vocab.json", "tokenizer.json"}:
            continue
        content = json.loads(path.read_text("utf-8"))
        if not isinstance(content, dict):
            continue
        content.pop("_name_or_path", None)
        for part in (content, content.get("text_config"), content.get("vision_config")):
            if isinstance(part, dict) and "dtype" in part:
                part["dtype"] = "float32"
        path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def main() -> None:
    """Command line."""
    command = parser(__doc__)
    command.add_argument("--folder", type=Path, default=MODEL_FOLDER)
    command.add_argument("--untrained-clip", action="store_true", help="before train_clip has run")
    command.add_argument("--scorer", type=Path, help="a model folder whose scorer to keep")
    options = command.parse_args()
    vae, unet = trained_parts(options)
    tower, tokenizer = load_tower(options), load_tokenizer(options.work)
    write(options.folder, assemble(vae, tower, tokenizer, unet), scorer(options))
    print(f"export: {options.folder}, {shipped_bytes(options.folder) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
