"""Counts the weights of a network by the headers of its files. Reads no weights."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

#: Bits of a weight that is kept with so many: those of its share of a scale come on top.
_WITH_SCALES = {8: 8.5, 4: 4.5}


@dataclass(frozen=True, slots=True)
class WeightCounts:
    """Numbers of weights: of all, of linear layers inside repeated blocks, and of the part that is
    needed at once if one block after the other is computed.

    `needed` is the largest block and all that is in none.
    """

    all: int = 0
    linear: int = 0
    needed: int = 0

    def bytes(self, size: int, weight_bits: int = 0) -> int:
        """The bytes of all weights: `size` each, and fewer in linear layers with `weight_bits`."""
        if not weight_bits:
            return self.all * size
        return (self.all - self.linear) * size + int(self.linear * _WITH_SCALES[weight_bits] / 8)


NO_WEIGHTS = WeightCounts()
#: The begin of a name in one of the repeated blocks of a network.
_BLOCK = re.compile(r".*?(?:block|layer|refiner|attention)[a-z_]*\.\d+(?=\.)")


def block_of(name: str) -> str:
    """Returns the name of the outermost repeated block that a tensor is in, or ""."""
    found = _BLOCK.match(name)
    return found[0] if found else ""


def count_weights(shapes: Iterable[tuple[str, tuple[int, ...]]]) -> WeightCounts:
    """Counts the tensors of a network, of which names and shapes are given."""
    blocks: Counter[str] = Counter()
    linear = 0
    for name, shape in shapes:
        block = block_of(name)
        blocks[block] += prod(shape)
        if block and name.endswith(".weight") and len(shape) == 2:
            linear += prod(shape)
    outside = blocks.pop("", 0)
    largest = max(blocks.values(), default=0)
    return WeightCounts(outside + sum(blocks.values()), linear, outside + largest)
