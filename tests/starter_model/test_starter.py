"""The shipped folder: it loads in plain diffusers and transformers and draws what it drew."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline
from transformers import CLIPImageProcessor, CLIPModel, CLIPTokenizer

from engine.models.inspection.check import check_model
from engine.models.inspection.recommended_settings import recommended
from engine.walk import ARTICLE_PROMPT, ARTICLE_SCORING_TEXT, Exploration

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "starter_model"
REFERENCE = Path(__file__).with_name("reference.json")

pytestmark = pytest.mark.filterwarnings(
    # diffusers' schedulers hand torch tensors to numpy the old way.
    "ignore:__array__ implementation:DeprecationWarning"
)


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionPipeline:
    """The folder as anybody would load it."""
    result = StableDiffusionPipeline.from_pretrained(FOLDER)
    result.set_progress_bar_config(disable=True)
    return result


@pytest.fixture(scope="module")
def starter() -> dict[str, object]:
    """The recommended defaults."""
    return json.loads((FOLDER / "starter.json").read_text("utf-8"))


def pooled(picture: np.ndarray) -> np.ndarray:
    """Means of 8×8 blocks, `[16, 16, 3]`."""
    return picture.reshape(16, 8, 16, 8, 3).mean(axis=(1, 3))


def test_the_folder_is_a_small_stable_diffusion(pipeline: StableDiffusionPipeline) -> None:
    assert pipeline.unet.config.in_channels == pipeline.vae.config.latent_channels
    assert pipeline.unet.config.sample_size == 16
    assert pipeline.vae_scale_factor == 8
    assert pipeline.tokenizer.model_max_length == 77
    assert pipeline.safety_checker is None
    assert pipeline.unet.dtype == torch.float32


def test_the_folder_holds_the_model_alone_and_opens_where_it_is_copied(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(FOLDER, tmp_path / "model"))
    assert not list(copy.rglob("*.py"))
    report = check_model(copy)
    assert report.ok, report.problem


def test_a_new_walk_has_what_the_model_recommends() -> None:
    assert Exploration().sampling == recommended(FOLDER, check_model(FOLDER))


def test_the_noise_schedule_is_stable_diffusions(pipeline: StableDiffusionPipeline) -> None:
    config = pipeline.scheduler.config
    assert isinstance(pipeline.scheduler, DPMSolverMultistepScheduler)
    assert (config.beta_start, config.beta_end) == (0.00085, 0.012)
    assert config.beta_schedule == "scaled_linear"
    assert config.num_train_timesteps == 1000
    assert config.prediction_type == "epsilon"


def test_a_prompt_and_a_seed_give_the_same_picture(
    pipeline: StableDiffusionPipeline, starter: dict[str, object]
) -> None:
    source = torch.Generator().manual_seed(1)
    picture = pipeline(
        ARTICLE_PROMPT,
        num_inference_steps=starter["steps"],
        guidance_scale=starter["guidance"],
        latents=torch.randn(1, pipeline.unet.config.in_channels, 16, 16, generator=source),
        output_type="np",
    ).images[0]
    reference = np.array(json.loads(REFERENCE.read_text("utf-8"))["pooled"])
    assert picture.shape == (128, 128, 3)
    assert np.abs(pooled(picture) - reference).mean() < 0.02


def test_the_scorer_reads_the_same_tokens(pipeline: StableDiffusionPipeline) -> None:
    theirs = CLIPTokenizer.from_pretrained(FOLDER / "clip")
    assert theirs.get_vocab() == pipeline.tokenizer.get_vocab()
    for text in (ARTICLE_PROMPT, ARTICLE_SCORING_TEXT):
        assert theirs(text).input_ids == pipeline.tokenizer(text).input_ids


def test_the_scorer_scores() -> None:
    clip = CLIPModel.from_pretrained(FOLDER / "clip", dtype=torch.float32)
    processor = CLIPImageProcessor.from_pretrained(FOLDER / "clip")
    tokenizer = CLIPTokenizer.from_pretrained(FOLDER / "clip")
    pixels = processor(np.full((128, 128, 3), 200, np.uint8), return_tensors="pt").pixel_values
    tokens = tokenizer([ARTICLE_SCORING_TEXT], return_tensors="pt")
    with torch.no_grad():
        output = clip(**tokens, pixel_values=pixels)
    assert pixels.shape == (1, 3, 128, 128)
    assert torch.isfinite(output.logits_per_image).all()


def test_the_folder_names_no_path_of_its_makers() -> None:
    for path in FOLDER.glob("**/*.json"):
        assert "_name_or_path" not in path.read_text("utf-8"), path


def test_the_weights_are_safe_and_small() -> None:
    files = [p for p in FOLDER.rglob("*") if p.is_file()]
    assert not [p for p in files if p.suffix in {".bin", ".pt", ".ckpt", ".pkl", ".py"}]
    assert sum(p.stat().st_size for p in files) < 40_000_000
