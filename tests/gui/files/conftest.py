"""Sessions and files around a state."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.support.file_desk import FileDesk


@pytest.fixture
def desk(tmp_path: Path, qtbot: QtBot) -> FileDesk:
    return FileDesk(tmp_path, qtbot)
