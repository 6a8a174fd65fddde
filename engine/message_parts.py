"""The types that messages are made of: pictures, points, tiers, and what a model says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from engine.conditioning import Guiding
from engine.walk import Sampling

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


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The properties of a loaded model. Width and height are multiples of `multiple` pixels.

    `solver` is the default of the `solvers` that fit. It stands in for the model's scheduler
    `replaced`, or equals the model's scheduler if `replaced` is "". With `batch_exact`, a frame is
    the same bit for bit in any batch. `tokenizer` is the folder of the tokenizer, or "". `tokens`
    is the limit of a prompt; 0 is CLIP's. `precision_note` is the reason for a precision that was
    chosen by measurement. `weight_bits` are the bits of the weights of linear layers; 0 for those
    of the precision.
    """

    name: str
    location: str
    device: str
    precision: str
    batch: int
    multiple: int
    solver: str
    default_sampling: Sampling
    bytes_loaded: int = 0
    identity: str = ""
    batch_exact: bool = True
    solvers: tuple[str, ...] = ()
    replaced: str = ""
    tokenizer: str = ""
    tokens: int = 0
    guiding: Guiding = Guiding.APART
    precision_note: str = ""
    weight_bits: int = 0

    @property
    def arithmetic(self) -> str:
        """The precision of numbers, and that of weights if they have fewer bits."""
        return self.precision + (f", {self.weight_bits}-bit weights" if self.weight_bits else "")


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
class KeyframeSpan:
    """Inner products from which every plane through keyframes follows without the latents.

    With keyframes z_k and frames x_i of d numbers: `gram` [K, K] is ⟨z_j, z_k⟩/d, `products` [n, K]
    is ⟨x_i, z_k⟩/d, and `energy` [n] is |x_i|²/d.
    """

    gram: Points = field(repr=False, compare=False)
    products: Points = field(repr=False, compare=False)
    energy: Points = field(repr=False, compare=False)
