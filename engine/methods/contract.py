"""What an interpolation method is.

A method is a frozen dataclass whose fields are its parameters. It turns the latents of two
keyframes, and the arrays of their prompts, into those at γ in [0, 1] between them. Arrays are
float64, of one shape for start and end, and are never changed in place.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from engine.conditioning import Role
from engine.errors import InputError
from engine.parameters import build, parameter
from engine.registry import Registry
from engine.walk import MethodChoice

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ends:
    """The std of a segment's two latents, and their correlation: by default independent draws."""

    start: float = 1.0
    end: float = 1.0
    correlation: float = 0.0

    def std_of_sum(self, first: float, second: float) -> float:
        """The std of first · z_start + second · z_end."""
        a, b = first * self.start, second * self.end
        return math.sqrt(max(a * a + b * b + 2.0 * self.correlation * a * b, 0.0))

    def std_of_shares(self, share: float) -> float:
        """The std of a tensor of which this share is of z_end, and the rest of z_start."""
        return math.sqrt((1.0 - share) * self.start**2 + share * self.end**2)


@dataclass(frozen=True)
class Method(ABC):
    """Base of all methods. `colour` is the method's colour everywhere in the program.

    `planar`: the path lies in the plane spanned by the two ends. `passes_ends`: γ = 0 and γ = 1
    give the latents of the keyframes exactly. `walks_noise`: the latent changes along the path;
    where it does not, the noise of the segment's start stays, and its end has it too.
    """

    label: ClassVar[str]
    colour: ClassVar[str]
    planar: ClassVar[bool] = False
    passes_ends: ClassVar[bool] = True
    walks_noise: ClassVar[bool] = True

    @abstractmethod
    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        """The initial latent [C, h, w] at γ."""

    def conditioning(self, role: Role, start: Array, end: Array, gamma: float) -> Array:
        """The array that the text at γ has in `role`, such as a sequence [tokens, width]."""
        return lerp(start, end, gamma)

    def expected_std(self, gamma: float, ends: Ends) -> float:
        """The std of the latent at γ between normally distributed ends; the start's where the noise
        stays."""
        return ends.start

    def seam(self, gamma: float, columns: int) -> float | None:
        """The latent column, 0…columns, at which one end's noise meets the other's, if any does."""
        return None


@dataclass(frozen=True)
class NoiseMethod(Method):
    """Base of the methods that walk the noise, and blend the prompts beside it."""

    prompts: str = parameter(
        "linear",
        "Prompts",
        choices=("linear", "slerp"),
        help="How the two prompts are blended when they differ",
    )

    def conditioning(self, role: Role, start: Array, end: Array, gamma: float) -> Array:
        if self.prompts == "slerp":
            return slerp_text(role, start, end, gamma)
        return lerp(start, end, gamma)


methods: Registry[Method] = Registry("engine.methods", "method")


def make_method(choice: MethodChoice) -> Method:
    """The method a choice names. Raises InputError for an unknown name or parameter."""
    method: Method = build(methods.get(choice.name), choice.params)
    return method


def crossing_methods() -> tuple[str, ...]:
    """The methods whose path leads, in the plane of the two ends, from the one to the other."""
    found = ((name, methods.get(name)) for name in methods.names())
    return tuple(name for name, m in found if m.planar and m.passes_ends)


def columns_of(start: Array, end: Array) -> int:
    """The number of latent columns. Raises InputError for ends that do not fit side by side."""
    if start.shape != end.shape:
        sizes = " and ".join("×".join(str(n) for n in a.shape) for a in (start, end))
        raise InputError(
            f"Latents of different sizes ({sizes}) have no common columns; "
            "give both keyframes the same width and height."
        )
    return start.shape[-1]


def whole_columns(gamma: float, columns: int) -> int:
    """γ·columns to the nearest whole number, halves upwards.

    Python's own rounding of halves to even numbers would hold columns for 1, 3, 1, 3 frames.
    """
    return math.floor(gamma * columns + 0.5 + 1e-9)


def lerp(start: Array, end: Array, gamma: float) -> Array:
    """(1−γ) start + γ end, exact at both ends."""
    return (1.0 - gamma) * start + gamma * end


def slerp_arc(start: Array, end: Array, gamma: float) -> Array:
    """[sin((1−γ)φ) start + sin(γφ) end] / sin φ, φ the angle between the whole tensors.

    Shoemake 1985. Where sin φ vanishes the great circle is not defined: equal directions fall back
    to the straight line; opposite ones too, which passes through the origin, because any arc
    would be an arbitrary choice that the data does not make. A zero tensor has no direction and
    falls back as well.
    """
    norms = float(np.linalg.norm(start)) * float(np.linalg.norm(end))
    if norms == 0.0:
        return lerp(start, end, gamma)
    first, second = arc_weights(float(np.vdot(start, end)) / norms, gamma)
    return first * start + second * end


def arc_weights(cosine: float, gamma: float) -> tuple[float, float]:
    """The weights of both ends at γ of an arc, for the cosine of the angle φ between them.

    sin((1−γ)φ)/sin φ and sin(γφ)/sin φ; those of the straight line where sin φ vanishes.
    """
    phi = float(np.arccos(np.clip(cosine, -1.0, 1.0)))
    sine = float(np.sin(phi))
    if sine < 1e-6:
        return 1.0 - gamma, gamma
    first = 1.0 if gamma == 0.0 else float(np.sin((1.0 - gamma) * phi)) / sine
    second = 1.0 if gamma == 1.0 else float(np.sin(gamma * phi)) / sine
    return first, second


def slerp_text(role: Role, start: Array, end: Array, gamma: float) -> Array:
    """Slerp of each vector of a text on its own: of every token, and of the pooled one.

    A mask holds no vectors but shares, which are blended linearly.
    """
    match role:
        case Role.SEQUENCE:
            return np.stack([slerp_arc(a, b, gamma) for a, b in zip(start, end, strict=True)])
        case Role.POOLED:
            return slerp_arc(start, end, gamma)
        case Role.MASK:
            return lerp(start, end, gamma)
