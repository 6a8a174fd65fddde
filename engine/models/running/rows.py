"""Named tensors with one row for each text of a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from engine.conditioning import Conditioning


@dataclass(frozen=True, slots=True)
class Rows:
    """Named tensors that have one row for each of n texts: [n, …] each. A slice shares memory."""

    tensors: Mapping[str, torch.Tensor]

    def __len__(self) -> int:
        return len(next(iter(self.tensors.values())))

    def __getitem__(self, at: slice | torch.Tensor) -> Rows:
        return self.map(lambda tensor: tensor[at])

    def __setitem__(self, at: slice, rows: Rows) -> None:
        for name, tensor in self.tensors.items():
            tensor[at] = rows.tensors[name]

    def map(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Rows:
        """Return the rows with each tensor changed."""
        return Rows({name: change(tensor) for name, tensor in self.tensors.items()})

    def zeros(self, count: int) -> Rows:
        """Return `count` rows of zeros with the same names, shapes, dtypes and device."""
        return self.map(lambda tensor: tensor.new_zeros((count, *tensor.shape[1:])))

    def split(self, parts: int) -> list[Rows]:
        """Return the rows in `parts` parts, divided as by `torch.tensor_split`."""
        divided = {name: tensor.tensor_split(parts) for name, tensor in self.tensors.items()}
        return [Rows({name: each[part] for name, each in divided.items()}) for part in range(parts)]


def join_rows(first: Rows, second: Rows) -> Rows:
    """Concatenates the rows of both."""
    return Rows(
        {name: torch.cat((tensor, second.tensors[name])) for name, tensor in first.tensors.items()}
    )


#: Rows of numbers of which each counts: they stay in single precision.
_EXACT = frozenset({"mask", "other mask", "share"})


def rows_of_texts(
    texts: Sequence[Conditioning],
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Rows:
    """The texts of one model as rows, by the names of their arrays.

    Masks and shares are float32, and all other arrays of `dtype`.
    """
    named = [text.named() for text in texts]
    stacked = {
        name: torch.from_numpy(np.stack([each[name] for each in named])) for name in named[0]
    }
    return Rows(
        {
            name: rows.to(device, torch.float32 if name in _EXACT else dtype)
            for name, rows in stacked.items()
        }
    )
