"""Every type that crosses the thread boundary: frozen, slotted, self-contained.

Requests hold everything that influences a pixel: two requests that are equal but for their job
number give the same frames. Events carry the job's number, and each started job ends with exactly
one of JobFinished, JobCancelled and JobFailed. Arrays are C-contiguous and read-only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from engine.walk import Lane, Sampling, Walk

Image = npt.NDArray[np.uint8]  # [H, W, 3], RGB
Array32 = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]  # [n, 2], in units of std (|z|/√d)


class Tier(IntEnum):
    """How much of a frame is there."""

    MISSING = 0
    PREVIEW = 1
    DRAFT = 2
    FINAL = 3
    FAILED = 4


# ── requests ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """Render every frame of every lane.

    `indices` limits the job to these frames of each lane (None: all). `measures` are the names of
    measures computed for each finished frame. `batch` 0 lets the engine choose. `latents` asks for
    the frames' latents in their events, `in_order` for first to last instead of coarse to fine.
    With `draft_steps`, if they are fewer than the sampling's, every frame that is not there yet
    comes as a draft of so many steps first, which is an approximation. `precision` and `device` ""
    are chosen by the machine. `downloads` are the models of the hub that may be fetched.
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
    """Render the one point (x, y) of the plane that the trajectory plot of `walk` shows.

    x and y are in units of std: the latent is √d (x e₁ + y e₂). The walk at `time` conditions it.
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
    """What is known of a model once it is loaded. `downscale` is pixels per latent column.

    `solver`, the default of those that fit (`solvers`), stands in for the model's scheduler
    `replaced`, or equals the model's scheduler where this is "". `batch_exact`: a frame is the
    same bit for bit whatever else is in its batch. `tokenizer` is the folder of its tokenizer.
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
    """What enters the first step, measured: mean, std, and how many σ its norm is off √d."""

    mean: float
    std: float
    norm_z: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A method's path [n, 2] in the plane of the plot."""

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
    """A prompt takes more tokens than the model reads: the rest of it has no effect."""

    job: int
    prompt: str
    tokens: int
    limit: int


@dataclass(frozen=True, slots=True)
class PathReady:
    """The geometry of one lane: where its frames and keyframes lie, and the other methods' paths.

    `exact` says that the path lies in the plane; otherwise the plane is the best-fitting one
    through the origin, and `kept` is the share of the path's energy that it shows. `weights` [n, 2]
    are those of the two ends of a frame's segment in the frame's latent; NaN where it is no sum of
    them.
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


@dataclass(frozen=True, slots=True)
class FrameReady:
    """A picture of frame `index`. `key` finds finished ones and drafts in the frame store."""

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
    """The value of a measure at one frame; a measure of steps belongs to the later frame."""

    job: int
    lane: int
    index: int
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class MeasureFailed:
    """A measure that this job leaves out, and why. `missing` is as in JobFailed."""

    job: int
    name: str
    message: str
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """`step` of `steps` is that of the frame that is furthest on. Unknown times are None.
    `device_memory`: bytes of the device's own memory that the program takes; 0 for the CPU."""

    job: int
    done: int
    total: int
    step: int
    steps: int
    seconds_left: float | None = None
    device_memory: int = 0


@dataclass(frozen=True, slots=True)
class ProbeReady:
    """The picture of a point of the plane, its std, and how many σ its norm is off the shell."""

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
    """One sentence for the person, and the details to copy. `missing` is the hub's model that
    would have to be downloaded first, "" where that is not the reason."""

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
