"""The requests and events that pass between the threads: frozen, slotted, self-contained.

Requests that differ only in their job number give the same frames. Events contain the job's number.
A job that starts ends with exactly one of JobFinished, JobCancelled and JobFailed. Arrays are
C-contiguous and read-only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.conditioning import Array32
from engine.message_parts import NO_JOB as NO_JOB
from engine.message_parts import Curve as Curve
from engine.message_parts import Image as Image
from engine.message_parts import KeyframeSpan as KeyframeSpan
from engine.message_parts import LatentStats as LatentStats
from engine.message_parts import ModelInfo as ModelInfo
from engine.message_parts import Points as Points
from engine.message_parts import Tier as Tier
from engine.walk import Keyframe, Lane, Sampling, Walk

# ── requests ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """Render every frame of every lane. `indices` limits the job to these frames of each lane
    (None: all). `measures` are the names of the measures computed for each finished frame;
    `scoring_text` "" scores pictures with their prompts. `batch` is the number of frames computed
    together; 0 lets the engine choose. `latents` puts latents into the events of frames. `in_order`
    renders from first to last. With `draft_steps` below the sampling's steps, a missing frame is
    first rendered as a draft of so many steps. `precision` and `device` "" let the engine choose.
    `weight_bits` 8 or 4 are those of linear layers, 0 those of the precision. `downloads` may be
    downloaded.
    """

    job: int
    model: str
    lanes: tuple[Lane, ...]
    sampling: Sampling
    indices: tuple[int, ...] | None = None
    measures: tuple[str, ...] = ()
    scoring_text: str = ""
    scorer: str = ""
    previews: bool = True
    latents: bool = False
    in_order: bool = False
    geometry: bool = True
    draft_steps: int = 0
    batch: int = 0
    device: str = ""
    precision: str = ""
    weight_bits: int = 0
    downloads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """Render the point (x, y) of the plane of `walk`: √d (x e₁ + y e₂), with its prompt at `time`.

    With `point`, it is this keyframe instead. With `draft_steps`, it is a draft of so many steps,
    which is rendered before all other work.
    """

    serial: int
    model: str
    walk: Walk
    sampling: Sampling
    x: float
    y: float
    time: float = 0.0
    device: str = ""
    precision: str = ""
    weight_bits: int = 0
    point: Keyframe | None = None
    draft_steps: int = 0


@dataclass(frozen=True, slots=True)
class MemoryRequest:
    """Say how much memory is free for a model. With `device` and `precision` "", the engine chooses
    them."""

    device: str = ""
    precision: str = ""


# ── events ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ModelLoading:
    job: int
    stage: str
    fraction: float


@dataclass(frozen=True, slots=True)
class ModelReady:
    job: int
    info: ModelInfo


@dataclass(frozen=True, slots=True)
class JobStarted:
    """`totals` holds the number of frames of each lane."""

    job: int
    totals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PromptCut:
    """A prompt has more tokens than the model reads. The rest of it has no effect."""

    job: int
    prompt: str
    tokens: int
    limit: int


@dataclass(frozen=True, slots=True)
class PathReady:
    """The geometry of one lane: positions of its frames and keyframes, and all methods' paths.

    `exact` is True if the path lies in the plane. Otherwise the plane is the best-fitting one
    through the origin, and `kept` is the share of the path's energy in it. `weights` [n, 2] are the
    weights of the two ends of a frame's segment in the frame's latent; NaN if the latent is not a
    sum of them. `span` relates the frames to the keyframes; None if there are many keyframes.
    `turns` are the angles in degrees at its inner keyframes; `seam` is the gap of a loop's ends."""

    job: int
    lane: int
    frames: Points = field(repr=False, compare=False)
    keyframes: Points = field(repr=False, compare=False)
    curves: tuple[Curve, ...] = ()
    exact: bool = True
    kept: float = 1.0
    dimension: int = 0
    std: Array32 | None = field(default=None, repr=False, compare=False)
    weights: Points | None = field(default=None, repr=False, compare=False)
    span: KeyframeSpan | None = field(default=None, repr=False, compare=False)
    turns: tuple[float, ...] = ()
    seam: float | None = None
    channels: int = 4


@dataclass(frozen=True, slots=True)
class FrameReady:
    """A picture of frame `index`. `key` is the key of a finished frame or a draft in the store."""

    job: int
    lane: int
    index: int
    time: float
    tier: Tier
    key: str
    image: Image = field(repr=False, compare=False)
    stats: LatentStats | None = None
    cached: bool = False
    initial: Array32 | None = field(default=None, repr=False, compare=False)
    final: Array32 | None = field(default=None, repr=False, compare=False)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FrameFailed:
    job: int
    lane: int
    index: int
    message: str


@dataclass(frozen=True, slots=True)
class MeasureReady:
    """The value of a measure at one frame. The value of a step belongs to its later frame."""

    job: int
    lane: int
    index: int
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class MeasureFailed:
    """A measure that this job leaves out, with the reason. `missing` is as in JobFailed."""

    job: int
    name: str
    message: str
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a job. `step` is the furthest step of the frames in work. Unknown times are
    None. `device_memory` is the memory of the device in use, in bytes; 0 for the CPU."""

    job: int
    done: int
    total: int
    step: int
    steps: int
    seconds_left: float | None = None
    device_memory: int = 0


@dataclass(frozen=True, slots=True)
class ProbeReady:
    """The picture of a point of the plane, its std, and its distance from the shell in σ."""

    serial: int
    x: float
    y: float
    tier: Tier
    std: float
    norm_z: float
    image: Image = field(repr=False, compare=False)
    point: Keyframe | None = None


@dataclass(frozen=True, slots=True)
class ProbeFailed:
    serial: int
    message: str


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """The bytes of a device that are free for a model, with those of the opened model, which is
    freed before another one is opened. `gpu` is False for a CPU. `half` is True if models are
    opened in half precision there."""

    free: int
    gpu: bool
    half: bool


@dataclass(frozen=True, slots=True)
class JobFinished:
    job: int
    seconds: float


@dataclass(frozen=True, slots=True)
class JobCancelled:
    job: int


@dataclass(frozen=True, slots=True)
class JobFailed:
    """A sentence for the person, and details to copy. `missing`: a hub model to download first.
    `memory_short`: the device's memory was too small even for one frame at a time."""

    job: int
    message: str
    details: str = field(default="", repr=False)
    missing: str = ""
    memory_short: bool = False


JobEvent = (
    ModelLoading
    | ModelReady
    | JobStarted
    | PromptCut
    | PathReady
    | FrameReady
    | FrameFailed
    | MeasureReady
    | MeasureFailed
    | Progress
    | JobFinished
    | JobCancelled
    | JobFailed
)
Event = JobEvent | ProbeReady | ProbeFailed | DeviceMemory
