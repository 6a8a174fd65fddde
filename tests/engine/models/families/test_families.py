"""Every family is held to its pipeline in diffusers, and to the promises of a walk."""

from __future__ import annotations

import importlib
import json
import pkgutil
import shutil
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline
from safetensors.torch import load_file, save_file

from engine.conditioning import Conditioning, blend_texts
from engine.errors import ModelError
from engine.methods.contract import lerp
from engine.models.families.contract import INDEX, Family, families
from engine.models.inspection.check import check_model
from engine.models.inspection.config_limits import read_config
from engine.models.inspection.report import read_object
from engine.models.load import open_model
from engine.models.loaded import DiffusionModel
from engine.models.networks.tokens import LimitedCounter, TokenCounter
from engine.models.running.decoder import Pictures, decode_in_tiles
from engine.render.sampling.lockstep import LockstepSampler
from engine.render.sampling.sampler import Guidance, Sampler
from tests.support import tiny_families
from tests.support.tiny_families.contract import TinyFamily

MODELS = {
    tiny.name: tiny
    for module in pkgutil.iter_modules(tiny_families.__path__)
    if module.name != "contract"
    for tiny in importlib.import_module(f"{tiny_families.__name__}.{module.name}").MODELS
}
TOLERANCE = 1e-5
each_model = pytest.mark.parametrize("name", MODELS)
pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function that gives the folder of a tiny model, which is written once."""
    return cache(lambda name: MODELS[name].write(tmp_path_factory.mktemp(name)))


@pytest.fixture(scope="module")
def opened(folders: Any) -> Any:
    """A function that gives a tiny model, which is opened once."""
    return cache(lambda name: open_model(str(folders(name)), device="cpu"))


@pytest.fixture(scope="module")
def pipelines(folders: Any) -> Any:
    """A function that gives the pipeline of a tiny model."""

    @cache
    def pipeline(name: str) -> Any:
        pipe = DiffusionPipeline.from_pretrained(
            folders(name), **dict.fromkeys(MODELS[name].absent)
        )
        pipe.set_progress_bar_config(disable=True)
        return pipe

    return pipeline


def noise(shape: tuple[int, int, int], seed: int = 0) -> torch.Tensor:
    return torch.randn(1, *shape, generator=torch.Generator().manual_seed(seed))


def make_sampler(
    model: DiffusionModel,
    tiny: TinyFamily,
    guidance: float,
    shape: tuple[int, int, int],
    slots: int = 1,
) -> Sampler[int] | LockstepSampler[int]:
    family = model.family
    guided = Guidance(guidance, above=family.guided_above, combine=family.guide)
    table, text = model.table(model.solver, shape, tiny.steps), model.encode([""])[0]
    if table is None:
        return LockstepSampler(model, tiny.steps, guided, slots, shape, text)
    return Sampler(model, table, guided, slots, shape, text)


def draw(
    model: DiffusionModel,
    tiny: TinyFamily,
    guidance: float,
    latent: torch.Tensor,
    positive: Conditioning,
    negative: Conditioning | None = None,
) -> torch.Tensor:
    """The final latent [C, h, w] of an initial one [1, C, h, w], rendered alone."""
    sampler = make_sampler(model, tiny, guidance, latent.shape[1:])  # type: ignore[arg-type]
    negative = negative or model.encode([tiny.negative], negative=True)[0]
    sampler.admit(0, latent[0].numpy(), positive, negative)
    while not (done := sampler.tick()):
        pass
    return done[0][1]


def shares(pixels: torch.Tensor) -> torch.Tensor:
    return (pixels * 0.5 + 0.5).clamp(0, 1)


def theirs(
    pipe: Any, model: DiffusionModel, tiny: TinyFamily, latent: torch.Tensor, arguments: Any
) -> torch.Tensor:
    """The picture [1, 3, H, W] that the pipeline makes of an initial latent."""
    scale = model.downscale
    height, width = (side * scale for side in latent.shape[2:])
    start = model.family.enter(latent) if tiny.packs else latent
    return torch.as_tensor(
        pipe(
            **arguments,
            **tiny.extra,
            latents=start.clone(),
            height=height,
            width=width,
            num_inference_steps=tiny.steps,
            generator=torch.Generator().manual_seed(0),
            output_type="pt",
        ).images
    )


CASES = [
    pytest.param(name, guidance, size, id=f"{name}-{guidance}-{size[0]}x{size[1]}")
    for name, tiny in MODELS.items()
    for guidance in tiny.guidances
    for size in tiny.sizes
]


@pytest.mark.parametrize("source", ["prompts", "texts"])
@pytest.mark.parametrize(("name", "guidance", "size"), CASES)
def test_pictures_equal_those_of_the_pipeline(
    opened: Any, pipelines: Any, name: str, guidance: float, size: tuple[int, int], source: str
) -> None:
    tiny, model, pipe = MODELS[name], opened(name), pipelines(name)
    latent = noise(model.latent_shape(*size))
    prompt = tiny.prompts[1]
    positive = model.encode([prompt])[0]
    negative = model.encode([tiny.negative], negative=True)[0]
    if source == "prompts":
        arguments = tiny.with_prompts(prompt, tiny.negative, guidance)
    else:
        arguments = tiny.with_texts(positive, negative, guidance)
    expected = theirs(pipe, model, tiny, latent, arguments)
    final = draw(model, tiny, guidance, latent, positive, negative)
    with torch.no_grad():
        found = shares(model.family.pixels(pipe.vae, final[None]))
    assert found.shape[2:] == (size[1], size[0])
    assert float((found - expected).abs().max()) <= TOLERANCE
    assert float(found.std()) > 0.01, "the picture says something"


@each_model
def test_pictures_are_decoded_as_the_pipeline_does(opened: Any, pipelines: Any, name: str) -> None:
    tiny, model, pipe = MODELS[name], opened(name), pipelines(name)
    latent = noise(model.latent_shape(*tiny.sizes[-1]))
    with torch.no_grad():
        expected = shares(model.family.pixels(pipe.vae, latent)) * 255
    picture = model.decode(latent)[0]
    assert picture is not None
    assert (picture.permute(2, 0, 1) - expected[0]).abs().max() < 0.51


@each_model
def test_pictures_can_be_decoded_in_tiles(opened: Any, pipelines: Any, name: str) -> None:
    """Where memory is short: in whole patches, and near to the whole picture inside the tiles."""
    tiny, family, pipe = MODELS[name], opened(name).family, pipelines(name)
    latent = noise(family.noise_shape(*tiny.sizes[-1]))
    pictures = Pictures(pipe.vae, family.pixels, family.downscale, family.patch)
    with torch.no_grad():
        whole = pictures(latent)
        tiled = decode_in_tiles(pictures, latent, 5)
        single = decode_in_tiles(pictures, latent, max(latent.shape))
    assert tiled.shape == whole.shape
    assert torch.isfinite(tiled).all()
    assert torch.allclose(single, whole, atol=1e-5)


@each_model
def test_prompts_and_noise_change_the_picture(opened: Any, name: str) -> None:
    """So that the equality with the pipeline says something."""
    tiny, model = MODELS[name], opened(name)
    guidance, shape = tiny.guidances[0], model.latent_shape(*tiny.sizes[0])
    first, second = model.encode(tiny.prompts)
    plain = draw(model, tiny, guidance, noise(shape), first)
    assert (draw(model, tiny, guidance, noise(shape), second) - plain).abs().max() > 1e-3
    assert (draw(model, tiny, guidance, noise(shape, 1), first) - plain).abs().max() > 1e-3


@each_model
def test_ends_of_a_walk_are_the_plain_prompts(opened: Any, name: str) -> None:
    tiny, model = MODELS[name], opened(name)
    first, second = model.encode(tiny.prompts)
    assert first != second
    for gamma, end in ((0.0, first), (1.0, second)):
        assert blend_texts(first, second, gamma, linear) == end


def linear(role: Any, start: Any, end: Any, gamma: float) -> Any:
    return lerp(start, end, gamma)


@each_model
def test_a_prompt_walk_leaves_its_ends_without_a_jump(opened: Any, name: str) -> None:
    """Prompts of unequal length: the first step is no more than 4 times an ordinary one."""
    tiny, model = MODELS[name], opened(name)
    latent = noise(model.latent_shape(*tiny.sizes[0]))
    first, second = model.encode(tiny.prompts)

    def at(gamma: float) -> torch.Tensor:
        text = blend_texts(first, second, gamma, linear)
        return draw(model, tiny, tiny.guidances[0], latent, text)

    step = 1e-3
    ordinary = float((at(0.5 + step) - at(0.5)).abs().max())
    assert ordinary > 0.0
    assert float((at(step) - at(0.0)).abs().max()) <= 4.0 * ordinary
    assert float((at(1.0) - at(1.0 - step)).abs().max()) <= 4.0 * ordinary


@each_model
def test_a_frame_is_the_same_alone_and_in_a_batch_at_mixed_steps(opened: Any, name: str) -> None:
    tiny, model = MODELS[name], opened(name)
    guidance, shape = tiny.guidances[0], model.latent_shape(*tiny.sizes[0])
    texts = [*model.encode(tiny.prompts), model.encode([""])[0]]
    negative = model.encode([tiny.negative], negative=True)[0]
    alone = [
        draw(model, tiny, guidance, noise(shape, k), text, negative) for k, text in enumerate(texts)
    ]
    sampler = make_sampler(model, tiny, guidance, shape, slots=3)
    together: dict[int, torch.Tensor] = {}
    mixes = isinstance(sampler, Sampler)
    for k, text in enumerate(texts):
        sampler.admit(k, noise(shape, k)[0].numpy(), text, negative)
        if mixes:  # the next frame starts one step later
            together |= dict(sampler.tick())
    while len(together) < len(texts):
        together |= dict(sampler.tick())
    for k, expected in enumerate(alone):
        assert (together[k] - expected).abs().max() < 2e-5


@each_model
def test_the_table_is_the_schedulers(opened: Any, name: str) -> None:
    """The same steps from the same predictions, at a size that is not square."""
    model, tiny = opened(name), MODELS[name]
    shape = model.latent_shape(*tiny.sizes[-1])
    scheduler, timesteps = model.make_scheduler(5, shape)
    table = model.table(model.solver, shape, 5)
    if table is None:
        assert model.solver == "scheduler"
        return
    assert np.allclose(table.timesteps, timesteps.numpy(), atol=1e-3)
    x = noise(shape) * getattr(scheduler, "init_noise_sigma", 1.0)
    ours, previous = noise(shape) * table.initial_scale, torch.zeros(1, *shape)
    assert torch.allclose(ours, x, rtol=1e-6)
    for row, timestep in zip(torch.from_numpy(table.rows()), timesteps, strict=True):
        scale, a, b, p, q, r = row
        output = noise(shape, int(timestep))
        x0 = a * ours + b * output
        ours, previous = p * ours + q * x0 + r * previous, x0
        x = scheduler.step(output, timestep, x).prev_sample
        assert scale > 0.0
        assert torch.allclose(ours, x, rtol=1e-4, atol=1e-4)


@each_model
def test_leaving_undoes_entering(opened: Any, name: str) -> None:
    family, tiny = opened(name).family, MODELS[name]
    shape = family.noise_shape(*tiny.sizes[-1])
    latents = torch.randn(2, *shape)
    inner = family.enter(latents)
    assert inner.numel() == latents.numel()
    assert torch.equal(family.leave(inner, shape), latents)


@each_model
def test_a_size_that_is_no_multiple_is_refused(opened: Any, name: str) -> None:
    model, tiny = opened(name), MODELS[name]
    width, height = tiny.sizes[0]
    multiple = model.family.multiple
    with pytest.raises(ValueError, match=f"multiples of {multiple}"):
        model.latent_shape(width + multiple // 2, height)


@each_model
def test_a_folder_is_checked_and_described(folders: Any, name: str) -> None:
    report = check_model(folders(name))
    assert report.ok, report.problem
    assert report.family == MODELS[name].family
    sampling = families.get(report.family)(report.configs).sampling()
    assert sampling.steps > 0
    assert sampling.width > 0


def test_checking_and_naming_every_family_imports_nothing_heavy(folders: Any) -> None:
    """The window does so before any model is opened."""
    code = (
        "import sys\n"
        "from engine.models.inspection.check import check_model\n"
        "from engine.models.inspection.memory_need import memory_sentence\n"
        "from engine.models.inspection.recommended_settings import recommended\n"
        f"for folder in {[str(folders(name)) for name in MODELS]!r}:\n"
        "    report = check_model(folder)\n"
        "    assert report.ok, report.problem\n"
        "    assert recommended(report.path, report).steps and memory_sentence(report, True)\n"
        "sys.exit(any(m in sys.modules for m in ('torch', 'diffusers', 'transformers', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


HOSTILE = ("null", "-7", "1e999", "[]", '{"a": [1]}', f'"{"x" * 5000}"', "true", "[[1]]", "0.5")


@each_model
def test_a_config_with_absurd_values_is_refused_or_changes_nothing_bad(
    folders: Any, name: str, tmp_path: Path
) -> None:
    """Each option in turn: a sentence, or a model that still says its sizes and settings."""
    kind, plain = families.get(MODELS[name].family), check_model(folders(name)).configs
    for part, config in plain.items():
        file = tmp_path / f"{part}.json"
        for number, option in enumerate(config):
            value = HOSTILE[number % len(HOSTILE)]
            rest = {key: item for key, item in config.items() if key != option}
            given = f"{json.dumps(option)}: {value}}}"
            file.write_text(json.dumps(rest)[:-1] + (", " if rest else "") + given)
            with suppress(ModelError):
                read = read_config(file) if part != INDEX else read_object(file)
                _says_its_settings(kind({**plain, part: read}))


def _says_its_settings(family: Family) -> None:
    sampling = family.sampling()
    assert 0 < sampling.width <= 4096
    assert family.multiple > 0
    assert min(family.noise_shape(sampling.width, sampling.height)) > 0
    assert all(isinstance(text, str) for text in (family.description, *family.problems()))
    assert isinstance(family.scheduler_options(), dict)


@each_model
def test_every_missing_part_is_named(folders: Any, name: str, tmp_path: Path) -> None:
    kind = families.get(MODELS[name].family)
    for number, part in enumerate((*(p.name for p in kind.parts), *kind.tokenizers)):
        folder = Path(shutil.copytree(folders(name), tmp_path / str(number)))
        if not (folder / part).is_dir():
            continue
        shutil.rmtree(folder / part)
        assert part in check_model(folder).problem


@pytest.mark.parametrize("installed", [False, True])
def test_a_tokenizer_that_needs_more_packages_names_them(
    folders: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    folder = Path(shutil.copytree(folders("pixart-sigma"), tmp_path / "model"))
    (folder / "tokenizer" / "spiece.model").write_bytes(b"pieces")
    found = (lambda name: object()) if installed else (lambda name: None)
    monkeypatch.setattr("engine.models.inspection.folder_parts.find_spec", found)
    assert check_model(folder).ok, "tokenizer.json is enough"
    (folder / "tokenizer" / "tokenizer.json").unlink()
    problem = check_model(folder).problem
    assert ("pip install sentencepiece protobuf" in problem) != installed


@each_model
def test_a_missing_tensor_is_named(folders: Any, name: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(folders(name), tmp_path / "model"))
    part = folder / families.get(MODELS[name].family).denoiser
    (weights,) = part.glob("*.safetensors")
    tensors = load_file(weights)
    lost = next(n for n in sorted(tensors) if n.endswith("weight"))
    del tensors[lost]
    save_file(tensors, weights, {"format": "pt"})
    with pytest.raises(ModelError, match=f"lack '{lost}'"):
        open_model(str(folder), device="cpu")


@each_model
@pytest.mark.parametrize("part", ["denoiser", "vae", "text_encoder", "tokenizer"])
def test_files_that_do_not_fit_are_named(
    folders: Any, name: str, part: str, tmp_path: Path
) -> None:
    """A tensor of another shape, or a tokenizer that is none: one sentence, and no other error."""
    folder = Path(shutil.copytree(folders(name), tmp_path / "model"))
    if part == "tokenizer":
        (folder / part / "tokenizer.json").write_text('{"model": 7}')
    else:
        part = families.get(MODELS[name].family).denoiser if part == "denoiser" else part
        (weights,) = (folder / part).glob("*.safetensors")
        tensors = load_file(weights)
        changed = max(tensors, key=lambda each: tensors[each].numel())
        tensors[changed] = torch.zeros(3, 5)
        save_file(tensors, weights, {"format": "pt"})
    with pytest.raises(ModelError, match=r"fit|cannot be"):
        open_model(str(folder), device="cpu")


@each_model
def test_the_window_counts_tokens_as_the_engine_does(opened: Any, name: str) -> None:
    model, long = opened(name), "a cat of an orange fox " * 200
    info = model.info(1, True)
    folder = Path(info.tokenizer)
    counter = LimitedCounter(folder, info.tokens) if info.tokens else TokenCounter(folder)
    for prompt in (*MODELS[name].prompts, "", long):
        assert counter.count(prompt) == model.count(prompt)
    count = model.count(long)
    assert count.tokens > count.limit > 0
    first, second = (model.encode([text])[0] for text in (long, long[: count.cut]))
    assert first == second, "the model does not read further"


@each_model
def test_identical_texts_are_equal_and_others_are_not(opened: Any, name: str) -> None:
    model, tiny = opened(name), MODELS[name]
    again, other = model.encode(tiny.prompts)
    assert model.encode(tiny.prompts[:1])[0] == again
    assert again != other
    assert all(np.isfinite(array).all() for array in again.named().values())
