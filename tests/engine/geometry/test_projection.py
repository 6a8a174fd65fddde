"""The plane of the plot, the noise sources, and where a walk's frames lie."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.errors import Cancelled
from engine.geometry.noise import NoiseBank
from engine.geometry.projection import describe, plane_of
from engine.geometry.walk_path import WalkPath, latent_stats, prompts_of
from engine.mailbox import JobControl
from engine.walk import Keyframe, MethodChoice, NoiseSource, Walk
from tests.support.texts import make_text

SHAPE = (4, 16, 16)


def _path(walk: Walk) -> WalkPath:
    return WalkPath(walk, NoiseBank(SHAPE), dict.fromkeys(prompts_of(walk), make_text()))


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


@pytest.mark.parametrize("method", ["slerp", "spline", "squad", "mix", "normalized"])
@pytest.mark.parametrize("keyframes", [3, 5])
def test_the_seam_of_a_loop_is_closed(method: str, keyframes: int) -> None:
    keys = tuple(Keyframe(noise=NoiseSource(1, draw)) for draw in range(keyframes))
    walk = Walk(keys, (MethodChoice(method),), frames=7, loop=True)
    seam = describe(_path(walk), 1, 0).seam
    assert seam is not None
    assert 0.0 < seam < 1e-6, "measured beside the keyframe"
    assert describe(_path(_walk(method)), 1, 0).seam is None


@pytest.mark.parametrize(("method", "turns"), [("slerp", True), ("noise-loop", False)])
def test_the_turn_at_a_keyframe_is_measured(method: str, turns: bool) -> None:
    """A chain of slerps turns by about 89°; a chain of smooth loops goes through without a turn."""
    keyframes = tuple(Keyframe(noise=NoiseSource(1, draw)) for draw in range(4))
    ready = describe(_path(Walk(keyframes, (MethodChoice(method),), frames=7)), 1, 0)
    assert len(ready.turns) == 2
    assert all(abs(turn - 89.0) < 5.0 if turns else turn < 0.1 for turn in ready.turns)
    assert describe(_path(_walk("slerp")), 1, 0).turns == ()


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
    assert (ready.channels, ready.dimension) == (4, 1024)
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


def test_a_std_sweep_is_a_ray_through_its_start() -> None:
    ready = describe(_path(_walk("std-sweep", frames=11)), 1, 0)
    assert ready.exact
    start = ready.keyframes[0]
    assert np.allclose(ready.frames, np.linspace(0.5, 1.5, 11)[:, None] * start, atol=1e-12)
    assert {c.method for c in ready.curves} >= {"std-sweep", "linear", "normalized", "slerp"}


@pytest.mark.parametrize("keyframes", [2, 3])
def test_a_walk_of_prompts_stays_at_one_point(keyframes: int) -> None:
    keys = tuple(Keyframe(f"prompt {k}", NoiseSource(5, k)) for k in range(keyframes))
    ready = describe(_path(Walk(keys, (MethodChoice("prompt-linear"),), frames=5)), 1, 0)
    assert ready.exact
    point = np.linalg.norm(NoiseBank(SHAPE).draw(NoiseSource(5, 0))) / np.sqrt(np.prod(SHAPE))
    assert np.allclose(np.linalg.norm(ready.frames, axis=1), point)
    assert np.allclose(ready.frames, ready.frames[0])
    assert np.allclose(ready.keyframes, ready.frames[0])
    assert len(ready.curves) == 1


@pytest.mark.parametrize("method", ["translation", "wipe"])
def test_walks_by_columns_are_drawn_where_most_of_them_shows(method: str) -> None:
    path = _path(_walk(method, frames=17))
    ready = describe(path, 1, 0)
    assert not ready.exact
    assert len(ready.curves) == 1
    energy = np.mean([np.mean(path.exact_latent(k / 16) ** 2) for k in range(17)])
    shown = np.mean((ready.frames**2).sum(axis=1))
    assert shown / energy == pytest.approx(ready.kept, abs=0.05)
    assert 0.1 < ready.kept < 1.0


@pytest.mark.parametrize("method", ["slerp", "spline", "squad"])
def test_noise_that_a_prompt_walk_kept_is_where_the_next_segment_starts(method: str) -> None:
    keys = tuple(Keyframe(f"prompt {k}", NoiseSource(5, k)) for k in range(3))
    path = _path(Walk(keys, (MethodChoice("prompt-linear"), MethodChoice(method)), frames=5))
    first, last = (NoiseBank(SHAPE).draw(NoiseSource(5, k)) for k in (0, 2))
    assert np.array_equal(path.exact_latent(0.5), first)
    assert np.allclose(path.exact_latent(0.5 + 1e-6), first, atol=1e-4)
    assert np.array_equal(path.exact_latent(1.0), last)


@pytest.mark.parametrize("count", range(2, 60))
def test_a_frame_for_each_keyframe_is_the_keyframe_bit_for_bit(count: int) -> None:
    keys = tuple(Keyframe(f"prompt {k}") for k in range(count))
    walk = Walk(keys, (MethodChoice("prompt-linear"),), frames=count)
    places = [walk.locate(walk.time_of(k)) for k in range(count)]
    assert places == [(k, 0.0) for k in range(count - 1)] + [(count - 2, 1.0)]


def test_a_long_walk_can_be_cancelled_while_it_is_described() -> None:
    control = JobControl()
    seen: list[int] = []

    def check() -> None:
        seen.append(1)
        if len(seen) == 3:
            control.cancel()
        control.check()

    with pytest.raises(Cancelled):
        describe(_path(_walk("slerp", frames=20)), 1, 0, check=check)
    assert len(seen) == 3


def test_a_loop_has_as_many_places_as_keyframes() -> None:
    keyframes = tuple(Keyframe(noise=NoiseSource(k)) for k in range(3))
    ready = describe(_path(Walk(keyframes, frames=6, loop=True)), 1, 0)
    assert len(ready.keyframes) == 3
    assert np.allclose(ready.frames[::2], ready.keyframes)
