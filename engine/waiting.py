"""How long torch's threads wait for each other with their eyes open."""

from __future__ import annotations

import os
from collections.abc import MutableMapping


def wait_briefly(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let idle threads of GNU OpenMP sleep soon. Call before torch is imported.

    By default they spin for milliseconds after each of the hundreds of operations of a step. As
    soon as anything else wants a core — this program's own window is enough — each thread then
    burns the time that the other one needs: steps took two to ten times as long. What the
    environment says already is left alone.
    """
    if "OMP_WAIT_POLICY" not in environment:
        environment.setdefault("GOMP_SPINCOUNT", "5000")
