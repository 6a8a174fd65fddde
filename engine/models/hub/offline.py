"""The offline switch: one variable of the environment, which the hub's library reads too."""

from __future__ import annotations

import os
import sys

_VARIABLE = "HF_HUB_OFFLINE"


def is_offline() -> bool:
    """True if the program is set to offline."""
    return os.environ.get(_VARIABLE, "").upper() in ("1", "ON", "YES", "TRUE")


def set_offline(offline: bool) -> None:
    """Allow no connection, or allow them, in this program and in everything that it starts."""
    os.environ[_VARIABLE] = "1" if offline else "0"
    # The library reads the variable when it is imported, and never again.
    constants = sys.modules.get("huggingface_hub.constants")
    if constants is not None:
        constants.HF_HUB_OFFLINE = offline  # type: ignore[attr-defined]
