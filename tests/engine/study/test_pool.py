"""Workers that are lost: replaced, reported, and no longer replaced when they are too many.

The processes are real ones. An actor of a cluster is the same class as on a cluster, without Ray.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import torch

from engine.errors import InputError
from engine.render.sampling.sampler import Sampler
from engine.study.cell_files import CellFiles
from engine.study.cluster import ClusterWork
from engine.study.plan import StudyPlan
from engine.study.pool import Pool, Processes
from engine.study.prepare import prepare
from engine.study.study import Study
from engine.walk import MethodChoice
from tests.support.tiny_models import make_tiny_model

ILLEGAL = RuntimeError("CUDA error: an illegal memory access was encountered")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    plan = StudyPlan(
        models=(str(make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")),),
        prompts=("a cat",),
        seeds=range(100),
        methods=(MethodChoice("linear"),),
        frames=2,
        steps=2,
        width=32,
        height=32,
        measures=("sharpness",),
        samples=0,
        device="cpu",
    )
    return prepare(plan)


def test_workers_that_are_lost_again_and_again_end_the_study(study: Study, tmp_path: Path) -> None:
    """Two processes that are killed as soon as they run: 1 + 2 are replaced, and the two after
    them are not."""
    processes = Processes(study, CellFiles(tmp_path), 2)
    reports: list[str] = []
    with (
        pytest.raises(InputError, match=r"^5 workers were lost.*signal 9.*--resume goes on"),
        Pool(processes, reports.append, losses=1) as pool,
    ):
        for answer in pool.run(iter(range(study.cells)), interval=0.01):
            assert answer is None or "signal 9" in answer.error
            for process in processes.ids:
                os.kill(process, signal.SIGKILL)
    ends = [report.rpartition("; ")[2] for report in reports]
    assert ends == 3 * ["it is replaced."] + ["1 of 2 workers go on.", "0 of 2 workers go on."]
    assert processes.ids == ()


@pytest.mark.parametrize(
    "error", [ILLEGAL, torch.OutOfMemoryError("CUDA out of memory.")], ids=["device", "memory"]
)
def test_an_actor_without_its_device_says_that_it_is_lost(
    study: Study, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The memory is full with one frame at a time, too."""

    def fail(_: object) -> None:
        raise error

    work = ClusterWork(study)
    assert not work.compute(0)[0].error
    with monkeypatch.context() as patch:
        patch.setattr(Sampler, "tick", fail)
        answer, rows, sheet = work.compute(1)
    assert (answer.number, answer.lost, rows, sheet) == (1, True, b"", b"")
    assert "memory" in answer.error


def test_an_actor_whose_node_has_other_models_is_of_no_use(study: Study) -> None:
    other = Study(study.plan, study.models, "cuda", study.precision, study.generation)
    answer, _, _ = ClusterWork(other).compute(0)
    assert answer.lost
    assert "another kind of device" in answer.error
