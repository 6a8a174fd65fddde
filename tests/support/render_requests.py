"""A small walk to render, the request for it, and the frames that come of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine import messages as m
from engine.walk import Keyframe, Lane, NoiseSource, Sampling, Walk

SAMPLING = Sampling(steps=10, guidance=4.0, width=32, height=32)
WALK = Walk(
    keyframes=(Keyframe("a cat", NoiseSource(1, 0)), Keyframe("a can", NoiseSource(1, 1))),
    negative="of a",
    frames=7,
)


def make_request(folder: Path, walk: Walk = WALK, **changes: Any) -> m.RenderRequest:
    """All frames of a walk with their latents."""
    request = m.RenderRequest(1, str(folder), (Lane("walk", walk),), SAMPLING, latents=True)
    return replace(request, **changes)


def finals_of(events: Iterable[m.Event]) -> dict[tuple[int, int], m.FrameReady]:
    """The finished frames among some events, by lane and index."""
    return {
        (e.lane, e.index): e
        for e in events
        if isinstance(e, m.FrameReady) and e.tier == m.Tier.FINAL
    }
