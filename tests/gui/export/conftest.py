"""The export dialog for its tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.support.export_desk import ExportDesk


@pytest.fixture
def desk(tmp_path: Path, qtbot: QtBot) -> ExportDesk:
    return ExportDesk(tmp_path, qtbot)
