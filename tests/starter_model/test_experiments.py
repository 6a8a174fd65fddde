"""What the article reports shows with the model that ships."""

from __future__ import annotations

import numpy as np

from engine import messages as m
from engine.mailbox import JobControl
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import (
    ARTICLE_PROMPT,
    STARTER,
    Keyframe,
    Lane,
    MethodChoice,
    NoiseSource,
    Sampling,
    Walk,
)

PAIRS = 6
SAMPLING = Sampling(steps=8, guidance=3.0, width=128, height=128)


def _lane(method: str, pair: int) -> Lane:
    ends = tuple(Keyframe(ARTICLE_PROMPT, noise=NoiseSource(1, 2 * pair + end)) for end in (0, 1))
    return Lane(method, Walk(ends, (MethodChoice(method),), frames=3))


def test_the_middle_of_the_chord_loses_detail_and_the_sharpness_shows_it() -> None:
    lanes = tuple(_lane(method, pair) for method in ("linear", "slerp") for pair in range(PAIRS))
    request = m.RenderRequest(
        1, STARTER, lanes, SAMPLING, indices=(1,), measures=("sharpness",), previews=False
    )
    events = Renderer(FrameStore()).run(request, JobControl())
    values = {e.lane: e.value for e in events if isinstance(e, m.MeasureReady)}
    linear, slerp = (np.array([values[k + n] for k in range(PAIRS)]) for n in (0, PAIRS))
    assert (linear < slerp).all()
