"""The base classes of interpolation methods.

A method is a frozen dataclass whose fields are its parameters. It interpolates the latents of two
keyframes, and the arrays of their prompts, at γ in [0, 1]. Arrays are float64, have the same shape
for start and end, and are never changed in place.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from engine.conditioning import Blend, Role
from engine.errors import InputError
from engine.parameters import build, parameter, parameters_of
from engine.registry import Registry
from engine.walk import MAX_SEED, MethodChoice

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ends:
    """The std of a segment's two latents, and their correlation; by default, independent draws.
    Latents have so many `channels`."""

    start: float = 1.0
    end: float = 1.0
    correlation: float = 0.0
    channels: int = 4

    def std_of_sum(self, first: float, second: float) -> float:
        """The std of first · z_start + second · z_end."""
        a, b = first * self.start, second * self.end
        return math.sqrt(max(a * a + b * b + 2.0 * self.correlation * a * b, 0.0))

    def std_of_shares(self, share: float) -> float:
        """The std of a tensor whose elements are z_end's for this share and z_start's otherwise."""
        return math.sqrt((1.0 - share) * self.start**2 + share * self.end**2)


@dataclass(frozen=True)
class Method(ABC):
    """The base class of all methods. `colour` is the method's colour in all views.

    `planar` is True if the path lies in the plane spanned by the two ends. `passes_ends` is True if
    γ = 0 and γ = 1 give the latents of the keyframes exactly. `walks_noise` is True if the latent
    changes along the path; otherwise the whole segment has the noise of its start. `comes_back` is
    True if γ = 1 gives the latent of the start again; the next segment starts from it, too.
    `moves_picture` is True if the picture moves sideways with the seam. `splits` is True if a part
    of the path is the method's path between the ends of the part, for ends of equal norm.
    `varies_text` is True if the text is also another one between two equal prompts.
    """

    label: ClassVar[str]
    colour: ClassVar[str]
    planar: ClassVar[bool] = False
    passes_ends: ClassVar[bool] = True
    walks_noise: ClassVar[bool] = True
    comes_back: ClassVar[bool] = False
    moves_picture: ClassVar[bool] = False
    splits: ClassVar[bool] = False
    varies_text: ClassVar[bool] = False

    @property
    def blends_at(self) -> float:
        """The share of the steps after which the latents of the ends are mixed. With 0, frames are
        made from their initial latents."""
        return 0.0

    @abstractmethod
    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        """Returns the initial latent [C, h, w] at γ."""

    def conditioning(self, role: Role, start: Array, end: Array, gamma: float) -> Array:
        """Returns the array of the text at γ for `role`, such as a sequence [tokens, width]."""
        return lerp(start, end, gamma)

    def varied(self, role: Role, array: Array, gamma: float) -> Array:
        """Returns the array of the text at γ, which was blended before, for `role`; with
        `varies_text` only."""
        return array

    def expected_std(self, gamma: float, ends: Ends) -> float:
        """Returns the std of the latent at γ between normally distributed ends. If the noise does
        not change, it is the start's."""
        return ends.start

    def seam(self, gamma: float, columns: int) -> float | None:
        """Returns the latent column, 0…columns, at which the noises of the ends meet, or None."""
        return None


@dataclass(frozen=True)
class NoiseMethod(Method):
    """The base class of methods that change the noise, and also blend the prompts."""

    prompts: str = parameter(
        "linear",
        "Prompts",
        choices=("linear", "slerp"),
        help="Interpolation of the two prompts if they differ",
    )

    def conditioning(self, role: Role, start: Array, end: Array, gamma: float) -> Array:
        return text_blend(self.prompts)(role, start, end, gamma)


@dataclass(frozen=True)
class ThroughMethod(NoiseMethod):
    """The base class of methods whose path depends on all keyframes that it leads through.

    These are the keyframes of neighbouring segments with this method and equal parameters.
    """

    @abstractmethod
    def through(
        self,
        keys: Sequence[Array],
        segment: int,
        gamma: float,
        loop: bool,
        times: Sequence[float] = (),
    ) -> Array:
        """Returns the latent at γ in a segment between the latents `keys`, at least two.

        `times` are those of the n keys, increasing; () are equal intervals. In a `loop`, the last
        segment leads from the last key to the first, and there are n + 1 times.
        """

    def latent(self, start: Array, end: Array, gamma: float) -> Array:
        return self.through((start, end), 0, gamma, loop=False)


methods: Registry[Method] = Registry("engine.methods", "method")


