"""Evening out real walks of the starter model, as large as people make them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine import messages as m
from engine.geometry.noise import NoiseBank
from engine.geometry.plane_points import keyframe_between, walk_through
from engine.mailbox import JobControl
from engine.methods.contract import arc_weights
from engine.metrics.contract import variation
from engine.pacing.curve import Values
from engine.pacing.even_out import MOST_ROUNDS, EvenOut
from engine.render.renderer import Renderer
from engine.requests import build_request
from engine.store.frame_store import FrameStore
from engine.walk import Exploration, Keyframe, NoiseSource, Sampling, Walk
from resources.starter_recipe.common import MODEL_FOLDER

SAMPLING = Sampling(steps=14, guidance=3.0, width=128, height=128)
PROMPT = "a photo of a cat"


def _channels() -> int:
    """The channels of the starter model's z_T."""
    config = json.loads((MODEL_FOLDER / "unet" / "config.json").read_text("utf-8"))
    return int(config["in_channels"])


def _at_times(walk: Walk, times: Values) -> Walk:
    """The frames of a slerp walk at these times, each as a keyframe of weighted noises."""
    bank = NoiseBank((_channels(), 16, 16))
    frames = []
    for time in times.tolist():
        segment, gamma = walk.locate(time)
        a, b = (bank.draw(k.noise).ravel() for k in walk.keyframes[segment : segment + 2])
        cosine = float(a @ b) / float(np.linalg.norm(a) * np.linalg.norm(b))
        frames.append(keyframe_between(walk, segment, arc_weights(cosine, gamma)))
    return walk_through(frames, "")


def _steps(walk: Walk, times: Values, store: FrameStore) -> tuple[Values, int]:
    """The steps between the frames at these times, and the number of frames that were drawn."""
    exploration = Exploration(walk=_at_times(walk, times), sampling=SAMPLING)
    request = build_request(exploration, 1, ("step_length",))
    values, new = np.full(times.size, np.nan), 0
    for event in Renderer(store).run(request, JobControl()):
        match event:
            case m.MeasureReady():
                values[event.index] = event.value
            case m.FrameReady(tier=m.Tier.FINAL):
                new += not event.cached
            case m.JobFailed():
                pytest.fail(event.message)
    return values[1:], new


@pytest.mark.slow
@pytest.mark.parametrize(("keyframes", "frames"), [(2, 61), (5, 121)])
def test_even_out_halves_the_variation_and_the_largest_step(keyframes: int, frames: int) -> None:
    keys = tuple(Keyframe(PROMPT, NoiseSource(1, draw)) for draw in range(keyframes))
    walk = Walk(keys, frames=frames)
    store = FrameStore()
    work = EvenOut.of(np.linspace(0.0, 1.0, frames))
    found = []
    while not work.done:
        steps, new = _steps(walk, work.times, store)
        assert new <= frames - 2 * bool(found), "the ends are drawn once"
        found.append((work.times, steps))
        work = work.measured(steps)
    first, best = found[0][1], min((s for _, s in found), key=variation)
    assert len(found) <= MOST_ROUNDS + 1
    assert variation(best) <= variation(first) / 2
    assert best.max() <= first.max() / 2
