"""The requests and events that pass between the threads: frozen, slotted, self-contained.

Requests contain everything that influences a pixel: two requests that differ only in their job
number give the same frames. Events contain the job's number. Each job that starts ends with exactly
one of JobFinished, JobCancelled and JobFailed. Arrays are C-contiguous and read-only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from engine.conditioning import Array32
from engine.walk import Lane, Sampling, Walk

Image = npt.NDArray[np.uint8]  # [H, W, 3], RGB
Points = npt.NDArray[np.float64]  # [n, 2], in units of std (|z|/√d)
NO_JOB = -1  # the job number of events of no job; jobs for an export have smaller ones


class Tier(IntEnum):
    """The state of a frame: missing, preview, draft, final or failed."""

    MISSING = 0
    PREVIEW = 1
    DRAFT = 2
    FINAL = 3
    FAILED = 4


# ── requests ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """Render every frame of every lane. `indices` limits the job to these frames of each lane
    (None: all). `measures` are the names of the measures computed for each finished frame;
    `scoring_text` "" scores pictures with their prompts. `batch` is the number of frames computed
    together; 0 lets the engine choose. `latents` puts latents into the events of frames. `in_order`
    renders from first to last. With `draft_steps` below the sampling's steps, a missing frame is
    first rendered as a draft of so many steps. `precision` and `device` "" let the engine choose.
    `downloads` may be downloaded.
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
    draft_steps: int = 0
    batch: int = 0
    device: str = ""
    precision: str = ""
    downloads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """Render the point (x, y) of the plane of `walk`.

    x and y are in units of std: the latent is √d (x e₁ + y e₂). The prompt is that of the walk at
    `time`.
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


# ── events ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The properties of a loaded model. `downscale` is the number of pixels per latent column.

    `solver` is the default of the `solvers` that fit. It stands in for the model's scheduler
    `replaced`, or equals the model's scheduler if `replaced` is "". With `batch_exact`, a frame is
    the same bit for bit in any batch. `tokenizer` is the folder of its tokenizer.
    """

    name: str
    location: str
    device: str
    precision: str
    batch: int
    downscale: int
    solver: str
    default_sampling: Sampling
    bytes_loaded: int = 0
    identity: str = ""
    batch_exact: bool = True
    solvers: tuple[str, ...] = ()
    replaced: str = ""
    tokenizer: str = ""


@dataclass(frozen=True, slots=True)
class LatentStats:
    """Statistics of the initial latent: mean, std, and the distance of its norm from √d in σ."""

    mean: float
    std: float
    norm_z: float


@dataclass(frozen=True, slots=True)
class Curve:
    """The path [n, 2] of a method in the plane."""

    method: str
    points: Points = field(repr=False, compare=False)


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
    sum of them. `turns` are the angles in degrees by which the path turns at its inner keyframes.
    """

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
    turns: tuple[float, ...] = ()


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


@dataclass(frozen=True, slots=True)
class ProbeFailed:
    serial: int
    message: str


@dataclass(frozen=True, slots=True)
class JobFinished:
    job: int
    seconds: float


@dataclass(frozen=True, slots=True)
class JobCancelled:
    job: int


@dataclass(frozen=True, slots=True)
class JobFailed:
    """A sentence for the person, and details to copy. `missing`: a hub model to download first."""

    job: int
    message: str
    details: str = field(default="", repr=False)
    missing: str = ""


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
Event = JobEvent | ProbeReady | ProbeFailed
