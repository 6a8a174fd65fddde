"""The only fake of the tests: an engine that answers each request with the events of a script.

Its pictures are drawn, not diffused: a face that turns from one colour and place to another along
the walk. The events are those of the real engine, in its order of refinement.
"""

from __future__ import annotations

import colorsys
from collections import deque
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal

from engine import messages as m
from engine.errors import InputError
from engine.methods.contract import make_method, methods
from engine.store.stored_frame import StoredFrame
from engine.walk import Lane, MethodChoice, NoiseSource, Sampling, Walk

INFO = m.ModelInfo(
    name="starter",
    location="",
    device="cpu",
    precision="fp32",
    batch=4,
    multiple=8,
    solver="dpm++2m",
    solvers=("ddim", "dpm++2m", "dpm++2m-karras", "euler"),
    default_sampling=Sampling(steps=14, guidance=3.0, width=128, height=128),
    bytes_loaded=65 * 2**20,
)
STARTS = np.array([[0.96, 0.19], [-0.11, 1.02], [-0.83, 0.55], [-0.72, -0.66]])


class MemoryFrames:
    """Frames by key, without any bound: tests are short."""

    def __init__(self) -> None:
        self.images: dict[str, m.Image] = {}
        self.frames: dict[str, StoredFrame] = {}

    def image(self, key: str) -> m.Image | None:
        return self.images.get(key)

    def get(self, key: str) -> StoredFrame | None:
        """A frame with its latents, where the test gave it some."""
        return self.frames.get(key)


class ScriptedEngine(QObject):
    """Owns the script that is played. Tests call `play`; with an interval it plays by itself.

    Signals: wake.
    """

    wake = Signal()

    def __init__(self, frames: MemoryFrames, interval: int = 0, per_tick: int = 2) -> None:
        super().__init__()
        self._frames = frames
        self._outbox: deque[m.Event] = deque()
        self._script: Iterator[m.Event] = iter(())
        self._per_tick, self._interval = per_tick, interval
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self.requests: list[m.RenderRequest] = []
        self.probes: list[m.ProbeRequest] = []
        self.focused: list[int] = []
        self.questions: list[m.MemoryRequest] = []
        self.started = self.stopped = False
        self.paused = 0
        self.stops_in_time = True

    # ── what the session calls ───────────────────────────────────────────────────────────────

    def start(self) -> None:
        self.started = True
        if self._interval:
            self._timer.start(self._interval)

    def drain(self) -> list[m.Event]:
        events = list(self._outbox)
        self._outbox.clear()
        return events

    def submit(self, request: m.RenderRequest) -> None:
        self.requests.append(request)
        self._script = story(request, self._frames)

    def probe(self, request: m.ProbeRequest) -> None:
        self.probes.append(request)
        std = float(np.hypot(request.x, request.y))
        angle = float(np.arctan2(request.y, request.x)) / np.pi
        image = picture(angle, 0.5, std, request.sampling.width)
        norm_z = (std - 1.0) * 32.0 * np.sqrt(2)
        self.post(
            m.ProbeReady(
                request.serial,
                request.x,
                request.y,
                m.Tier.DRAFT if request.draft_steps else m.Tier.FINAL,
                std,
                float(norm_z),
                image,
                request.point,
            )
        )

    def ask_memory(self, request: m.MemoryRequest) -> None:
        self.questions.append(request)
        self.post(m.DeviceMemory(8_000_000_000, gpu=True, half=True))

    def focus(self, index: int) -> None:
        self.focused.append(index)

    def cancel(self) -> None:
        self._script = iter(())
        if self.requests:
            self.post(m.JobCancelled(self.requests[-1].job))

    def pause(self) -> None:
        self.paused += 1
        self.cancel()

    def stop(self, timeout_ms: int) -> bool:
        self.stopped = True
        self._timer.stop()
        return self.stops_in_time

    # ── what a test calls ────────────────────────────────────────────────────────────────────

    def play(self, count: int | None = None) -> None:
        """Post the next `count` events of the script, or all that are left."""
        for number, event in enumerate(self._script, 1):
            self._outbox.append(event)
            if number == count:
                break
        self.wake.emit()

    def post(self, event: m.Event) -> None:
        """Post one event that is in no script."""
        self._outbox.append(event)
        self.wake.emit()

    def _tick(self) -> None:
        self.play(self._per_tick)


