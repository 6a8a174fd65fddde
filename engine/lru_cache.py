"""A cache of the least-recently-used kind."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LruCache(Generic[K, V]):
    """Keeps the most recently used values, up to a total cost of `limit`.

    `cost` returns the cost of a value, 1 by default. The newest value is always kept. Not
    thread-safe.
    """

    def __init__(self, limit: int, cost: Callable[[V], int] = lambda _: 1) -> None:
        self._limit, self._cost = limit, cost
        self._values: OrderedDict[K, V] = OrderedDict()
        self._spent = 0

    def get(self, key: K) -> V | None:
        """Returns the value of `key`, or None."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> V:
        """Store a value and return it."""
        self.drop(key)
        self._values[key] = value
        self._spent += self._cost(value)
        self._evict()
        return value

    def drop(self, key: K) -> None:
        """Remove the value of `key`, if there is one."""
        value = self._values.pop(key, None)
        if value is not None:
            self._spent -= self._cost(value)

    def set_limit(self, limit: int) -> None:
        """Change the limit, and remove values that exceed it."""
        self._limit = limit
        self._evict()

    def __contains__(self, key: K) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[K]:
        """Iterate over the keys, the least recently used first."""
        return iter(self._values)

    def _evict(self) -> None:
        while self._spent > self._limit and len(self._values) > 1:
            self.drop(next(iter(self._values)))
