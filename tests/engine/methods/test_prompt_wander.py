"""The method that varies the text: its law, its angle, its seed, and the pictures it leads to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import messages as m
from engine.conditioning import Array, Conditioning, Role
from engine.documents.session_file import decode, encode
from engine.geometry.noise import NoiseBank
from engine.geometry.walk_path import WalkPath
from engine.mailbox import JobControl
from engine.methods.contract import make_method
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.timing import PromptKey
from engine.walk import Exploration, Keyframe, Lane, MethodChoice, ParameterValue, Sampling, Walk
from tests.support.texts import make_rich_text
from tests.support.tiny_models import make_tiny_model

TEXT = make_rich_text(1, read=2, tokens=7, width=64)
VECTORS = (Role.SEQUENCE, Role.POOLED)


def _walk(**params: ParameterValue) -> Walk:
    choice = MethodChoice("prompt-wander", tuple(params.items()))
    return Walk((Keyframe("a cat"), Keyframe("a cat")), (choice,), frames=5)


def _text(time: float, text: Conditioning = TEXT, **params: ParameterValue) -> Conditioning:
    path = WalkPath(_walk(**params), NoiseBank((4, 2, 2)), {"a cat": text, "": TEXT})
    return path.conditioning(time)


def _angles(first: Array, second: Array) -> Array:
    """The angles in degrees between vectors without their means."""
    a, b = (x - x.mean(axis=-1, keepdims=True) for x in (first, second))
    norms = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return np.asarray(np.degrees(np.arccos(np.clip((a * b).sum(axis=-1) / norms, -1.0, 1.0))))


@pytest.mark.parametrize("radius", [5.0, 40.0, 90.0])
@pytest.mark.parametrize("time", [0.05, 0.3, 0.5])
def test_mean_and_norm_of_every_vector_are_kept(time: float, radius: float) -> None:
    found = _text(time, radius=radius)
    for role in VECTORS:
        before, after = TEXT.arrays[role].astype(float), found.arrays[role].astype(float)
        assert np.allclose(after.mean(axis=-1), before.mean(axis=-1), atol=1e-6)
        assert np.allclose(after.std(axis=-1), before.std(axis=-1), rtol=1e-5)
        assert not np.allclose(after, before, atol=0.01)
    assert np.array_equal(found.arrays[Role.MASK], TEXT.arrays[Role.MASK])


@pytest.mark.parametrize("radius", [5.0, 40.0])
def test_every_vector_turns_by_the_radius(radius: float) -> None:
    found = _text(0.5, radius=radius)
    for role in VECTORS:
        angles = _angles(TEXT.arrays[role].astype(float), found.arrays[role].astype(float))
        assert np.allclose(angles, radius, atol=0.01)


def test_the_ends_are_the_prompt_and_the_way_has_no_leap() -> None:
    assert _text(0.0) is TEXT
    assert _text(1.0) is TEXT
    assert _text(0.5, radius=0.0) == TEXT
    for time in (1e-6, 0.4, 1.0 - 1e-6):
        near = _text(time + 1e-6 if time < 0.5 else 1.0).arrays[Role.SEQUENCE]
        assert np.allclose(_text(time).arrays[Role.SEQUENCE], near, atol=1e-4)


def test_the_seed_decides_the_way_and_it_is_the_same_each_time() -> None:
    one, other = (_text(0.5, seed=seed).arrays[Role.SEQUENCE].astype(float) for seed in (1, 2))
    assert (_angles(one, other) > 10.0).all()
    assert _text(0.5) == _text(0.5, seed=1)
    changed = _angles(one, _text(0.8).arrays[Role.SEQUENCE].astype(float))
    assert (changed > 5.0).all(), "it wanders on"


def test_a_prompt_on_a_track_and_both_texts_of_whole_tokens_wander() -> None:
    track = replace(_walk(), prompts=(PromptKey(0.0, "a cat"),))
    path = WalkPath(track, NoiseBank((4, 2, 2)), {"a cat": TEXT})
    assert path.conditioning(0.5) == _text(0.5)
    first, last = (replace(make_rich_text(k, read=k), whole_tokens=True) for k in (2, 4))
    both = replace(first, other=last, share=0.25)
    found = _text(0.5, both)
    assert found.share == 0.25
    assert found.other == _text(0.5, last)
    assert found.other != last


def test_a_vector_without_a_free_direction_stays() -> None:
    """A constant or zero vector has no direction, and two elements have no third one."""
    method = make_method(MethodChoice("prompt-wander"))
    flat = np.array([[3.0] * 8, [0.0] * 8])
    assert np.array_equal(method.varied(Role.SEQUENCE, flat, 0.5), flat)
    two = np.array([[1.0, 2.0]])
    assert np.allclose(method.varied(Role.SEQUENCE, two, 0.5), two)


def test_pictures_change_with_the_text_alone(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "tiny")
    request = m.RenderRequest(
        1, str(folder), (Lane("", _walk(radius=60.0)),), Sampling(2, 7.5, 32, 32), latents=True
    )
    events = Renderer(FrameStore()).run(request, JobControl())
    frames = {e.index: e for e in events if isinstance(e, m.FrameReady) and e.tier == m.Tier.FINAL}
    assert len({frame.key for frame in frames.values()}) == 4
    assert frames[0].key == frames[4].key
    assert all(np.array_equal(f.initial, frames[0].initial) for f in frames.values())
    assert not np.array_equal(frames[2].image, frames[0].image)


def test_a_session_keeps_the_method() -> None:
    exploration = Exploration(walk=_walk(radius=33.0, changes=2, seed=5))
    assert decode(encode(exploration))[0] == exploration
