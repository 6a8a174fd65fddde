"""The files of an atlas where they cannot be written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.atlas.cells import AtlasContent
from engine.atlas.files import write_atlas, write_cells
from engine.atlas.grid import PlaneFacts
from engine.atomic import WriteError
from engine.messages import Image


class _Grey:
    """A reader of one picture."""

    def image(self, key: str) -> Image:
        return np.full((8, 8, 3), 128, np.uint8)


@pytest.mark.parametrize("write", [write_atlas, write_cells])
@pytest.mark.parametrize("name", ["file/plane", "n" * 300])
def test_a_place_that_the_system_refuses_is_one_sentence(
    tmp_path: Path, write: Callable[..., Path], name: str
) -> None:
    (tmp_path / "file").write_bytes(b"")
    content = AtlasContent(1.0, PlaneFacts(), {(0.0, 0.0): "key"}, {}, {})
    with pytest.raises(WriteError, match="could not be written"):
        write(content, _Grey(), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
