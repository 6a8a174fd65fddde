"""The parts of a run on a GPU, with tiny networks on the CPU: each finds what it is there for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.benchmarks.gpu import parts
from tests.benchmarks.gpu.notes import Notes, spread


@pytest.fixture
def setting(tmp_path: Path) -> parts.Setting:
    return parts.Setting(torch.device("cpu"), tmp_path, small=True)


def _found(setting: parts.Setting, name: str) -> dict[str, Any]:
    file = setting.work / "part.json"
    parts.PARTS[name][0](Notes(file), setting)
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    assert not [key for key in found if key.endswith("failed")], found
    return found


def test_frames_equal_the_pipelines(setting: parts.Setting) -> None:
    found = _found(setting, "sd14 equality")
    assert found["frames equal the pipeline's"] is True
    assert found["two runs are bit-equal"] is True


def test_all_cases_are_timed(setting: parts.Setting) -> None:
    faster = _found(setting, "sd14 cases")["O is faster than"]
    assert set(faster) == {"A", "A′", "B of 2"}
    assert all(times > 0.0 for times in faster.values())


def test_an_error_costs_only_itself(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "part.json")
    with notes.attempt("first"):
        raise RuntimeError("out of luck")
    notes.put("second", spread([1.0, 2.0, 3.0]))
    found = json.loads((tmp_path / "part.json").read_text("utf-8"))
    assert found["first: failed"] == "RuntimeError: out of luck"
    assert found["second"] == {"median": 2.0, "quartiles": [1.5, 2.5], "n": 3}
