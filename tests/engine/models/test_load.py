"""Opening models: equal to diffusers' own pipeline, strict, offline, and clean to cancel."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from safetensors.torch import load_file, save_file

from engine.conditioning import Conditioning, Role
from engine.errors import Cancelled, InputError, ModelError
from engine.models.families.contract import families
from engine.models.inspection.check import check_model
from engine.models.inspection.identity import model_identity
from engine.models.inspection.recommended_settings import opening_walk, recommended
from engine.models.load import open_model
from engine.models.loaded import DiffusionModel
from engine.models.running.rows import rows_of_texts
from engine.walk import NoiseSource, Sampling, Walk
from tests.support.tiny_models import make_tiny_model

PROMPTS = ("a photo of a cat", "", "Ünïcødé 🐈 and the rest’s " + "very " * 100)
pytestmark = pytest.mark.filterwarnings("ignore:The configuration file of this:FutureWarning")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def opened(whole: Path) -> DiffusionModel:
    return open_model(str(whole), device="cpu")


@pytest.fixture(scope="module")
def pipeline(whole: Path) -> Any:
    return StableDiffusionPipeline.from_pretrained(whole)


@pytest.fixture
def model(whole: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(whole, tmp_path / "model"))


def noise(count: int = 2) -> torch.Tensor:
    return torch.randn(count, 4, 8, 8, generator=torch.Generator().manual_seed(0))


def pictures(model: DiffusionModel) -> torch.Tensor:
    """What the model decodes of `noise()`: uint8 [2, H, W, 3]."""
    decoded = [picture for picture in model.decode(noise()) if picture is not None]
    assert len(decoded) == 2
    return torch.stack(decoded)


def predict(
    model: DiffusionModel, timesteps: torch.Tensor, texts: Sequence[Conditioning]
) -> torch.Tensor:
    return model.denoise(noise(), model.time_state(timesteps), model.text_state(texts))


def sequences(texts: Sequence[Conditioning]) -> torch.Tensor:
    """[n, tokens, width]."""
    return rows_of_texts(texts).tensors[Role.SEQUENCE]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_embeddings_equal_the_pipelines(opened: DiffusionModel, pipeline: Any, prompt: str) -> None:
    expected = pipeline.encode_prompt(prompt, "cpu", 1, False)[0]
    assert torch.equal(sequences(opened.encode([prompt])), expected)
    assert torch.equal(sequences(opened.encode([*PROMPTS, prompt])[-1:]), expected)


def test_predictions_equal_the_unets(opened: DiffusionModel, pipeline: Any) -> None:
    timesteps, text = torch.tensor([999.0, 3.0]), opened.encode(PROMPTS[:2])
    with torch.no_grad():
        expected = pipeline.unet(noise(), timesteps, sequences(text)).sample
    assert torch.allclose(predict(opened, timesteps, text), expected, atol=1e-5)


def test_pictures_equal_the_image_processors(opened: DiffusionModel, pipeline: Any) -> None:
    scaling = pipeline.vae.config.scaling_factor
    with torch.no_grad():
        pixels = pipeline.vae.decode(noise() / scaling).sample
    expected = pipeline.image_processor.postprocess(pixels, output_type="pil")
    assert np.array_equal(pictures(opened).numpy(), np.stack(expected))


def test_a_model_tells_what_it_is(opened: DiffusionModel, whole: Path) -> None:
    info = opened.info(batch=3, batch_exact=True)
    assert (info.multiple, info.batch) == (4, 3)
    assert (info.device, info.precision, info.solver) == ("cpu", "float32", "dpm++2m")
    assert (info.default_sampling.width, info.default_sampling.height) == (32, 32)
    assert info.location == str(whole)
    assert info.bytes_loaded > 1e6


def test_identity_is_the_contents(whole: Path, model: Path, opened: DiffusionModel) -> None:
    (model / "README.md").write_text("words change no pixel")
    assert open_model(str(model), device="cpu").identity == opened.identity
    weights = model / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(weights)
    tensors["conv_out.bias"] += 1e-3
    save_file(tensors, weights)
    assert open_model(str(model), device="cpu").identity != opened.identity


@pytest.mark.parametrize("name", ["model_index.json", "tokenizer/chat_template.jinja"])
def test_identity_has_what_texts_and_guidance_depend_on(model: Path, name: str) -> None:
    before = model_identity(check_model(model))
    with (model / name).open("a") as file:
        file.write("\n")
    assert model_identity(check_model(model)) != before


def test_recommendations_lie_beside_the_weights(model: Path) -> None:
    (model / "starter.json").write_text(json.dumps({"steps": 12, "guidance": 3, "width": 64}))
    sampling = open_model(str(model), device="cpu").default_sampling
    assert (sampling.steps, sampling.guidance) == (12, 3.0)
    assert (sampling.width, sampling.height) == (64, 32)


@pytest.mark.parametrize(
    ("sample_size", "channels", "side"),
    [(96, 4, 768), ([64, 96], 4, 768), (None, 4, 512), ("large", 4, 512), (64, 1, 64)],
)
def test_the_size_that_a_model_was_trained_on(sample_size: Any, channels: int, side: int) -> None:
    unet, vae = {"sample_size": sample_size}, {"block_out_channels": [8] * channels}
    family = families.get("stable-diffusion")
    sampling = family({"unet": unet, "vae": vae}).sampling()
    assert (sampling.width, sampling.height) == (side, side)
    nonsense = family({"unet": unet, "vae": {"block_out_channels": 7}})
    assert nonsense.sampling().width > 0


def test_recommendations_that_are_no_numbers_are_left_aside(model: Path) -> None:
    said = '{"steps": "many", "guidance": NaN, "height": 1' + "0" * 400 + ', "width": 64}'
    (model / "starter.json").write_text(said)
    sampling = recommended(model, check_model(model))
    plain = Sampling()
    assert (sampling.steps, sampling.guidance, sampling.width) == (plain.steps, plain.guidance, 64)
    assert sampling.height == 32


@pytest.mark.parametrize(
    ("said", "seed"), [("{}", 1), ('{"seed": 7}', 7), ('{"seed": "a"}', 1), ('{"seed": -1}', 1)]
)
def test_the_opening_walk_has_the_recommended_seed(tmp_path: Path, said: str, seed: int) -> None:
    (tmp_path / "starter.json").write_text(said, "utf-8")
    walk = opening_walk(tmp_path)
    assert [k.noise for k in walk.keyframes] == [NoiseSource(seed, 0), NoiseSource(seed, 1)]
    if seed == 1:
        assert walk == Walk()


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
def test_prediction_type_is_read(tmp_path: Path, kind: str) -> None:
    folder = make_tiny_model(tmp_path, prediction=kind)
    assert open_model(str(folder), device="cpu").schedule.prediction == kind


def test_half_precision(whole: Path, opened: DiffusionModel) -> None:
    half = open_model(str(whole), device="cpu", precision="bf16")
    text = half.encode(PROMPTS[:2])
    prediction = predict(half, torch.tensor([500.0, 500.0]), text)
    assert prediction.dtype == torch.bfloat16
    assert sequences(text).dtype == torch.float32
    exact = predict(opened, torch.tensor([500.0, 500.0]), opened.encode(PROMPTS[:2]))
    assert (prediction.float() - exact).abs().max() < 0.1
    # Pictures are decoded in single precision all the same.
    assert torch.equal(pictures(half), pictures(opened))


def test_unknown_device_and_precision(whole: Path) -> None:
    with pytest.raises(InputError, match="no device 'cuda:77'"):
        open_model(str(whole), device="cuda:77")
    with pytest.raises(InputError, match=r"no precision 'float3'.*: fp32, fp16, bf16\."):
        open_model(str(whole), precision="float3")


@pytest.mark.parametrize("location", ["nowhere", "", "/nowhere/at/all"])
def test_no_model_there(location: str) -> None:
    with pytest.raises(ModelError, match="no model"):
        open_model(location)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.pop("conv_out.bias"), "lack 'conv_out.bias'"),
        (lambda t: t.update({"conv_out.bias": torch.ones(4, dtype=torch.int8)}), "whole numbers"),
        (lambda t: t.update({"conv_out.bias": torch.zeros(5)}), "'conv_out.bias' is \\[5\\]"),
    ],
)
def test_weights_that_do_not_fit_are_named(model: Path, change: Any, words: str) -> None:
    weights = model / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(weights)
    change(tensors)
    save_file(tensors, weights)
    with pytest.raises(ModelError, match=f"UNet do not fit.*{words}"):
        open_model(str(model), device="cpu")


def test_tensors_that_no_network_needs_are_left_aside(model: Path, whole: Path) -> None:
    """As diffusers and transformers do; checkpoints hold such."""
    left_over = ("logit_scale", "position_ids", "stranger.weight")
    for part, stem in (("unet", "diffusion_pytorch_model"), ("text_encoder", "model")):
        weights = model / part / f"{stem}.safetensors"
        extra = {name: torch.zeros(1) for name in left_over}
        save_file(load_file(weights) | extra, weights)
    changed, plain = (open_model(str(folder), device="cpu") for folder in (model, whole))
    assert changed.encode(["a cat"]) == plain.encode(["a cat"])


@pytest.mark.parametrize(
    ("part", "nonsense"),
    [
        ("unet", {"block_out_channels": "wide"}),
        ("unet", {"block_out_channels": [16, -32]}),
        ("unet", {"down_block_types": ["DownBlock2D"]}),
        ("unet", {"down_block_types": None}),
        ("unet", {"down_block_types": 7}),
        ("unet", {"up_block_types": [["UpBlock2D"], {}]}),
        ("unet", {"attention_head_dim": 0}),
        ("vae", {"block_out_channels": []}),
        ("vae", {"up_block_types": 7}),
        ("text_encoder", {"num_hidden_layers": "two"}),
    ],
)
def test_configs_that_describe_nothing_are_named(
    model: Path, part: str, nonsense: dict[str, Any]
) -> None:
    config = model / part / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | nonsense))
    with pytest.raises(ModelError, match="config"):
        open_model(str(model), device="cpu")


def test_old_names_of_attention_layers(model: Path, opened: DiffusionModel) -> None:
    """Stable Diffusion 1.x ships its VAE with names that diffusers gave up in 2023."""
    weights = model / "vae" / "diffusion_pytorch_model.safetensors"
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    tensors = {}
    for name, tensor in load_file(weights).items():
        for new, past in old.items():
            name = name.replace(f".{new}.", f".{past}.")
        tensors[name] = tensor
    assert any("query" in name for name in tensors)
    save_file(tensors, weights)
    assert torch.equal(pictures(open_model(str(model), device="cpu")), pictures(opened))


def test_class_names_that_are_gone(model: Path, opened: DiffusionModel) -> None:  # R12
    index, schedule = model / "model_index.json", model / "scheduler" / "scheduler_config.json"
    content = json.loads(index.read_text())
    content["feature_extractor"] = ["transformers", "CLIPFeatureExtractor"]
    content["scheduler"] = ["diffusers", "ScoreSdeVpScheduler"]
    index.write_text(json.dumps(content))
    content = json.loads(schedule.read_text()) | {"_class_name": "ScoreSdeVpScheduler"}
    schedule.write_text(json.dumps(content))
    info = open_model(str(model), device="cpu").info(batch=1, batch_exact=True)
    assert (info.solver, info.replaced) == ("dpm++2m", "ScoreSdeVpScheduler")


def test_opening_connects_nowhere(whole: Path) -> None:  # R13
    attempts: list[str] = []
    watching = True

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if watching and event in ("socket.connect", "socket.getaddrinfo"):
            attempts.append(event)

    sys.addaudithook(watch)
    open_model(str(whole), device="cpu").encode(["cat"])
    watching = False
    assert attempts == []


def test_opening_imports_none_of_the_large_libraries(whole: Path) -> None:
    """They would take longer than everything else until the first picture."""
    large = ("diffusers", "transformers", "torch._dynamo", "sympy")
    code = (
        "import sys; from engine.models.load import open_model\n"
        f"model = open_model({str(whole)!r}, device='cpu'); model.encode(['cat'])\n"
        f"print(*[name for name in {large} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("fate", ["cut", "gone", "overwritten"])
def test_files_that_change_later_harm_nothing(
    model: Path, opened: DiffusionModel, fate: str
) -> None:  # R18
    loaded = open_model(str(model), device="cpu")
    for weights in model.rglob("*.safetensors"):
        if fate == "gone":
            weights.unlink()
        else:
            with weights.open("r+b") as stream:
                stream.truncate(100)
                stream.write(b"x" * 100)
    text = loaded.encode(PROMPTS[:2])
    assert text == opened.encode(PROMPTS[:2])
    timesteps = torch.tensor([9.0, 99.0])
    ours, theirs = (predict(m, timesteps, text) for m in (loaded, opened))
    assert torch.equal(ours, theirs)
    assert torch.equal(pictures(loaded), pictures(opened))


def test_loading_reports_and_can_be_cancelled(whole: Path) -> None:
    heard: list[float] = []
    open_model(str(whole), device="cpu", progress=lambda _, fraction: heard.append(fraction))
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert len(heard) >= 5

    def cancel(stage: str, fraction: float) -> None:
        if fraction > 0.1:
            raise Cancelled

    with pytest.raises(Cancelled):
        open_model(str(whole), device="cpu", progress=cancel)


def test_a_closed_model_says_so(whole: Path) -> None:
    model = open_model(str(whole), device="cpu")
    model.close()
    with pytest.raises(RuntimeError, match="was closed"):
        model.encode(["cat"])


@pytest.mark.slow
def test_switching_models_gives_memory_back(whole: Path, tmp_path: Path) -> None:  # R19
    import psutil

    def use(number: int) -> None:
        if number % 10 == 9:
            with pytest.raises(ModelError):
                open_model(str(tmp_path / "nowhere"))
            return
        model = open_model(str(whole), device="cpu")
        model.decode(noise(8))
        model.close()

    for number in range(5):
        use(number)
    memory = psutil.Process().memory_info().rss
    for number in range(50):
        use(number)
    assert psutil.Process().memory_info().rss - memory < 64e6


def test_latent_consistency_models_are_told_their_guidance(model: Path) -> None:
    config_file = model / "unet" / "config.json"
    weights = model / "unet" / "diffusion_pytorch_model.safetensors"
    config_file.write_text(
        json.dumps(json.loads(config_file.read_text()) | {"time_cond_proj_dim": 8})
    )
    tensors = load_file(weights)
    tensors["time_embedding.cond_proj.weight"] = torch.ones(16, 8)
    save_file(tensors, weights)
    loaded = open_model(str(model), device="cpu")
    pipeline = StableDiffusionPipeline.from_pretrained(model)
    told = pipeline.get_guidance_scale_embedding(torch.tensor([7.5, 7.5]), embedding_dim=8)
    timesteps, text = torch.tensor([999.0, 3.0]), loaded.encode(PROMPTS[:2])
    with torch.no_grad():
        expected = pipeline.unet(noise(), timesteps, sequences(text), timestep_cond=told).sample
    assert torch.allclose(predict(loaded, timesteps, text), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("size", "near"), [((33, 40), "32×40"), ((40, 41), "40×40"), ((3, 8), "4×8"), ((4, 1), "4×4")]
)
def test_a_size_that_the_model_cannot_draw_is_refused_with_the_nearest(
    opened: DiffusionModel, size: tuple[int, int], near: str
) -> None:
    assert opened.latent_shape(40, 32) == (4, 8, 10)
    with pytest.raises(InputError, match=f"multiples of 4 for this model.* use {near}"):
        opened.latent_shape(*size)
