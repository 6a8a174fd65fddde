"""Drafts: every frame in few steps first, and its final picture afterwards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import messages as m
from engine.mailbox import JobControl
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from tests.support.render_requests import SAMPLING, finals_of, make_request
from tests.support.tiny_models import make_tiny_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def renderer() -> Renderer:
    return Renderer(FrameStore())


def test_drafts_come_first_and_are_replaced(renderer: Renderer, folder: Path) -> None:
    request = make_request(folder, draft_steps=3, previews=False)
    events = list(renderer.run(request, JobControl()))
    frames = [e for e in events if isinstance(e, m.FrameReady)]
    assert [e.tier for e in frames] == [m.Tier.DRAFT] * 7 + [m.Tier.FINAL] * 7
    assert all("A draft of 3 steps" in e.notes for e in frames[:7])
    plain = finals_of(Renderer(FrameStore()).run(make_request(folder), JobControl()))
    few = finals_of(
        Renderer(FrameStore()).run(
            make_request(folder, sampling=replace(SAMPLING, steps=3)), JobControl()
        )
    )
    for draft, final in zip(frames[:7], sorted(frames[7:], key=lambda e: e.index), strict=True):
        assert np.array_equal(draft.image, few[0, draft.index].image)
        assert np.array_equal(final.image, plain[0, final.index].image)
    done = [e.done for e in events if isinstance(e, m.Progress)]
    assert done == sorted(done)
    assert done[-1] == 7


def test_what_is_there_gets_no_draft(renderer: Renderer, folder: Path) -> None:
    half = tuple(range(0, 7, 2))
    list(renderer.run(make_request(folder, indices=half), JobControl()))
    request = make_request(folder, draft_steps=3, previews=False)
    frames = [e for e in renderer.run(request, JobControl()) if isinstance(e, m.FrameReady)]
    assert {e.index for e in frames if e.tier == m.Tier.DRAFT} == {1, 3, 5}
    assert {e.index for e in frames if e.tier == m.Tier.FINAL} == set(range(7))


def test_drafts_of_as_many_steps_are_none(renderer: Renderer, folder: Path) -> None:
    request = make_request(folder, draft_steps=SAMPLING.steps)
    tiers = {e.tier for e in renderer.run(request, JobControl()) if isinstance(e, m.FrameReady)}
    assert m.Tier.DRAFT not in tiers


def test_points_of_the_plane_come_before_the_drafts_of_frames(
    renderer: Renderer, folder: Path
) -> None:
    request = make_request(folder, draft_steps=3, previews=False)
    walk = request.lanes[0].walk
    waiting = [m.ProbeRequest(5, str(folder), walk, SAMPLING, 0.2, 0.3, draft_steps=2)]

    def probes(matches: Any, wait: float = 0.0) -> m.ProbeRequest | None:
        return waiting.pop() if waiting and matches(waiting[0]) else None

    events = list(renderer.run(request, JobControl(), probes))
    first = next(e for e in events if isinstance(e, m.ProbeReady | m.FrameReady))
    assert isinstance(first, m.ProbeReady)


def test_a_point_of_another_precision_waits(renderer: Renderer, folder: Path) -> None:
    request = make_request(folder, previews=False, device="cpu", precision="fp32")
    probe = m.ProbeRequest(5, str(folder), request.lanes[0].walk, SAMPLING, 0.2, 0.3)
    points = [replace(probe, device="cpu", precision=kind) for kind in ("bf16", "fp32")]
    taken: list[m.ProbeRequest] = []

    def probes(matches: Any, wait: float = 0.0) -> m.ProbeRequest | None:
        found = next((point for point in points if matches(point)), None)
        if found is not None:
            points.remove(found)
            taken.append(found)
        return found

    list(renderer.run(request, JobControl(), probes))
    assert [point.precision for point in taken] == ["fp32"]
