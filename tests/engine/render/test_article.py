"""The article's experiments through the engine: what enters the first step, and what comes out."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import messages as m
from engine.mailbox import JobControl
from engine.methods.contract import Array
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import Keyframe, Lane, MethodChoice, NoiseSource, Sampling, Walk
from tests.support.tiny_models import make_tiny_model

SAMPLING = Sampling(steps=2, guidance=4.0, width=64, height=32)
COLUMNS = 16
FRAMES = COLUMNS + 1
Formula = Callable[[Array, Array, float], Array]


def _slerp(a: Array, b: Array, g: float) -> Array:
    phi = math.acos(float(np.vdot(a, b)) / float(np.linalg.norm(a) * np.linalg.norm(b)))
    return (math.sin((1 - g) * phi) * a + math.sin(g * phi) * b) / math.sin(phi)


def _window(a: Array, b: Array, g: float) -> Array:
    t = round(g * COLUMNS)
    return np.concatenate([a, b], axis=2)[:, :, t : COLUMNS + t]


def _corrected(a: Array, b: Array, g: float) -> Array:
    t, both = round(g * COLUMNS), np.concatenate([a, b], axis=2)
    return np.concatenate([both[:, :, COLUMNS : COLUMNS + t], both[:, :, t:COLUMNS]], axis=2)


FORMULAS: dict[str, Formula] = {
    "linear": lambda a, b, g: (1 - g) * a + g * b,
    "normalized": lambda a, b, g: ((1 - g) * a + g * b) / math.sqrt(g * (2 * g - 2) + 1),
    "slerp": _slerp,
    "prompt-linear": lambda a, b, g: a,
    "prompt-slerp": lambda a, b, g: a,
    "std-sweep": lambda a, b, g: (0.5 + g) * a,
    "translation": _window,
    "wipe": _corrected,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(FrameStore())


def _walk(method: str, last: str = "a cat") -> Walk:
    keys = (Keyframe("a cat"), Keyframe(last, NoiseSource(1, 1)))
    return Walk(keys, (MethodChoice(method),), frames=FRAMES)


def _frames(
    renderer: Renderer, folder: Path, walk: Walk, indices: tuple[int, ...] | None = None
) -> dict[int, m.FrameReady]:
    lanes = (Lane("", walk),)
    request = m.RenderRequest(1, str(folder), lanes, SAMPLING, indices=indices, latents=True)
    events = renderer.run(request, JobControl())
    finals = (e for e in events if isinstance(e, m.FrameReady) and e.tier == m.Tier.FINAL)
    return {frame.index: frame for frame in finals}


@pytest.mark.parametrize("method", FORMULAS)
def test_what_enters_the_first_step_is_the_formula(
    method: str, renderer: Renderer, folder: Path
) -> None:
    """z_start and z_end are the first and second draw of one generator seeded with 1."""
    generator = torch.Generator("cpu").manual_seed(1)
    start, end = (
        torch.randn((1, 4, 8, COLUMNS), generator=generator)[0].double().numpy() for _ in range(2)
    )
    frames = _frames(renderer, folder, _walk(method))
    assert sorted(frames) == list(range(FRAMES))
    for index, frame in frames.items():
        expected = FORMULAS[method](start, end, index / (FRAMES - 1))
        assert frame.initial is not None
        assert np.abs(frame.initial - expected).max() < 1e-6
    if method not in ("prompt-linear", "prompt-slerp", "std-sweep"):
        assert np.array_equal(frames[0].initial, start.astype(np.float32))
        assert np.array_equal(frames[FRAMES - 1].initial, end.astype(np.float32))


@pytest.mark.parametrize("method", ["prompt-linear", "prompt-slerp"])
def test_prompt_ends_are_the_frames_of_the_plain_prompts(
    method: str, renderer: Renderer, folder: Path
) -> None:
    ends = _frames(renderer, folder, _walk(method, "a can"), (0, 8, FRAMES - 1))
    for index, prompt in ((0, "a cat"), (FRAMES - 1, "a can")):
        key = Keyframe(prompt)
        fresh = Renderer(FrameStore())
        plain = _frames(fresh, folder, Walk((key, key), frames=1))[0]
        assert ends[index].key == plain.key
        assert np.array_equal(ends[index].image, plain.image)
    assert len({frame.key for frame in ends.values()}) == 3


def test_s_equal_to_one_is_the_plain_picture(renderer: Renderer, folder: Path) -> None:
    middle = _frames(renderer, folder, _walk("std-sweep"), (8,))[8]
    plain = _frames(renderer, folder, _walk("linear"), (0,))[0]
    assert middle.key == plain.key
