"""Finished frames on their way to an export, from the window's thread to the writer's."""

from __future__ import annotations

import threading

from engine.errors import Cancelled, InputError


class FrameFeed:
    """Owns the keys of the frames that are there already, and lets the writer wait for others.

    `put`, `fail` and `cancel` are for the window's thread, `take` is for the writer's.
    """

    def __init__(self, lanes: int) -> None:
        self._lanes = lanes
        self._keys: dict[tuple[int, int], str] = {}
        self._changed = threading.Condition()
        self._failure = ""
        self._cancelled = False

    def put(self, lane: int, index: int, key: str) -> None:
        """Frame `index` of `lane` is finished."""
        with self._changed:
            self._keys[lane, index] = key
            self._changed.notify_all()

    def fail(self, reason: str) -> None:
        """The frames that are still missing will not come."""
        with self._changed:
            self._failure = self._failure or reason
            self._changed.notify_all()

    def cancel(self) -> None:
        """Nobody wants the rest."""
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()

    def take(self, index: int) -> list[str]:
        """The keys of frame `index` in all lanes, once they are there.

        Raises Cancelled, or InputError with the reason why they will never be there.
        """
        wanted = [(lane, index) for lane in range(self._lanes)]
        with self._changed:
            self._changed.wait_for(lambda: self._settled(wanted))
            if self._cancelled:
                raise Cancelled
            if all(place in self._keys for place in wanted):
                return [self._keys[place] for place in wanted]
            raise InputError(self._failure)

    def _settled(self, wanted: list[tuple[int, int]]) -> bool:
        there = all(place in self._keys for place in wanted)
        return there or self._cancelled or bool(self._failure)
