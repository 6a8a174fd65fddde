"""The opened networks and tokenizers of a model, which may be opened one after the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import torch


class Parts(Mapping[str, Any]):
    """Parts by name. A part is opened when it is first asked for, and again after it was freed.

    `openers` open a part. It raises what they raise.
    """

    def __init__(self, openers: Mapping[str, Callable[[], Any]]) -> None:
        self._openers = openers
        self._opened: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._opened:
            self._opened[name] = self._openers[name]()
        return self._opened[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._openers)

    def __len__(self) -> int:
        return len(self._openers)

    @property
    def opened(self) -> frozenset[str]:
        """The names of the parts that are open."""
        return frozenset(self._opened)

    def free(self, names: Collection[str]) -> None:
        """Let parts go, so that their memory can be given back."""
        for name in names:
            self._opened.pop(name, None)

    @property
    def bytes(self) -> int:
        """The bytes of the weights of the opened networks."""
        modules = (part for part in self._opened.values() if isinstance(part, torch.nn.Module))
        return sum(p.numel() * p.element_size() for m in modules for p in m.parameters())
