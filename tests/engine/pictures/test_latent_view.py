"""Latents made visible: maps, colours, and the seam between two noises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import messages as m
from engine.geometry.noise import NoiseBank
from engine.geometry.walk_path import WalkPath
from engine.mailbox import JobControl
from engine.pictures.latent_view import channel_maps, fit_colours, in_colour, seam_at
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import Keyframe, Lane, MethodChoice, NoiseSource, Sampling, Walk
from tests.support.texts import make_text
from tests.support.tiny_models import make_tiny_model

KEYS = (Keyframe("a cat"), Keyframe("a cat", NoiseSource(1, 1)))


def test_a_map_runs_from_black_over_grey_to_white() -> None:
    latent = np.zeros((4, 2, 3), np.float32)
    latent[1], latent[2], latent[3] = -3.0, 3.0, np.nan
    maps = channel_maps(latent)
    assert maps.shape == latent.shape
    assert [int(channel[0, 0]) for channel in maps] == [128, 0, 255, 128]


def test_colours_find_a_linear_picture_again() -> None:
    rng = np.random.default_rng(0)
    latent = rng.standard_normal((4, 8, 12)).astype(np.float32)
    truth = np.vstack([rng.uniform(-15, 15, (4, 3)), [[120.0, 130.0, 110.0]]])
    small = np.tensordot(latent, truth[:-1], axes=(0, 0)) + truth[-1]
    image = np.clip(small, 0, 255).repeat(4, axis=0).repeat(4, axis=1).round().astype(np.uint8)
    colours = fit_colours(latent, image)
    assert np.allclose(colours, truth, atol=0.3)
    shown = in_colour(latent, colours)
    assert shown.shape == (8, 12, 3)
    assert np.abs(shown.astype(int) - image[::4, ::4]).max() <= 2


def test_a_plain_picture_has_colours_too() -> None:
    latent = np.zeros((4, 4, 4), np.float32)
    image = np.full((32, 32, 3), 90, np.uint8)
    assert np.abs(in_colour(latent, fit_colours(latent, image)).astype(int) - 90).max() <= 1


@pytest.mark.parametrize("method", ["translation", "wipe"])
def test_the_seam_is_where_the_noises_meet(method: str) -> None:
    walk = Walk(KEYS, (MethodChoice(method),), frames=17)
    bank = NoiseBank((4, 16, 16))
    path = WalkPath(walk, bank, dict.fromkeys(("", "a cat"), make_text()))
    start, end = (bank.draw(key.noise) for key in KEYS)
    for index in range(1, 16):
        time = walk.time_of(index)
        seam = seam_at(walk, time, 16)
        assert seam is not None
        latent, column = path.exact_latent(time), int(seam)
        left, right = latent[..., :column], latent[..., column:]
        if method == "translation":
            assert np.array_equal(left, start[..., 16 - column :])
            assert np.array_equal(right, end[..., : 16 - column])
        else:
            assert np.array_equal(left, end[..., :column])
            assert np.array_equal(right, start[..., column:])


@pytest.mark.parametrize(("method", "time"), [("slerp", 0.5), ("wipe", 0.0), ("translation", 1.0)])
def test_there_is_no_seam_where_the_noises_do_not_meet(method: str, time: float) -> None:
    assert seam_at(Walk(KEYS, (MethodChoice(method),)), time, 16) is None


def test_the_store_keeps_the_latents_of_every_frame(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "tiny")
    sampling = Sampling(steps=2, guidance=1.0, width=32, height=32)
    walk = Walk(KEYS, (MethodChoice("wipe"),), frames=3)
    request = m.RenderRequest(1, str(folder), (Lane("", walk),), sampling, latents=True)
    store = FrameStore(folder=tmp_path / "frames")
    events = list(Renderer(store).run(request, JobControl()))
    again = FrameStore(folder=tmp_path / "frames")
    for event in events:
        if isinstance(event, m.FrameReady) and event.tier == m.Tier.FINAL:
            for kept in (store.get(event.key), again.get(event.key)):
                assert kept is not None
                assert event.initial is not None
                assert event.final is not None
                assert np.array_equal(kept.initial, event.initial)
                assert np.array_equal(kept.final, event.final)
                assert not kept.initial.flags.writeable
