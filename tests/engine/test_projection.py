"""The plane of the plot, the noise sources, and where a walk's frames lie."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.noise import NoiseBank
from engine.path import Path, latent_stats
from engine.projection import describe, plane_of
from engine.walk import Keyframe, MethodChoice, NoiseSource, Walk

SHAPE = (4, 16, 16)


def _path(walk: Walk) -> Path:
    texts = {k.prompt: np.zeros((4, 8)) for k in walk.keyframes} | {walk.negative: np.zeros((4, 8))}
    return Path(walk, NoiseBank(SHAPE), texts)


def _walk(method: str, frames: int = 9) -> Walk:
    return Walk(methods=(MethodChoice(method),), frames=frames)


def test_a_noise_source_is_a_draw_of_a_seeded_cpu_generator() -> None:
    generator = torch.Generator("cpu").manual_seed(1)
    first = torch.randn((1, *SHAPE), generator=generator)[0].numpy()
    second = torch.randn((1, *SHAPE), generator=generator)[0].numpy()
    bank = NoiseBank(SHAPE)
    assert np.array_equal(bank.draw(NoiseSource(1, 1)), second)
    assert np.array_equal(bank.draw(NoiseSource(1, 0)), first)


@pytest.mark.parametrize("seed", [0, 2**63, 2**64 - 1])
def test_seeds_have_64_bits(seed: int) -> None:
    expected = torch.randn((1, *SHAPE), generator=torch.Generator().manual_seed(seed))[0]
    assert np.array_equal(NoiseBank(SHAPE).draw(NoiseSource(seed)), expected.numpy())


@pytest.mark.parametrize("method", ["linear", "normalized", "slerp"])
def test_paths_between_two_ends_are_drawn_exactly(method: str) -> None:
    path = _path(_walk(method))
    ready = describe(path, 1, 0)
    assert ready.exact
    assert ready.kept == pytest.approx(1.0, abs=1e-12)
    for k, (x, y) in enumerate(ready.frames):
        latent = path.exact_latent(k / 8)
        assert np.allclose(plane_of(path).lift(x, y, SHAPE), latent, atol=1e-9)
    assert {c.method for c in ready.curves} >= {"linear", "normalized", "slerp"}


def test_the_chord_dips_to_0_707_and_the_arc_stays_on_the_shell() -> None:
    radius = {
        name: np.linalg.norm(describe(_path(_walk(name)), 1, 0).frames[4])
        for name in ("linear", "slerp")
    }
    assert radius["linear"] == pytest.approx(0.7071, abs=0.03)
    assert radius["slerp"] == pytest.approx(1.0, abs=0.03)


def test_a_chain_is_drawn_in_the_plane_that_keeps_most_and_says_how_much() -> None:
    keys = tuple(Keyframe(noise=NoiseSource(5, k)) for k in range(4))
    ready = describe(_path(Walk(keyframes=keys, frames=13)), 1, 0)
    assert not ready.exact
    assert 0.4 < ready.kept < 0.95
    assert len(ready.keyframes) == 4


def test_equal_ends_still_have_a_plane() -> None:
    key = Keyframe(noise=NoiseSource(5, 0))
    ready = describe(_path(Walk(keyframes=(key, key))), 1, 0)
    assert np.allclose(ready.frames, ready.frames[0])
    assert np.isfinite(ready.frames).all()


def test_stats_of_noise_are_typical() -> None:
    stats = latent_stats(NoiseBank(SHAPE).draw(NoiseSource(3)))
    assert stats.std == pytest.approx(1.0, abs=0.05)
    assert abs(stats.norm_z) < 4
    assert latent_stats(2 * NoiseBank(SHAPE).draw(NoiseSource(3))).norm_z > 20


def test_frames_pass_the_keyframes_of_a_chain() -> None:
    keys = tuple(Keyframe(noise=NoiseSource(5, k)) for k in range(3))
    path = _path(Walk(keyframes=keys, frames=5))
    for number, index in enumerate(path.walk.keyframe_indices()):
        latent = path.exact_latent(path.walk.time_of(index))
        assert np.array_equal(latent, path.keyframe(number))
