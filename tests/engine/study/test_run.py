"""Studies with a tiny model: equal tables for any workers, kills, resumed and failed cells."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import Cancelled, InputError, ModelError
from engine.mailbox import JobControl
from engine.study.cell_files import CellFiles
from engine.study.findings import study_findings
from engine.study.plan import StudyPlan
from engine.study.pool import Pool, Processes
from engine.study.prepare import prepare
from engine.study.run import Estimate, Listener, Outcome, StudyRun, opened
from engine.study.statistics_files import LiveMeans
from engine.study.study import Study
from engine.study.tables import write_table
from engine.walk import MethodChoice
from tests.support.tiny_models import make_tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny", clip=True)


def _plan(model: Path, **changes: object) -> StudyPlan:
    settings: dict[str, object] = {
        "models": (str(model),),
        "prompts": ("a cat", "of a cat"),
        "seeds": range(1, 4),
        "methods": (MethodChoice("linear"), MethodChoice("slerp")),
        "frames": 3,
        "steps": 2,
        "width": 32,
        "height": 32,
        "samples": 1,
        "device": "cpu",
    }
    return StudyPlan(**{**settings, **changes})  # type: ignore[arg-type]


def _run(study: Study, folder: Path, workers: int, resume: bool = False) -> Outcome:
    with opened(folder, b"", resume) as files:
        return StudyRun(study, files, workers, Listener(), JobControl()).run()


def _bytes(folder: Path) -> bytes:
    return (folder / "frames.parquet").read_bytes()


@pytest.fixture(scope="module")
def done(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study that one worker has computed."""
    folder = tmp_path_factory.mktemp("study") / "one"
    assert _run(prepare(_plan(model)), folder, 1) == Outcome(6, 0)
    return folder


def test_the_table_has_a_row_for_each_frame_and_the_sheet_its_pictures(
    done: Path, model: Path
) -> None:
    table = pq.read_table(done / "frames.parquet")
    assert table.num_rows == 3 * 2 * 2 * 3
    assert table["seed"].unique().to_pylist() == [1, 2, 3]
    assert table["gamma"].unique().to_pylist() == [0.0, 0.5, 1.0]
    assert all(x is not None and x > 0 for x in table["sharpness"].to_pylist())
    steps = table["step_length"].to_pylist()
    assert [x is None for x in steps] == [frame == 0 for frame in table["frame"].to_pylist()]
    assert len(list((done / "samples").glob("*.png"))) == 1
    assert (done / "frames.csv").read_text("utf-8").count("\n") == table.num_rows + 1
    described = json.loads((done / "study.json").read_text("utf-8"))
    assert described["models"][0]["identity"]


def test_killed_workers_change_nothing(done: Path, model: Path, tmp_path: Path) -> None:
    """Two workers, one of which is killed after the first cell."""
    study, files, killed = prepare(_plan(model)), CellFiles(tmp_path), 0
    processes = Processes(study, files, 2)
    reports: list[str] = []
    with Pool(processes, reports.append) as pool:
        for answer in pool.run(iter(range(study.cells))):
            if answer is not None:
                assert not answer.error
                if not killed:
                    killed = processes.ids[0]
                    os.kill(killed, signal.SIGKILL)
    assert killed
    assert len(reports) == 1
    assert write_table(study, files) == study.cells
    assert _bytes(tmp_path) == _bytes(done)


def test_a_study_goes_on_where_it_was(done: Path, model: Path, tmp_path: Path) -> None:
    """Finished cells are read and not computed again; a larger plan takes them, too."""
    study = prepare(_plan(model))
    assert _run(prepare(_plan(model, seeds=(2,))), tmp_path / "s", 1) == Outcome(2, 0)
    files = CellFiles(tmp_path / "s")
    kept = {files.table(study.key(c)): 0 for c in study.all_cells() if files.has(study, c)}
    assert len(kept) == 2
    kept = {path: path.stat().st_mtime_ns for path in kept}
    with pytest.raises(InputError, match="--resume"), opened(tmp_path / "s", b"", resume=False):
        pass
    assert _run(study, tmp_path / "s", 1, resume=True) == Outcome(6, 0)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert _bytes(tmp_path / "s") == _bytes(done)


