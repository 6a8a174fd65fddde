"""The offline switch: one environment variable, which the hub's library also reads."""

from __future__ import annotations

import os
import sys

_VARIABLE = "HF_HUB_OFFLINE"


def is_offline() -> bool:
    """True if the program is offline."""
    return os.environ.get(_VARIABLE, "").upper() in ("1", "ON", "YES", "TRUE")


def set_offline(offline: bool) -> None:
    """Forbids or allows network connections in this program and its child processes."""
    os.environ[_VARIABLE] = "1" if offline else "0"
    # The library reads the variable only once, on import.
    constants = sys.modules.get("huggingface_hub.constants")
    if constants is not None:
        constants.HF_HUB_OFFLINE = offline  # type: ignore[attr-defined]
