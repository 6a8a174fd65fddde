"""A small memory: the newest things by key."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class LruCache(Generic[T]):
    """Remembers the `limit` things that were used last. One thread."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._things: OrderedDict[str, T] = OrderedDict()

    def get(self, key: str) -> T | None:
        """What is remembered under `key`, if anything."""
        thing = self._things.get(key)
        if thing is not None:
            self._things.move_to_end(key)
        return thing

    def put(self, key: str, thing: T) -> T:
        """Remember a thing, and hand it back."""
        self._things[key] = thing
        self._things.move_to_end(key)
        if len(self._things) > self._limit:
            self._things.popitem(last=False)
        return thing
