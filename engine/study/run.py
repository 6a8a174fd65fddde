"""Runs a study in its folder: a trial and the estimate, the cells, and the table.

The folder holds the plan, a file for each finished cell, the pictures of samples, the table, and
the list of failed cells.
"""

from __future__ import annotations

import platform
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock, Timeout

from engine.atomic import Existing, explain, sweep_parts, write_bytes
from engine.errors import InputError
from engine.mailbox import JobControl
from engine.study.cell_files import CellFiles
from engine.study.pool import Pool, Processes
from engine.study.statistics_files import LiveMeans
from engine.study.study import Study
from engine.study.tables import write_csv, write_table
from engine.study.worker import Answer

PLAN, STUDY, FAILED, LOCK = "plan.toml", "study.json", "failed.json", ".lock"
_LIBRARIES = ("latent-trails", "torch", "diffusers", "transformers", "numpy", "scipy", "pyarrow")


@dataclass(frozen=True, slots=True)
class Estimate:
    """The extent of a study and of its rest. `seconds` is the measured time of a cell times those
    left, over the workers; None if no cell was computed. `bytes` is the size of all cells on disk.
    """

    cells: int
    left: int
    frames: int
    seconds: float | None
    workers: int
    bytes: int
    free: int


@dataclass(frozen=True, slots=True)
class CellFailure:
    """A cell that failed in all tries."""

    model: str
    guidance: float
    seed: int
    prompt: str
    error: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The number of cells in the table, and of failed ones."""

    cells: int
    failed: int


@dataclass(frozen=True, slots=True)
class Listener:
    """Is told of the estimate, of progress (cells done, of all, seconds left), of failures, and of
    lost workers, each with a sentence."""

    estimate: Callable[[Estimate], None] = lambda _: None
    progress: Callable[[int, int, float], None] = lambda *_: None
    failure: Callable[[CellFailure], None] = lambda _: None
    loss: Callable[[str], None] = lambda _: None


@contextmanager
def opened(folder: Path, plan: bytes, resume: bool) -> Iterator[CellFiles]:
    """Readies the folder of a study, and keeps other programs from it. Raises InputError."""
    if (folder / PLAN).exists() and not resume:
        raise InputError(
            f"{folder} holds a study already; add --resume to go on with it, or choose another "
            "folder."
        )
    lock = FileLock(folder / LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise InputError(f"Another program works on the study in {folder}.") from error
    except OSError as error:
        raise InputError(explain(folder, error)) from error
    try:
        write_bytes(folder / PLAN, plan, Existing.REPLACE)
        for place in (folder, folder / "samples", *folder.glob("cells/*")):
            sweep_parts(place)
        yield CellFiles(folder)
    finally:
        lock.release()


class StudyRun:
    """One run of a study with so many worker processes, or with the actors of the Ray cluster at
    `address`; "local" starts one on this machine. Runs on one thread."""

    def __init__(
        self,
        study: Study,
        files: CellFiles,
        workers: int,
        listener: Listener,
        control: JobControl,
        address: str = "",
    ) -> None:
        self._study, self._files, self._workers = study, files, workers
        self._address = address
        self._listener, self._control = listener, control
        self._failures: list[CellFailure] = []
        self._live = LiveMeans(study, files)
        self._done = 0

    def run(self, only_estimate: bool = False) -> Outcome:
        """Compute all cells that are not finished, and write the tables. Raises Cancelled,
        InputError and WriteError."""
        study = self._study
        write_bytes(self._files.folder / STUDY, _description(study), Existing.REPLACE)
        left = sum(not self._files.has(study, cell) for cell in study.all_cells())
        self._done = study.cells - left
        numbers = (cell.number for cell in study.all_cells() if not self._files.has(study, cell))
        with self._pool() as pool, self._live:
            self._workers = pool.workers
            trial = self._trial(pool, numbers)
            self._listener.estimate(self._estimate(trial))
            if not only_estimate:
                for _ in self._answers(pool, numbers):
                    pass
        return self._finish()

    def _pool(self) -> Pool[Any]:
        if not self._address:
            processes = Processes(self._study, self._files, self._workers)
            return Pool(processes, self._listener.loss)
        from engine.study.cluster import Actors

        actors = Actors(self._study, self._files, self._address, self._workers)
        return Pool(actors, self._listener.loss)

    def _trial(self, pool: Pool[Any], numbers: Iterator[int]) -> list[float]:
        """Compute two cells a worker; return the seconds of the later half, without loading.

        Raises InputError if all of them fail and more are left, which would fail, too.
        """
        answers = list(self._answers(pool, islice(numbers, 2 * self._workers)))
        if answers and all(a.error for a in answers) and self._done < self._study.cells:
            raise InputError(answers[0].error)
        seconds = [answer.seconds for answer in answers if not answer.error]
        return seconds[self._workers :] or seconds

    def _answers(self, pool: Pool[Any], numbers: Iterator[int]) -> Iterator[Answer]:
        began, before = time.monotonic(), self._done
        for answer in pool.run(numbers):
            self._control.check()
            if answer is None:
                continue
            self._done += 1
            if answer.error:
                self._fail(answer)
            else:
                self._live.add(self._study.cell(answer.number))
            here = self._done - before
            left = self._study.cells - self._done
            pace = (time.monotonic() - began) / here
            self._listener.progress(self._done, self._study.cells, pace * left)
            yield answer

    def _fail(self, answer: Answer) -> None:
        cell = self._study.cell(answer.number)
        failure = CellFailure(
            cell.model.location, cell.sampling.guidance, cell.seed, cell.prompt, answer.error
        )
        self._failures.append(failure)
        self._listener.failure(failure)

    def _estimate(self, trial: list[float]) -> Estimate:
        study, folder = self._study, self._files.folder
        left = study.cells - self._done
        known = next((c for c in study.all_cells() if self._files.has(study, c)), None)
        size = self._files.table(study.key(known)).stat().st_size if known is not None else 0
        seconds = sum(trial) / len(trial) * left / self._workers if trial else None
        frames = study.cells * study.rows
        free = shutil.disk_usage(folder).free
        return Estimate(study.cells, left, frames, seconds, self._workers, size * study.cells, free)

    def _finish(self) -> Outcome:
        folder = self._files.folder
        failed = msgspec.json.encode([asdict(failure) for failure in self._failures])
        write_bytes(folder / FAILED, msgspec.json.format(failed), Existing.REPLACE)
        cells = write_table(self._study, self._files)
        write_csv(folder)
        return Outcome(cells, len(self._failures))


def _version(name: str) -> str:
    """The version of a library, or of this program; without an installation, it has none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _description(study: Study) -> bytes:
    """Returns the study as JSON: its settings, the identities of its models, and the versions."""
    content = {
        "plan": study.plan,
        "models": study.models,
        "cells": study.cells,
        "device": study.device,
        "precision": study.precision,
        "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _LIBRARIES},
    }
    return msgspec.json.format(msgspec.json.encode(content, enc_hook=list))
