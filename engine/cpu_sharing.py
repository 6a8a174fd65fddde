"""How threads that compute wait: for each other, and for the window's thread."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import MutableMapping

#: Steps of niceness: enough to be passed over at once, and to take all that nobody else wants.
_NICENESS = 5


def wait_briefly(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let idle threads of GNU OpenMP sleep soon. Call before torch is imported.

    By default they spin for milliseconds after each of the hundreds of operations of a step. As
    soon as anything else wants a core — this program's own window is enough — each thread then
    burns the time that the other one needs: steps took two to ten times as long. What the
    environment says already is left alone.
    """
    if "OMP_WAIT_POLICY" not in environment:
        environment.setdefault("GOMP_SPINCOUNT", "5000")


def give_way() -> None:
    """Let the thread that calls, and all that it starts, give way to the program's others.

    Where everything computes, the window's thread would wait for its turn each time that it wakes.
    Linux alone has niceness by threads; elsewhere nothing happens.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        nice = os.getpriority(os.PRIO_PROCESS, thread) + _NICENESS
        with contextlib.suppress(OSError):  # where it is not allowed, it is done without
            os.setpriority(os.PRIO_PROCESS, thread, min(nice, 19))
