"""Settings of the threads that compute on a CPU: how they wait, and their priority."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import MutableMapping

#: Niceness of threads that compute: other threads come first, unused time is still available.
_NICENESS = 5


def wait_briefly(environment: MutableMapping[str, str] = os.environ) -> None:
    """Makes idle threads of GNU OpenMP sleep soon. Must be called before torch is imported.

    By default they spin for milliseconds after each of the hundreds of operations of a step. If
    another thread needs a core, for example the window's, the spinning threads take its time: steps
    took two to ten times as long. Variables that are already set in the environment are kept.
    """
    if "OMP_WAIT_POLICY" not in environment:
        environment.setdefault("GOMP_SPINCOUNT", "5000")


def give_way() -> None:
    """Lowers the priority of the calling thread, and of threads that it starts.

    Otherwise the window's thread would have to wait for a core each time it wakes. Only Linux has
    niceness for single threads; on other systems this does nothing.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        nice = os.getpriority(os.PRIO_PROCESS, thread) + _NICENESS
        with contextlib.suppress(OSError):  # not allowed everywhere, and not necessary
            os.setpriority(os.PRIO_PROCESS, thread, min(nice, 19))