def test_a_model_that_was_moved_keeps_its_cells_and_statistics(model: Path, tmp_path: Path) -> None:
    study, files = prepare(_plan(model, seeds=(1, 2), samples=0)), CellFiles(tmp_path)
    for cell in study.all_cells():
        values = np.full((4, 2, 3), float(cell.number))
        files.write(study, cell, dict(zip(study.plan.measures, map(list, values), strict=True)))
    moved = prepare(
        _plan(Path(shutil.copytree(model, tmp_path / "moved")), samples=0, seeds=(1, 2))
    )
    assert write_table(moved, files) == 4
    found = list(study_findings(moved, tmp_path))
    assert [each.comparison.pairs for each in found] == [2] * 4
    assert {each.model for each in found} == {str(tmp_path / "moved")}


def test_a_failed_cell_is_reported_and_the_others_are_kept(
    done: Path, model: Path, tmp_path: Path
) -> None:
    """The model disappears after the check."""
    other = make_tiny_model(tmp_path / "gone", clip=True)
    study = prepare(_plan(other, seeds=(1,), prompts=("a cat",)))
    for file in (other / "unet").iterdir():
        file.unlink()
    failures = []
    with opened(tmp_path / "s", b"", resume=False) as files:
        listener = Listener(failure=failures.append)
        outcome = StudyRun(study, files, 1, listener, JobControl()).run()
    assert outcome == Outcome(0, 1)
    listed = json.loads((tmp_path / "s" / "failed.json").read_text("utf-8"))
    assert [(f["seed"], f["error"]) for f in listed] == [(1, failures[0].error)]


def test_a_study_of_which_every_cell_fails_ends_with_its_sentence(
    model: Path, tmp_path: Path
) -> None:
    """A solver for other models: nobody waits for 1,000 failures."""
    study = prepare(_plan(model, solver="flow-euler", seeds=range(1000)))
    with pytest.raises(InputError, match="solver"):
        _run(study, tmp_path / "s", 1)


def test_a_folder_that_takes_no_lock_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".lock").mkdir()
    with (
        pytest.raises(InputError, match="could not be written"),
        opened(tmp_path, b"", resume=False),
    ):
        pass


@pytest.mark.parametrize("place", [".", "cells/ab", "samples"])
def test_unfinished_files_of_killed_programs_are_removed(place: str, tmp_path: Path) -> None:
    part = tmp_path / place / "x.part-0123abcd.png"
    part.parent.mkdir(parents=True, exist_ok=True)
    part.touch()
    os.utime(part, (0, 0))
    with opened(tmp_path, b"", resume=False):
        assert not part.exists()


