"""Frames that share steps with their neighbours: fewer steps, nearly the same pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import messages as m
from engine.conditioning import Conditioning
from engine.geometry.noise import NoiseBank
from engine.geometry.walk_path import WalkPath
from engine.mailbox import JobControl
from engine.models.loaded import DiffusionModel
from engine.render.renderer import Renderer
from engine.render.shared_steps import neighbours_of, position_between, spacing_of
from engine.store.frame_store import FrameStore
from engine.timing import EASINGS, Pace
from engine.walk import Keyframe, Lane, MethodChoice, NoiseSource, NoiseTerm, Walk, with_method
from tests.support.render_requests import SAMPLING, finals_of, make_request
from tests.support.tiny_models import make_tiny_model

NEAR = NoiseTerm(NoiseSource(1, 1), 0.2)
WALK = Walk(
    keyframes=(
        Keyframe("a cat", NoiseSource(1, 0)),
        Keyframe("a cat", NoiseSource(1, 0), blend=(NEAR,)),
    ),
    frames=9,
)
#: By the angle of this walk.
SPACING = 4
SHARED = replace(SAMPLING, shared_steps=0.5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def _run(renderer: Renderer, request: m.RenderRequest) -> list[m.Event]:
    return list(renderer.run(request, JobControl()))


def _finals(folder: Path, walk: Walk = WALK, **changes: object) -> dict[int, m.FrameReady]:
    request = make_request(folder, walk, **changes)
    frames = finals_of(_run(Renderer(FrameStore()), request))
    assert len(frames) == len(request.indices or range(walk.frames))
    return {index: frame for (_, index), frame in frames.items()}


def test_every_fourth_frame_and_the_ends_of_segments_have_all_steps() -> None:
    walk = replace(WALK, frames=11)
    assert [neighbours_of(walk, k, 4) for k in (0, 4, 8, 10)] == [None] * 4
    assert (neighbours_of(walk, 1, 4), neighbours_of(walk, 7, 4)) == ((0, 4), (4, 8))
    assert neighbours_of(walk, 9, 4) == (8, 10)


def test_frames_of_a_drifting_hold_have_all_steps() -> None:
    """Their noise is their own; a mix of the frames beside them would stand still."""
    held = replace(WALK, frames=17, paces=(Pace(hold=0.5, drift=20.0),))
    assert [neighbours_of(held, k, 8) for k in range(9)] == [None] * 9
    assert [neighbours_of(held, k, 8) for k in (9, 15)] == [(8, 16)] * 2
    still = replace(held, paces=(Pace(hold=0.5),))
    assert neighbours_of(still, 3, 8) == (0, 8)
    late = replace(held, paces=(Pace(hold=0.3, drift=20.0),))
    assert [neighbours_of(late, k, 8) for k in (4, 5, 6, 9)] == [None, None, (5, 8), (8, 16)]


@pytest.mark.parametrize(
    ("frames", "spacing"), [(9, 2), (31, 2), (61, 4), (121, 8), (481, 32), (1, 2)]
)
def test_dense_walks_share_more(frames: int, spacing: int) -> None:
    ends = tuple(Keyframe("a cat", NoiseSource(1, draw)) for draw in (0, 1))
    texts = {"a cat": Conditioning({}), "": Conditioning({})}
    path = WalkPath(Walk(ends, frames=frames), NoiseBank((4, 64, 64)), texts)
    assert spacing_of(path) == spacing


def test_no_neighbours_lie_in_different_segments() -> None:
    keys = tuple(Keyframe("a cat", NoiseSource(1, draw)) for draw in range(4))
    walk = Walk(keyframes=keys, frames=40)
    for index in range(40):
        found = neighbours_of(walk, index, 4)
        if found:
            segments = {walk.locate(walk.time_of(k))[0] for k in (found[0], index)}
            assert len(segments) == 1
            assert walk.locate(walk.time_of(found[1] - 1))[0] in segments


def test_the_position_follows_the_easing() -> None:
    assert position_between(WALK, 2, (0, 4)) == pytest.approx(0.5)
    eased = replace(WALK, paces=(Pace(EASINGS["ease-in"]),))
    position = position_between(eased, 2, (0, 4))
    assert position is not None
    assert 0.0 < position < 0.4


def test_frames_with_all_steps_are_exact_and_the_others_nearly_so(folder: Path) -> None:
    exact, shared = _finals(folder), _finals(folder, sampling=SHARED)
    assert len(shared) == WALK.frames
    for index, frame in shared.items():
        theirs = exact[index]
        if neighbours_of(WALK, index, SPACING) is None:
            assert frame.key == theirs.key
            assert np.array_equal(frame.image, theirs.image)
            assert frame.notes == ()
        else:
            assert frame.key != theirs.key
            assert frame.final is not None
            assert theirs.final is not None
            off = np.abs(frame.final - theirs.final).max() / np.abs(theirs.final).max()
            assert 0.0 < off < 0.05
            assert frame.notes[0].startswith("Approximate: shares its first 5 steps with frames")


def test_it_takes_fewer_steps(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[int] = []
    denoise = DiffusionModel.denoise

    def counted(model: DiffusionModel, sample: torch.Tensor, *rest: Any) -> torch.Tensor:
        rows.append(len(sample))
        return denoise(model, sample, *rest)

    monkeypatch.setattr(DiffusionModel, "denoise", counted)
    totals = []
    for sampling in (SAMPLING, SHARED):
        rows.clear()
        _run(Renderer(FrameStore()), make_request(folder, WALK, sampling=sampling))
        totals.append(sum(rows))
    between = sum(neighbours_of(WALK, index, SPACING) is not None for index in range(WALK.frames))
    assert totals[0] - totals[1] == 2 * between * SAMPLING.steps // 2


@pytest.mark.parametrize("batch", [1, 3, 8])
def test_pictures_do_not_depend_on_the_order_or_the_slots(folder: Path, batch: int) -> None:
    usual = _finals(folder, sampling=SHARED)
    for in_order in (False, True):
        found = _finals(folder, sampling=SHARED, batch=batch, in_order=in_order)
        assert found.keys() == usual.keys()
        for index, frame in found.items():
            assert np.array_equal(frame.image, usual[index].image), index


def test_single_frames_are_the_same_without_their_neighbours_in_the_job(folder: Path) -> None:
    usual = _finals(folder, sampling=SHARED)
    (found,) = _finals(folder, sampling=SHARED, indices=(6,)).values()
    assert found.key == usual[6].key
    assert np.array_equal(found.image, usual[6].image)


def test_known_neighbours_are_rendered_again_only_where_a_frame_needs_them(folder: Path) -> None:
    store = FrameStore()
    list(Renderer(store).run(make_request(folder, WALK), JobControl()))
    renderer = Renderer(store)
    request = make_request(folder, WALK, sampling=SHARED)
    first = finals_of(_run(renderer, request))
    assert len(first) == WALK.frames
    again = finals_of(_run(renderer, request))
    assert all(frame.cached for frame in again.values())


def test_in_order_what_is_known_does_not_run_away_from_a_frame_that_waits(folder: Path) -> None:
    walk = replace(WALK, frames=200)
    sampling = replace(SHARED, steps=20)
    request = make_request(folder, walk, sampling=sampling, batch=4, in_order=True)
    store = FrameStore()
    known = replace(request, indices=tuple(k for k in range(200) if k != 1))
    assert len(finals_of(_run(Renderer(store), known))) == 199
    order = [index for _, index in finals_of(_run(Renderer(store), request))]
    assert sorted(order) == list(range(200))
    assert 1 < order.index(1) < 45, "some, but not all, while its neighbours are in work"


def test_neighbours_that_are_too_far_apart_share_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = _finals(folder)
    monkeypatch.setattr("engine.render.plan.FAR", 0.0)
    for index, frame in _finals(folder, sampling=SHARED).items():
        assert np.array_equal(frame.image, exact[index].image)
        assert frame.notes == ()


def test_a_held_keyframe_and_a_single_frame_are_whole(folder: Path) -> None:
    (frame,) = _finals(folder, replace(WALK, frames=1), sampling=SHARED).values()
    assert frame.notes == ()


def test_the_models_own_scheduler_shares_nothing_and_says_so(folder: Path) -> None:
    sampling = replace(SHARED, solver="scheduler")
    *_, last = _run(Renderer(FrameStore()), make_request(folder, WALK, sampling=sampling))
    assert isinstance(last, m.JobFailed)
    assert "cannot share steps" in last.message


def test_lanes_of_several_methods_each_share_with_their_own(folder: Path) -> None:
    lanes = tuple(Lane(name, with_method(WALK, MethodChoice(name))) for name in ("slerp", "linear"))
    request = replace(make_request(folder, WALK, sampling=SHARED), lanes=lanes)
    found = finals_of(_run(Renderer(FrameStore()), request))
    assert len(found) == 2 * WALK.frames


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_the_blend_mixes_the_keyframes_at_a_step(folder: Path, share: float) -> None:
    far = replace(WALK, keyframes=(*(Keyframe("a cat", NoiseSource(1, k)) for k in (0, 1)),))
    slerp = _finals(folder, far)
    blend = _finals(folder, with_method(far, MethodChoice("blend", (("share", share),))))
    for end in (0, far.frames - 1):
        assert blend[end].key == slerp[end].key
        assert np.array_equal(blend[end].image, slerp[end].image)
    middle = far.frames // 2
    assert not np.array_equal(blend[middle].image, slerp[middle].image)
    assert all(frame.notes == () for frame in blend.values())


def test_a_blend_that_shares_nothing_is_slerp(folder: Path) -> None:
    walk = with_method(WALK, MethodChoice("blend", (("share", 0.0),)))
    slerp, blend = _finals(folder), _finals(folder, walk)
    assert all(blend[k].key == slerp[k].key for k in slerp)


def test_a_blend_leads_through_several_keyframes_and_around_a_loop(folder: Path) -> None:
    keys = tuple(Keyframe("a cat", NoiseSource(1, draw)) for draw in range(3))
    for loop in (False, True):
        walk = Walk(keyframes=keys, methods=(MethodChoice("blend"),), frames=9, loop=loop)
        found = _finals(folder, walk)
        assert len(found) == 9
        alone = _finals(folder, walk, indices=(3, 8), batch=1, in_order=True)
        for index, frame in alone.items():
            assert np.array_equal(frame.image, found[index].image), index


def test_a_blend_needs_a_solver_with_a_table(folder: Path) -> None:
    walk = with_method(WALK, MethodChoice("blend"))
    sampling = replace(SAMPLING, solver="scheduler")
    *_, last = _run(Renderer(FrameStore()), make_request(folder, walk, sampling=sampling))
    assert isinstance(last, m.JobFailed)
    assert "another method" in last.message


@pytest.mark.parametrize("method", ["slerp", "blend"])
def test_at_least_one_step_of_a_frame_is_its_own(folder: Path, method: str) -> None:
    """0.8 of 2 steps would be both of them."""
    few = replace(SAMPLING, steps=2, shared_steps=0.8)
    choice = MethodChoice(method, (("share", 0.8),) if method == "blend" else ())
    assert len(_finals(folder, with_method(WALK, choice), sampling=few)) == WALK.frames
