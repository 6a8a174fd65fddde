"""A very long walk in the engine: memory and threads stay as they are."""

from __future__ import annotations

import threading
from pathlib import Path

import psutil
import pytest

from engine import messages as m
from engine.mailbox import JobControl
from engine.render.renderer import Renderer
from engine.store.frame_store import MEBIBYTE, FrameStore
from engine.walk import Sampling, Walk
from tests.support.render_requests import make_request
from tests.support.tiny_models import make_tiny_model

FRAMES, WARM_UP = 20_000, 2_000


@pytest.mark.slow
def test_twenty_thousand_frames(tmp_path: Path) -> None:  # R48
    store = FrameStore(4 * MEBIBYTE, tmp_path / "frames", 16 * MEBIBYTE)
    sampling = Sampling(steps=2, guidance=1.0, width=32, height=32)
    folder = make_tiny_model(tmp_path / "tiny")
    request = make_request(folder, Walk(frames=FRAMES), sampling=sampling, latents=False, batch=8)
    process, done = psutil.Process(), 0
    before = threads = most = 0
    for event in Renderer(store).run(request, JobControl()):
        if not isinstance(event, m.FrameReady) or event.tier < m.Tier.FINAL:
            continue
        done += 1
        if done == WARM_UP:
            before, threads = process.memory_info().rss, threading.active_count()
        elif done % 100 == 0:
            most = max(most, process.memory_info().rss)
    assert done == FRAMES
    assert most - before < 50 * MEBIBYTE
    assert threading.active_count() == threads
