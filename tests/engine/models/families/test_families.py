"""Every family is held to its pipeline in diffusers, and to the promises of a walk."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.conditioning import Conditioning, blend_texts
from engine.methods.contract import lerp
from engine.models.loaded import DiffusionModel
from engine.models.running.decoder import Pictures, decode_in_tiles
from engine.render.sampling.lockstep import LockstepSampler
from engine.render.sampling.sampler import Guidance, Sampler
from tests.support.all_families import MODELS, each_model
from tests.support.tiny_families.contract import TinyFamily

TOLERANCE = 1e-5
pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


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
        # Random weights make latents of up to 200, which float32 rounds in proportion.
        bound = 2e-6 * max(10.0, float(expected.abs().max()))
        assert (together[k] - expected).abs().max() < bound


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
def test_identical_texts_are_equal_and_others_are_not(opened: Any, name: str) -> None:
    model, tiny = opened(name), MODELS[name]
    again, other = model.encode(tiny.prompts)
    assert model.encode(tiny.prompts[:1])[0] == again
    assert again != other
    assert all(np.isfinite(array).all() for array in again.named().values())
