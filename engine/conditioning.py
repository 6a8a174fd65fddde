"""The conditioning of a text as arrays with roles. Imports numpy only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Array32 = npt.NDArray[np.float32]


class Role(StrEnum):
    """The role of an array of a text in the denoiser.

    Arrays that follow from the other arrays or from the picture's size, such as position ids, have
    no role: the model computes them.
    """

    SEQUENCE = "sequence"  #: [tokens, width]: a vector for each token
    POOLED = "pooled"  #: [width]: one vector for the whole text
    MASK = "mask"  #: [tokens]: 1 for a token that counts, 0 for padding


class Guiding(StrEnum):
    """The way in which a model follows its prompt more strongly."""

    APART = "apart"  #: by a prediction without the prompt, or with a negative one
    EMBEDDED = "embedded"  #: the model is told the strength; it has no negative prompt
    NONE = "none"  #: the strength has no effect


#: Blends the arrays of one role at γ: (role, start, end, γ), float64 and of one shape.
Blend = Callable[[Role, Array, Array, float], Array]
#: Changes the array of one role: (role, array), float64.
Vary = Callable[[Role, Array], Array]


@dataclass(frozen=True, slots=True, eq=False)
class Conditioning:
    """The arrays of one text by role: float32, C-contiguous, read-only.

    All texts of a model have the same roles and shapes, so that frames with different texts can be
    in one batch. A model whose texts differ in length pads them and marks the padding in a mask.

    With `whole_tokens`, the model cannot take a part of a token. A text between two texts of
    different lengths is then both of them, with `share` of `other`: the model predicts with each,
    and the predictions are blended.
    """

    arrays: Mapping[Role, Array32]
    whole_tokens: bool = False
    other: Conditioning | None = None
    share: float = 0.0

    def __post_init__(self) -> None:
        arrays = {role: _frozen(self.arrays[role]) for role in Role if role in self.arrays}
        object.__setattr__(self, "arrays", MappingProxyType(arrays))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Conditioning):
            return False
        mine, others = self.named(), other.named()
        return mine.keys() == others.keys() and all(
            np.array_equal(array, others[name]) for name, array in mine.items()
        )

    def named(self) -> dict[str, Array32]:
        """All arrays by name: the roles, and with `whole_tokens` those of `other` and the share."""
        named: dict[str, Array32] = dict(self.arrays.items())
        if not self.whole_tokens:
            return named
        for role, array in self.arrays.items():
            named[f"other {role}"] = self.other.arrays[role] if self.other else np.zeros_like(array)
        return {**named, "share": np.array(self.share, np.float32)}


def blend_texts(start: Conditioning, end: Conditioning, gamma: float, blend: Blend) -> Conditioning:
    """Interpolates two texts of one model at γ in [0, 1], each role separately.

    Computed in float64. γ = 0 and γ = 1 give `start` and `end` bit for bit. With whole tokens,
    texts of different lengths stay both.
    """
    if gamma in (0.0, 1.0):
        return end if gamma else start
    if start.whole_tokens and not _same_tokens(start, end):
        return replace(start, other=end, share=gamma)
    first, last = _without_padding(start, end), _without_padding(end, start)
    arrays = {
        role: _soft_mask(start, end, gamma, blend)
        if role is Role.MASK
        else blend(role, array.astype(np.float64), last[role].astype(np.float64), gamma).astype(
            np.float32
        )
        for role, array in first.items()
    }
    return Conditioning(arrays, start.whole_tokens)


def vary_text(text: Conditioning, vary: Vary) -> Conditioning:
    """Changes each array of a text, computed in float64; with whole tokens, of both its texts."""
    arrays = {
        role: vary(role, array.astype(np.float64)).astype(np.float32)
        for role, array in text.arrays.items()
    }
    other = vary_text(text.other, vary) if text.other else None
    return replace(text, arrays=arrays, other=other)


def _soft_mask(start: Conditioning, end: Conditioning, gamma: float, blend: Blend) -> Array32:
    """The weights [tokens] of the tokens at γ: N · blend(m_a/n_a, m_b/n_b), N = (1−γ) n_a + γ n_b.

    n_a and n_b are the numbers of tokens. The tokens of both texts together have the shares 1−γ and
    γ of the attention, also if one text is much longer; at the ends, the weights are the masks.
    """
    masks = [text.arrays[Role.MASK].astype(np.float64) for text in (start, end)]
    first, last = (max(float(mask.sum()), 1.0) for mask in masks)
    shares = blend(Role.MASK, masks[0] / first, masks[1] / last, gamma)
    return (((1.0 - gamma) * first + gamma * last) * shares).astype(np.float32)


def _without_padding(text: Conditioning, other: Conditioning) -> dict[Role, Array32]:
    """The arrays of a text, whose padding has the vectors of the other's tokens.

    A token that only one text has keeps its vector, and only its weight in the mask changes.
    """
    arrays = dict(text.arrays)
    if Role.MASK in arrays:
        padding = (arrays[Role.MASK] == 0.0) & (other.arrays[Role.MASK] > 0.0)
        sequences = (t.arrays[Role.SEQUENCE] for t in (other, text))
        arrays[Role.SEQUENCE] = np.where(padding[:, None], *sequences)
    return arrays


def _same_tokens(start: Conditioning, end: Conditioning) -> bool:
    return np.array_equal(start.arrays[Role.MASK], end.arrays[Role.MASK])


def _frozen(array: Array32) -> Array32:
    """Returns a read-only view; the caller's array stays writable."""
    view = np.ascontiguousarray(array, np.float32).view()
    view.flags.writeable = False
    return view
