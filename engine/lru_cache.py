"""A bounded memory: the things that were used last, by key."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LruCache(Generic[K, V]):
    """Keeps the things that were used last, as many as cost no more than `limit` together.

    A thing costs 1 unless `cost` says otherwise. The newest one is kept whatever it costs. One
    thread.
    """

    def __init__(self, limit: int, cost: Callable[[V], int] = lambda _: 1) -> None:
        self._limit, self._cost = limit, cost
        self._things: OrderedDict[K, V] = OrderedDict()
        self._spent = 0

    def get(self, key: K) -> V | None:
        """The thing that is kept under `key`, if there is one."""
        thing = self._things.get(key)
        if thing is not None:
            self._things.move_to_end(key)
        return thing

    def put(self, key: K, thing: V) -> V:
        """Keep a thing, and hand it back."""
        self.drop(key)
        self._things[key] = thing
        self._spent += self._cost(thing)
        self._evict()
        return thing

    def drop(self, key: K) -> None:
        """Forget the thing under `key`, if there is one."""
        thing = self._things.pop(key, None)
        if thing is not None:
            self._spent -= self._cost(thing)

    def set_limit(self, limit: int) -> None:
        """Change how much is kept; what is over goes at once."""
        self._limit = limit
        self._evict()

    def __contains__(self, key: K) -> bool:
        return key in self._things

    def __iter__(self) -> Iterator[K]:
        """The keys, the least recently used first."""
        return iter(self._things)

    def _evict(self) -> None:
        while self._spent > self._limit and len(self._things) > 1:
            self.drop(next(iter(self._things)))
