"""Which frame next: the playhead, the ends, then the largest gap nearest the playhead.

With 64 frames every position is within 5 of a finished frame after 9 frames; in sequential order
that takes 55.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np


class Refinement:
    """Hands out the frames 0…count−1 of one lane, coarse to fine, each once."""

    def __init__(self, count: int, wanted: Iterable[int] | None = None) -> None:
        self._open = np.zeros(count, bool)
        self._open[list(range(count) if wanted is None else wanted)] = True
        self._taken = np.zeros(count, bool)
        self.left = int(self._open.sum())

    def take(self, index: int) -> bool:
        """Claim `index`; False when it was not there to claim."""
        if not self._open[index]:
            return False
        self._open[index], self._taken[index] = False, True
        self.left -= 1
        return True

    def give_back(self, index: int) -> None:
        """Un-claim a frame that was taken but not made."""
        if self._taken[index]:
            self._open[index], self._taken[index] = True, False
            self.left += 1

    def unclaimed(self) -> Iterator[int]:
        """The frames not yet claimed when their turn comes, in order."""
        for index in range(len(self._open)):
            if self._open[index]:
                yield index

    @property
    def lowest(self) -> int:
        """The first frame left; the count where none is."""
        return int(np.argmax(self._open)) if self.left else len(self._open)

    def first(self) -> int | None:
        """Claim the first frame left, or None when none is."""
        if not self.left:
            return None
        index = self.lowest
        self.take(index)
        return index

    def next(self, focus: int) -> int | None:
        """Claim the most wanted frame, or None when none is left."""
        if not self.left:
            return None
        focus = min(max(focus, 0), len(self._open) - 1)
        wanted = np.flatnonzero(self._open)
        first, last = int(wanted[0]), int(wanted[-1])
        if self._open[focus]:
            index = focus
        elif not self._taken[: first + 1].any():
            index = first
        elif not self._taken[last:].any():
            index = last
        else:
            index = self._in_largest_gap(wanted, focus)
        self.take(index)
        return index

    def _in_largest_gap(
        self, wanted: np.ndarray[tuple[int], np.dtype[np.int64]], focus: int
    ) -> int:
        """The open frame nearest the middle of the widest stretch without a taken frame.

        Widths within a factor of two count as equal, so that the playhead decides among them.
        """
        taken = np.flatnonzero(self._taken)
        right = np.searchsorted(taken, wanted)
        left_edge, right_edge = taken[right - 1], taken[np.minimum(right, len(taken) - 1)]
        width = np.maximum(right_edge - left_edge, 1)
        level = np.floor(np.log2(width)).astype(np.int64)
        top = level == level.max()
        centre = (left_edge + right_edge) // 2
        distance = np.abs(centre - focus)
        off_centre = np.abs(wanted - centre)
        order = np.lexsort((off_centre, distance, ~top))
        return int(wanted[order[0]])
