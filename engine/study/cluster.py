"""Runs cells on a cluster with Ray: an actor for each device holds the model, a cell is a task.

The interface is that of `engine.study.pool.Pool`. An actor has one cell at a time, so that no queue
grows; its rows come back as bytes and are written on the driver's machine. A cell whose actor or
node is lost is tried again on another actor. The nodes need this program and the models of the plan
at the same places.
"""

from __future__ import annotations

import io
import os
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import engine
from engine.atomic import Existing, write_bytes
from engine.errors import InputError
from engine.study.cell_files import CellFiles, Measured, rows_of
from engine.study.pool import TRIES
from engine.study.study import Cell, Study
from engine.study.worker import Answer, environment_of

LOCAL = "local"
_LOST = "The actor of the cluster was lost ({name})."


@dataclass(slots=True)
class CellBytes:
    """The files of one cell in memory, in place of `CellFiles`."""

    rows: bytes = b""
    sheet: bytes = b""

    def write(self, study: Study, cell: Cell, measured: Measured) -> None:
        """Keep the rows of a cell."""
        buffer = io.BytesIO()
        pq.write_table(rows_of(study, cell, measured), buffer)
        self.rows = buffer.getvalue()

    def write_sheet(self, study: Study, cell: Cell, png: bytes) -> None:
        """Keep the pictures of a cell."""
        self.sheet = png


class ClusterWork:
    """The actor: computes cells on its node. Its model stays loaded."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._files = CellBytes()
        self._work: Any = None

    def compute(self, number: int) -> tuple[Answer, bytes, bytes]:
        """Return the answer of a cell, its rows as Parquet, and its pictures as PNG or nothing."""
        from engine.errors import ModelError
        from engine.study.compute import CellError

        began = time.monotonic()
        try:
            if self._work is None:
                self._work = self._opened()
            self._files.rows = self._files.sheet = b""
            self._work.compute(self._study.cell(number))
        except (CellError, InputError, ModelError) as error:
            # What the failed cell has left would change the batches of its next try.
            self._work = None
            return Answer(number, error=str(error)), b"", b""
        answer = Answer(number, time.monotonic() - began)
        return answer, self._files.rows, self._files.sheet

    def _opened(self) -> Any:
        """Check that this node has the same models, and open them. Raises InputError."""
        import torch

        from engine.study.compute import CellWork
        from engine.study.prepare import prepare

        torch.set_num_threads(self._study.plan.threads)
        here = prepare(self._study.plan)
        if here.models != self._study.models or here.device != self._study.device:
            raise InputError("A node of the cluster has other models or another kind of device.")
        return CellWork(self._study, self._files)


@dataclass(slots=True)
class _Task:
    actor: Any
    number: int


class ClusterPool:
    """The actors of one study. `workers` 0 is one for each device, or for each CPU.

    Use as a context manager: its end removes the actors.
    """

    def __init__(self, study: Study, files: CellFiles, address: str, workers: int = 0) -> None:
        self._study, self._files, self._address = study, files, address
        self._wanted = workers
        self._ray: Any = None
        self._free: list[Any] = []
        self._tasks: dict[Any, _Task] = {}

    def __enter__(self) -> ClusterPool:
        self._ray = _ray()
        variables = environment_of(self._study.plan.threads)
        variables["PYTHONPATH"] = str(Path(engine.__file__).parents[1])
        variables |= {k: v for k, v in os.environ.items() if k in ("HF_HOME", "HF_HUB_OFFLINE")}
        try:
            self._ray.init(
                address=None if self._address == LOCAL else self._address,
                runtime_env={"env_vars": variables},
                log_to_driver=False,
                include_dashboard=False if self._address == LOCAL else None,
                ignore_reinit_error=True,
            )
        except (ConnectionError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise InputError(f"There is no cluster at {self._address} ({reason}).") from error
        return self

    def __exit__(self, *_: object) -> None:
        for actor in (*self._free, *(task.actor for task in self._tasks.values())):
            self._ray.kill(actor)
        self._ray.shutdown()

    @property
    def workers(self) -> int:
        """The number of actors: as wanted, or as many as the cluster has devices or CPUs."""
        if self._wanted:
            return self._wanted
        name = "CPU" if self._study.device == "cpu" else "GPU"
        share = self._study.plan.threads if name == "CPU" else 1
        return max(1, int(self._ray.cluster_resources().get(name, 1)) // share)

    def run(self, numbers: Iterator[int], interval: float = 0.5) -> Iterator[Answer | None]:
        """Yield an answer for each cell, in any order, and None every `interval` seconds."""
        again: deque[int] = deque()
        tries: dict[int, int] = {}
        while True:
            self._hand_out(numbers, again)
            if not self._tasks:
                return
            done, _ = self._ray.wait(list(self._tasks), num_returns=1, timeout=interval)
            for reference in done:
                answer = self._answer(reference)
                if answer.error and (count := tries.get(answer.number, 0) + 1) < TRIES:
                    tries[answer.number] = count
                    again.append(answer.number)
                    continue
                tries.pop(answer.number, None)
                yield answer
            yield None

    def _hand_out(self, numbers: Iterator[int], again: deque[int]) -> None:
        while self._free or len(self._tasks) < self.workers:
            number = again.popleft() if again else next(numbers, None)
            if number is None:
                # Others may wait for the CPUs of actors that have nothing to do, after a loss.
                for actor in self._free:
                    self._ray.kill(actor)
                self._free.clear()
                return
            actor = self._free.pop() if self._free else self._start()
            self._tasks[actor.compute.remote(number)] = _Task(actor, number)

    def _start(self) -> Any:
        on_cpu = self._study.device == "cpu"
        resources = {"num_cpus": self._study.plan.threads} if on_cpu else {"num_gpus": 1}
        return self._ray.remote(ClusterWork).options(**resources).remote(self._study)

    def _answer(self, reference: Any) -> Answer:
        """Write the files of a cell. An actor that was lost is forgotten."""
        task = self._tasks.pop(reference)
        try:
            answer, rows, sheet = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            return Answer(task.number, error=_LOST.format(name=type(error).__name__))
        self._free.append(task.actor)
        if not answer.error:
            key = self._study.key(self._study.cell(answer.number))
            if sheet:
                write_bytes(self._files.sheet(key), sheet, Existing.REPLACE)
            write_bytes(self._files.table(key), rows, Existing.REPLACE)
        found: Answer = answer
        return found


def _ray() -> Any:
    """Imports Ray. Raises InputError if it is not installed."""
    try:
        import ray
    except ModuleNotFoundError as error:
        raise InputError(
            "--ray needs Ray; install it with: pip install 'latent-trails[cluster]'"
        ) from error
    return ray
