"""Two clocks: the wall's, and that of the processors, which others' work does not move."""

from __future__ import annotations

import time
from collections.abc import Callable


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds that some work took, and seconds of processor time of all of this process's threads.

    The second is what to compare on a machine that others use too, with one thread: threads that
    wait for each other spend it as well.
    """
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor
