"""The export dialog and the recorder's clock for their tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.support.export_desk import ExportDesk
from tests.support.recording import Clock


@pytest.fixture
def desk(tmp_path: Path, qtbot: QtBot) -> ExportDesk:
    return ExportDesk(tmp_path, qtbot)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("gui.export.recorder.time", clock)
    return clock
