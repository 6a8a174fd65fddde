"""A study on a real Ray cluster of two nodes, one of which is lost in the middle.

Slow, and only where Ray is installed: pip install -e .[cluster]; ./test.sh -m slow
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.study.cell_files import CellFiles
from engine.study.cluster import Actors
from engine.study.plan import StudyPlan
from engine.study.pool import Pool, Processes
from engine.study.prepare import prepare
from engine.study.study import Study
from engine.study.tables import write_table
from engine.walk import MethodChoice
from tests.support.tiny_models import make_tiny_model

pytestmark = [
    pytest.mark.slow,
    # Ray's processes and files outlive the test for a moment.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    model = make_tiny_model(tmp_path_factory.mktemp("models") / "tiny", clip=True)
    plan = StudyPlan(
        models=(str(model),),
        prompts=("a cat",),
        seeds=range(12),
        methods=(MethodChoice("linear"), MethodChoice("slerp")),
        frames=3,
        steps=2,
        width=32,
        height=32,
        samples=1,
        device="cpu",
    )
    return prepare(plan)


def test_a_lost_node_changes_nothing(study: Study, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    local, remote = CellFiles(tmp_path / "local"), CellFiles(tmp_path / "ray")
    with Pool(Processes(study, local, 1)) as pool:
        assert all(not a.error for a in pool.run(iter(range(study.cells))) if a is not None)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        second = cluster.add_node(num_cpus=1)
        reports: list[str] = []
        with Pool(Actors(study, remote, cluster.address), reports.append) as actors:
            assert actors.workers == 2
            done = 0
            for answer in actors.run(iter(range(study.cells))):
                if answer is not None:
                    assert not answer.error
                    done += 1
                    if done == 3:
                        cluster.remove_node(second, allow_graceful=False)
    finally:
        cluster.shutdown()
    assert all("A worker was lost" in report for report in reports)
    assert reports
    for files in (local, remote):
        assert write_table(study, files) == study.cells
    tables = [(files.folder / "frames.parquet").read_bytes() for files in (local, remote)]
    assert tables[0] == tables[1]
    assert remote.sheet(study.key(study.cell(0))).is_file()
