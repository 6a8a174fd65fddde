"""The session file that stands beside an export, under the same name."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from engine.atomic import Existing
from engine.documents.session_file import SUFFIX, Origin, load_session, save_session
from engine.errors import InputError
from engine.walk import Exploration


def session_path(path: Path, suffix: str) -> Path:
    """The session's path beside the export at `path`, whose format has this suffix."""
    return path.with_suffix(SUFFIX) if suffix else path.with_name(path.name + SUFFIX)


def save_beside(
    path: Path,
    suffix: str,
    exploration: Exploration,
    certificates: tuple[dict[str, float], ...] = (),
) -> Path:
    """Save the session beside the export at `path`, unless it is there already. `certificates` are
    those of its lanes, see `Origin`.

    Raises InputError and WriteError.
    """
    session = session_path(path, suffix)
    if _holds(session, exploration):
        return session
    origin = Origin(certificates=certificates) if any(certificates) else None
    return save_session(session, exploration, Existing.NUMBER, origin)


def is_session_free(path: Path, suffix: str, exploration: Exploration) -> bool:
    """True if the session next to the export at `path` can be written, or is already there."""
    session = session_path(path, suffix)
    return not os.path.exists(session) or _holds(session, exploration)


def _holds(session: Path, exploration: Exploration) -> bool:
    with suppress(InputError):
        return os.path.isfile(session) and load_session(session) == exploration
    return False