def story(request: m.RenderRequest, frames: MemoryFrames) -> Iterator[m.Event]:
    """All events of a job that goes well."""
    job = request.job
    yield m.ModelLoading(job, "Reading the starter model", 0.5)
    yield m.ModelReady(job, INFO)
    counts = [lane.walk.frames for lane in request.lanes]
    order = [k for k in refinement(max(counts)) if request.indices is None or k in request.indices]
    totals = tuple(sum(k < count for k in order) for count in counts)
    yield m.JobStarted(job, totals)
    for number, lane in enumerate(request.lanes if request.geometry else ()):
        yield path_of(job, number, lane)
    done, total = 0, sum(totals)
    for index in order:
        for number, lane in enumerate(request.lanes):
            if index < lane.walk.frames:
                steps = request.sampling.steps
                yield m.Progress(job, done, total, steps // 2, steps, (total - done) * 0.23)
                yield from _frame(request, number, lane.walk, index, frames)
                done += 1
    yield m.Progress(job, total, total, request.sampling.steps, request.sampling.steps, 0.0)
    yield m.JobFinished(job, 0.2 * total)


def _frame(
    request: m.RenderRequest, number: int, walk: Walk, index: int, frames: MemoryFrames
) -> Iterator[m.Event]:
    time = walk.time_of(index)
    point = point_of(walk, time)
    std = float(np.hypot(*point))
    hue = float(np.arctan2(point[1], point[0])) / np.pi
    image = picture(hue, time, std, request.sampling.width)
    key = f"{request.job}-{number}-{index}"
    stats = m.LatentStats(0.0, std, (std - 1.0) * 32.0 * float(np.sqrt(2.0)))
    if request.previews:
        yield m.FrameReady(request.job, number, index, time, m.Tier.PREVIEW, "", soft(image))
    frames.images[key] = image
    yield m.FrameReady(request.job, number, index, time, m.Tier.FINAL, key, image, stats)
    for name in request.measures:
        value = 24.0 + 3.0 * std + np.sin(9.0 * time + number)
        yield m.MeasureReady(request.job, number, index, name, float(value))


def refinement(count: int) -> list[int]:
    """Ends first, then ever smaller gaps."""
    order = [0, count - 1] if count > 1 else [0]
    step = count
    while len(order) < count:
        step = max(step // 2, 1)
        order += [index for index in range(0, count, step) if index not in order]
    return order


# ── geometry and pictures ────────────────────────────────────────────────────────────────────


def start_of(noise: NoiseSource) -> npt.NDArray[np.float64]:
    """A point near the unit circle for each noise."""
    if noise.seed == 1 and noise.draw < len(STARTS):
        return STARTS[noise.draw]
    angle = np.random.default_rng([noise.seed, noise.draw]).uniform(0.0, 2.0 * np.pi)
    return np.array([np.cos(angle), np.sin(angle)])


def point_of(walk: Walk, time: float, method: str = "") -> npt.NDArray[np.float64]:
    segment, gamma = walk.locate(time)
    start, end = (start_of(walk.keyframes[k].noise) for k in (segment, walk.end_of(segment)))
    choice = MethodChoice(method) if method else walk.method_of(segment)
    try:
        return make_method(choice).latent(start, end, gamma)
    except (InputError, ValueError, IndexError):
        return (1.0 - gamma) * start + gamma * end


def path_of(job: int, number: int, lane: Lane) -> m.PathReady:
    walk = lane.walk
    points = np.array([point_of(walk, walk.time_of(k)) for k in range(walk.frames)])
    ends = np.array([start_of(keyframe.noise) for keyframe in walk.keyframes])
    times = np.linspace(0.0, 1.0, 129)
    curves = tuple(
        m.Curve(name, np.array([point_of(walk, float(t), name) for t in times]))
        for name in methods.names()
        if methods.get(name).planar and methods.get(name).passes_ends
    )
    std = np.hypot(points[:, 0], points[:, 1]).astype(np.float32)
    segments = [walk.locate(walk.time_of(k))[0] for k in range(walk.frames)]
    weights = np.array(
        [
            np.linalg.lstsq(ends[[segment, walk.end_of(segment)]].T, point, rcond=None)[0]
            for segment, point in zip(segments, points, strict=True)
        ]
    )
    return m.PathReady(job, number, points, ends, curves, True, 1.0, 1024, std, weights)


@lru_cache(maxsize=512)
def picture(hue: float, time: float, std: float, side: int) -> m.Image:
    """A round face on a ground; low std is a blur, as with the real model."""
    axis = (np.arange(side) + 0.5) / side
    x, y = np.meshgrid(axis, axis)
    ground = np.array(colorsys.hls_to_rgb((hue + 0.62) % 1.0, 0.62, 0.35))
    fur = np.array(colorsys.hls_to_rgb((hue * 0.7 + 0.06) % 1.0, 0.58, 0.62))
    image = ground * (1.12 - 0.45 * y[..., None])
    image[y > 0.78] = ground * 0.62
    cx, cy = 0.40 + 0.22 * time, 0.52 - 0.06 * np.sin(np.pi * time)
    edge = 90.0 * max(std - 0.62, 0.04)
    for ex in (-0.19, 0.19):
        ear = np.hypot((x - cx - ex) * (1.4 - 0.7 * time), (y - cy + 0.24) * (0.5 + 0.7 * time))
        image = _over(image, fur * 0.88, (0.11 - ear) * edge)
    image = _over(image, fur, (0.27 - np.hypot(x - cx, (y - cy) * 1.12)) * edge)
    image = _over(image, fur * 1.25, (0.11 - np.hypot(x - cx, (y - cy - 0.10) * 1.3)) * edge)
    for ex in (-0.1, 0.1):
        image = _over(image, np.zeros(3), (0.032 - np.hypot(x - cx - ex, y - cy + 0.03)) * edge)
    image = _over(image, ground * 0.3, (0.026 - np.hypot(x - cx, (y - cy - 0.06) * 1.4)) * edge)
    result = np.ascontiguousarray((np.clip(image, 0.0, 1.0) * 255.0).astype(np.uint8))
    result.setflags(write=False)
    return result


def soft(image: m.Image) -> m.Image:
    """A preview: one pixel for each eight."""
    small = image[::8, ::8].repeat(8, axis=0).repeat(8, axis=1)
    result = np.ascontiguousarray(small)
    result.setflags(write=False)
    return result


def _over(
    image: npt.NDArray[np.float64],
    colour: npt.NDArray[np.float64],
    inside: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    cover = np.clip(inside + 0.5, 0.0, 1.0)[..., None]
    return image * (1.0 - cover) + colour * cover
