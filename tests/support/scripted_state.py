"""A state that has been told the events of a job, for the tests of the views."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from engine import messages as m
from engine.walk import Exploration, MethodChoice, Sampling, Walk, lanes_of
from gui.state.explorer_state import ExplorerState
from tests.support.scripted_engine import MemoryFrames, path_of, picture, soft

SIDE = 32


def exploration(frames: int = 21, methods: tuple[str, ...] = ("slerp",)) -> Exploration:
    """A walk of so many frames, compared by these methods if there are several."""
    choices = tuple(MethodChoice(name) for name in methods)
    walk = Walk(frames=frames, methods=choices[:1])
    compare = choices if len(choices) > 1 else ()
    sampling = Sampling(steps=4, guidance=4.0, width=SIDE, height=SIDE)
    return Exploration(walk=walk, compare=compare, sampling=sampling)


def request_for(exploration: Exploration, job: int = 1) -> m.RenderRequest:
    """A request for all lanes of an exploration, without measures."""
    return m.RenderRequest(job, exploration.model, lanes_of(exploration), exploration.sampling)


class ScriptedState:
    """Owns a state and the frames it reads; tells it what an engine would."""

    def __init__(self, frames: int = 21, methods: tuple[str, ...] = ("slerp",)) -> None:
        self.frames = MemoryFrames()
        self.state = ExplorerState(self.frames, exploration(frames, methods))
        self.job = 0

    def begin(self) -> None:
        """A new job, with the geometry of its lanes."""
        self.job += 1
        request = request_for(self.state.exploration, self.job)
        self.state.begin_job(request)
        for number, lane in enumerate(request.lanes):
            self.state.apply(path_of(self.job, number, lane))

    def frame(self, index: int, lane: int = 0, tier: m.Tier = m.Tier.FINAL) -> m.Image:
        """One picture; that of a final frame can be read from the store."""
        count = len(self.state.results.lanes[lane].tiers)
        time = index / max(count - 1, 1)
        image = picture(0.2 + 0.3 * lane, time, 1.0, SIDE)
        key = f"{self.job}-{lane}-{index}" if tier == m.Tier.FINAL else ""
        if tier == m.Tier.FINAL:
            self.frames.images[key] = image
        shown = image if tier == m.Tier.FINAL else soft(image)
        stats = m.LatentStats(0.0, 1.0 - 0.01 * index, -0.4 * index)
        self.state.apply(m.FrameReady(self.job, lane, index, time, tier, key, shown, stats))
        return shown

    def all_frames(self) -> None:
        """Every frame of every lane, and the end of the job."""
        for lane, results in enumerate(self.state.results.lanes):
            for index in range(len(results.tiers)):
                self.frame(index, lane)
        self.state.apply(m.JobFinished(self.job, 1.0))

    def probe(self, x: float, y: float) -> m.Image:
        """The picture of a point of the plane."""
        std = float(np.hypot(x, y))
        image = picture(0.7, 0.5, std, SIDE)
        self.state.apply(m.ProbeReady(1, x, y, m.Tier.FINAL, std, (std - 1.0) * 45.0, image))
        return image


class PlacedState(ScriptedState):
    """A state whose pictures are greys; the lightness (CIELAB) tells the place on the walk."""

    def place(self, time: float) -> float:
        """The place in 0…1 that the picture shows at a time of the walk."""
        return time

    def steps(self) -> np.ndarray:
        """The distances between the places of neighbouring frames."""
        walk = self.state.exploration.walk
        places = [self.place(walk.time_of(index)) for index in range(walk.frames)]
        return np.abs(np.diff(places))

    def draw(self, indices: Iterable[int]) -> None:
        """These frames, finished."""
        for index in indices:
            place = self.place(self.state.exploration.walk.time_of(index))
            light = ((10.0 + 75.0 * place + 16.0) / 116.0) ** 3
            value = round(255.0 * (1.055 * light ** (1 / 2.4) - 0.055))
            key, image = f"{self.job}-{index}", np.full((16, 16, 3), value, np.uint8)
            self.frames.images[key] = image
            stats = m.LatentStats(0.0, 1.0, 0.0)
            self.state.apply(m.FrameReady(self.job, 0, index, 0.0, m.Tier.FINAL, key, image, stats))

    def render(self) -> None:
        """A job with all frames of the walk."""
        self.begin()
        self.draw(range(self.state.exploration.walk.frames))
        self.state.apply(m.JobFinished(self.job, 1.0))


def scripted(frames: int = 21, methods: tuple[str, ...] = ("slerp",)) -> ScriptedState:
    """A state with all of its pictures."""
    result = ScriptedState(frames, methods)
    result.begin()
    result.all_frames()
    return result
