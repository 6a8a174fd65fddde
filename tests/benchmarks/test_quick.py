"""The correctness parts of the benchmark, as CI runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.walk import Sampling
from tests.benchmarks import quick
from tests.benchmarks.workloads import Workload, make_walk, starter
from tests.support.tiny_models import make_tiny_model


@pytest.fixture(scope="module")
def workload(tmp_path_factory: pytest.TempPathFactory) -> Workload:
    folder = make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")
    return Workload("tiny", str(folder), Sampling(10, 4.0, 32, 32), downscale=4)


def test_latents_have_as_many_channels_as_the_model() -> None:
    shipped = starter()
    config = json.loads((Path(shipped.folder) / "unet" / "config.json").read_text("utf-8"))
    assert shipped.latents(make_walk(2)).shape == (2, config["in_channels"], 16, 16)


def test_the_engine_equals_the_pipeline(workload: Workload, tmp_path: Path) -> None:
    assert [check for check in quick.equality(workload, tmp_path) if not check.ok] == []


def test_runs_are_repeatable(workload: Workload) -> None:
    assert quick.repeatability(workload).ok


def test_memory_is_bounded(workload: Workload) -> None:
    assert quick.bounded_memory(workload).ok


def test_the_windows_start_imports_nothing_heavy() -> None:
    assert quick.light_imports() == quick.Check("the window's start imports", "nothing heavy", True)


def test_the_first_frame_waits_for_no_library_of_models(workload: Workload) -> None:
    assert quick.light_opening(workload).found == "nothing heavy"
