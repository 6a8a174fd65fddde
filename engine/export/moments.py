"""Collects the finished frames of all lanes for exports."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from engine.errors import Cancelled, InputError
from engine.messages import Image

#: The number of a frame, and its picture in each lane.
Moment = tuple[int, list[Image]]
#: Moments requested together: enough to use a device well, few enough to fit into memory.
ASKED_AT_ONCE = 16


class Moments:
    """Collects frames as they become ready, and returns them in the order of `indices`.

    A frame is a picture, or the key with which `read` finds it. `put`, `skip` and `fail` may be
    called on any thread. One thread takes the moments.
    """

    def __init__(
        self, lanes: int, indices: Sequence[int], read: Callable[[str], Image | None]
    ) -> None:
        self._lanes, self._read = lanes, read
        self._left = deque(indices)
        self._frames: dict[int, dict[int, Image | str]] = {}
        self._skipped: set[int] = set()
        self._failure = ""
        self._cancelled = False
        self._changed = threading.Condition()

    def put(self, lane: int, index: int, frame: Image | str) -> None:
        """Add the finished frame `index` of `lane`. A key does not replace a picture."""
        with self._changed:
            lanes = self._frames.setdefault(index, {})
            if not isinstance(frame, str) or isinstance(lanes.get(lane, ""), str):
                lanes[lane] = frame
            self._changed.notify_all()

    def skip(self, index: int) -> None:
        """Leave this moment out, because a frame of it failed."""
        with self._changed:
            self._skipped.add(index)
            self._changed.notify_all()

    def fail(self, reason: str) -> None:
        """Frames that are still missing will not come; whoever waits for one raises InputError.

        An error that was made here and raised there would keep the waiting thread's objects alive
        through its traceback, so only the reason is kept.
        """
        with self._changed:
            self._failure = self._failure or reason
            self._changed.notify_all()

    def cancel(self) -> None:
        """Cancel. The thread that takes the moments raises Cancelled."""
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()

    @property
    def cancelled(self) -> bool:
        """True once `cancel` was called."""
        return self._cancelled

    def check(self) -> None:
        """Raises Cancelled if it is cancelled."""
        if self._cancelled:
            raise Cancelled

    def ready(self) -> Iterator[Moment]:
        """Yield the next moments that are complete now. Does not wait."""
        while self._left:
            index = self._left[0]
            images = self._images(index)
            if images is None and index not in self._skipped:
                return
            self._left.popleft()
            with self._changed:
                self._frames.pop(index, None)
            if images is not None:
                yield index, images

    def wait(self, ask: Callable[[tuple[int, ...]], None]) -> Iterator[Moment]:
        """Every moment, waiting for it. Raises InputError with the reason of `fail` where one does
        not come, and Cancelled.

        `ask` is called with the numbers of the next moments when the first of them is not there:
        not yet, or because memory has forgotten it.
        """
        while True:
            for moment in self.ready():
                self.check()
                yield moment
            self.check()
            if not self._left:
                return
            ask(tuple(self._left)[:ASKED_AT_ONCE])
            self._wait_for(self._left[0])

    def _wait_for(self, index: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_settled(index))
            if self._failure and not self._is_complete(index):
                raise InputError(self._failure)

    def _images(self, index: int) -> list[Image] | None:
        """The pictures of a moment, None where one is missing; keys without a picture go."""
        with self._changed:
            frames = dict(self._frames.get(index, {}))
        images: list[Image] = []
        for lane in range(self._lanes):
            frame = frames.get(lane)
            image = self._read(frame) if isinstance(frame, str) else frame
            if image is not None:
                images.append(image)
            elif frame is not None:
                self._forget(index, lane, frame)
        return images if len(images) == self._lanes else None

    def _forget(self, index: int, lane: int, key: Image | str) -> None:
        with self._changed:
            lanes = self._frames.get(index, {})
            if lanes.get(lane) is key:
                del lanes[lane]

    def _is_complete(self, index: int) -> bool:
        return len(self._frames.get(index, {})) == self._lanes

    def _is_settled(self, index: int) -> bool:
        there = self._is_complete(index) or index in self._skipped
        return there or bool(self._failure) or self._cancelled
