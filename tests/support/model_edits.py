"""Changes to the files of a model."""

from __future__ import annotations

import json
from pathlib import Path


def edit(file: Path, **changes: object) -> None:
    """Change entries of a JSON file."""
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