def make_method(choice: MethodChoice) -> Method:
    """Creates the method of a choice. Raises InputError for an unknown name or parameter."""
    method: Method = build(methods.get(choice.name), choice.params)
    return method


def with_other_noise(choice: MethodChoice, offset: int) -> MethodChoice:
    """Returns the choice with `offset` added to its own seeds, if it draws further noise, so that
    repeated walks are independent. Raises InputError for an unknown name or parameter."""
    known, given = parameters_of(methods.get(choice.name)), dict(choice.params)
    for each in known:
        if each.unit == "seed":
            seed = each.check(given.get(each.name, each.default))
            given[each.name] = (int(seed) + offset) % (MAX_SEED + 1)
    return replace(choice, params=tuple(given.items()))


def crossing_methods() -> tuple[str, ...]:
    """Returns the methods whose path leads from one end to the other in the plane of both."""
    found = ((name, methods.get(name)) for name in methods.names())
    return tuple(name for name, m in found if m.planar and m.passes_ends)


def fresh_noise(seed: int, number: int, shape: tuple[int, ...]) -> Array:
    """Returns draw `number` of N(0, I) for a seed, independent of all other draws.

    For methods that need noises besides the keyframes'. Not the draws of a keyframe's seed.
    """
    return np.random.default_rng((seed, number)).standard_normal(shape)


def columns_of(start: Array, end: Array) -> int:
    """Returns the number of latent columns. Raises InputError for ends of different shapes."""
    if start.shape != end.shape:
        sizes = " and ".join("×".join(str(n) for n in a.shape) for a in (start, end))
        raise InputError(
            f"Latents of different sizes ({sizes}) have no common columns; "
            "give both keyframes the same width and height."
        )
    return start.shape[-1]


def whole_columns(gamma: float, columns: int) -> int:
    """Rounds γ·columns to the nearest whole number, halves upwards.

    Python rounds halves to even numbers, which would show columns for 1, 3, 1, 3 frames.
    """
    return math.floor(gamma * columns + 0.5 + 1e-9)


def lerp(start: Array, end: Array, gamma: float) -> Array:
    """Returns (1−γ) start + γ end, exact at both ends."""
    return (1.0 - gamma) * start + gamma * end


def slerp_arc(start: Array, end: Array, gamma: float) -> Array:
    """[sin((1−γ)φ) start + sin(γφ) end] / sin φ, φ the angle between the whole tensors.

    Shoemake 1985. If sin φ is 0, the great circle is not defined, and the straight line is used:
    for equal directions, for opposite ones (where it passes through the origin, and where any arc
    would be an arbitrary choice), and for a zero tensor, which has no direction.
    """
    norms = float(np.linalg.norm(start)) * float(np.linalg.norm(end))
    if norms == 0.0:
        return lerp(start, end, gamma)
    first, second = arc_weights(float(np.vdot(start, end)) / norms, gamma)
    return first * start + second * end


def arc_weights(cosine: float, gamma: float) -> tuple[float, float]:
    """Returns the weights of both ends of an arc at γ, for the cosine of the angle φ between them.

    They are sin((1−γ)φ)/sin φ and sin(γφ)/sin φ, or those of the straight line if sin φ is 0.
    """
    phi = float(np.arccos(np.clip(cosine, -1.0, 1.0)))
    sine = float(np.sin(phi))
    if sine < 1e-6:
        return 1.0 - gamma, gamma
    first = 1.0 if gamma == 0.0 else float(np.sin((1.0 - gamma) * phi)) / sine
    second = 1.0 if gamma == 1.0 else float(np.sin(gamma * phi)) / sine
    return first, second


def text_blend(name: str) -> Blend:
    """Returns the blend of two texts with this name: "linear", or "slerp" of each token."""
    return slerp_text if name == "slerp" else linear_text


def linear_text(role: Role, start: Array, end: Array, gamma: float) -> Array:
    """The straight line between two texts."""
    return lerp(start, end, gamma)


def slerp_text(role: Role, start: Array, end: Array, gamma: float) -> Array:
    """Slerp of each vector of a text separately: of every token, and of the pooled vector.

    A mask has no vectors and is blended linearly.
    """
    match role:
        case Role.SEQUENCE:
            return np.stack([slerp_arc(a, b, gamma) for a, b in zip(start, end, strict=True)])
        case Role.POOLED:
            return slerp_arc(start, end, gamma)
        case Role.MASK:
            return lerp(start, end, gamma)