def test_a_folder_that_is_a_file_is_one_sentence(model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(InputError, match="could not be written"):
        _run(prepare(_plan(model)), tmp_path / "file" / "s", 1)


def test_the_driver_keeps_no_cells(model: Path, tmp_path: Path) -> None:
    """20,000 cells are gone through in the memory of a few."""
    study, files = prepare(_plan(model, seeds=range(10_000))), CellFiles(tmp_path)
    tracemalloc.start()
    left = sum(not files.has(study, cell) for cell in study.all_cells())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert left == 20_000
    assert peak < 200_000


def _peak(study: Study, folder: Path) -> int:
    """The most bytes that the means and the table of a study's cells take at once."""
    files, cells = CellFiles(folder), study.all_cells()
    first = next(cells)
    values = {name: [np.arange(3.0)] * 2 for name in study.plan.measures}
    files.write(study, first, values)
    for cell in cells:  # the same rows again: memory does not depend on what they say
        path = files.table(study.key(cell))
        path.parent.mkdir(exist_ok=True)
        os.link(files.table(study.key(first)), path)
    usual, counted = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
    live = LiveMeans(study, files)
    pa.set_memory_pool(counted)
    tracemalloc.start()
    try:
        for cell in study.all_cells():
            live.add(cell)
        assert write_table(study, files) == study.cells
        return tracemalloc.get_traced_memory()[1] + (counted.max_memory() or 0)
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(usual)


def test_means_and_table_take_the_same_memory_for_more_cells(model: Path, tmp_path: Path) -> None:
    """Both studies have more cells than are in memory at once."""
    plans = (_plan(model, seeds=range(n), samples=0, measures=("sharpness",)) for n in (140, 560))
    few, many = (_peak(prepare(plan), tmp_path / str(len(plan.seeds))) for plan in plans)
    assert many < 2 * few


def test_the_key_of_a_cell_holds_all_that_it_depends_on(model: Path) -> None:
    study = prepare(_plan(model))
    cell = study.cell(0)
    changes = ({"frames": 4}, {"steps": 3}, {"threads": 2}, {"measures": ("sharpness",)})
    keys = {study.key(cell)}
    for change in (*changes, {"scoring_text": "cat"}, {"negative": "of"}, {"guidances": (2.0,)}):
        other = prepare(_plan(model, **change))
        keys.add(other.key(other.cell(0)))
    assert len(keys) == 8
    more = prepare(_plan(model, seeds=range(1, 9), title="More"))
    assert more.key(more.cell(0)) == study.key(cell)


def test_each_seed_has_further_noise_of_its_own_and_only_methods_that_use_it(model: Path) -> None:
    methods = (MethodChoice("slerp"), MethodChoice("noise-diffusion", (("seed", 5),)))
    study = prepare(_plan(model, prompts=("a cat",), methods=methods))
    lanes = [study.request(cell).lanes for cell in study.all_cells()]
    assert [each[0].walk.method_of(0) for each in lanes] == [methods[0]] * 3
    assert [dict(each[1].walk.method_of(0).params)["seed"] for each in lanes] == [6, 7, 8]


def test_a_study_that_is_done_estimates_nothing(done: Path, model: Path) -> None:
    estimates: list[Estimate] = []
    with opened(done, b"", resume=True) as files:
        listener = Listener(estimate=estimates.append)
        StudyRun(prepare(_plan(model)), files, 1, listener, JobControl()).run(only_estimate=True)
    assert [(e.cells, e.left, e.frames, e.seconds) for e in estimates] == [(6, 0, 36, None)]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"models": ("nowhere",)}, "There is no model 'nowhere'"),
        ({"scorer": "nowhere"}, "There is no CLIP model 'nowhere'"),
        ({"width": 33}, "multiples of 4 for the model .*use 32×"),
        ({"device": "cuda:9"}, "There is no device"),
    ],
)
def test_what_is_missing_is_said_before_anything_runs(
    model: Path, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises((InputError, ModelError), match=sentence):
        prepare(_plan(model, **changes))


def test_a_model_that_is_named_in_two_ways_is_refused(model: Path) -> None:
    with pytest.raises(InputError, match="are the same model"):
        prepare(_plan(model, models=(str(model), f"{model}/../{model.name}")))


def test_the_live_means_are_of_this_run_and_whole_after_a_stop(model: Path, tmp_path: Path) -> None:
    study, files = prepare(_plan(model)), CellFiles(tmp_path)
    for cell in study.all_cells():
        files.write(study, cell, {name: list(np.ones((2, 3))) for name in study.plan.measures})
    path = tmp_path / "live.csv"
    path.write_text("of an earlier run")
    with pytest.raises(Cancelled), LiveMeans(study, files) as live:
        assert not path.exists()
        for number in range(3):
            live.add(study.cell(number))
        raise Cancelled
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    assert {row["cells"] for row in rows} == {"3"}


def test_the_means_of_finished_cells_are_those_of_the_table(model: Path, tmp_path: Path) -> None:
    study, files = prepare(_plan(model)), CellFiles(tmp_path)
    live, generator = LiveMeans(study, files), np.random.default_rng(1)
    values = generator.normal(size=(study.cells, 4, 2, 3))
    for cell, of_cell in zip(study.all_cells(), values, strict=True):
        files.write(study, cell, dict(zip(study.plan.measures, map(list, of_cell), strict=True)))
        live.add(cell)
    live.write()
    rows = list(csv.DictReader((tmp_path / "live.csv").read_text("utf-8").splitlines()))
    found = [float(row["mean"]) for row in rows]
    assert found == pytest.approx(values.mean(axis=0).ravel().tolist())
    assert rows[0]["cells"] == "6"
    assert [row["gamma"] for row in rows[:3]] == ["0.0", "0.5", "1.0"]
