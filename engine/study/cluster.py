"""Runs cells on a cluster with Ray: an actor for each device holds the model, a cell is a task.

The actors are workers of `engine.study.pool.Pool`. The rows of a cell come back as bytes and are
written on the driver's machine. An actor whose node or device is lost is ended, and its cell is
tried again on another one. The nodes need this program and the models of the plan at the same
places.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import engine
from engine.atomic import Existing, write_bytes
from engine.errors import InputError, install_command
from engine.study.cell_files import CellFiles, Measured, rows_of
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
        except (InputError, ModelError) as error:  # this node, or its device, is of no use
            return Answer(number, error=str(error), lost=True), b"", b""
        except CellError as error:
            # What the failed cell has left would change the batches of its next try.
            self._work = None
            return Answer(number, error=str(error), lost=error.lost), b"", b""
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


@dataclass(slots=True, eq=False)
class _Actor:
    handle: Any
    number: int = 0
    reference: Any = None


class Actors:
    """Workers that are actors of the cluster at `address`, or of one that is started here.

    `wanted` is their number; 0 is one for each device, or for each CPU.
    """

    #: After a loss, actors that are still to start may wait for the CPUs of those without a cell.
    keeps_idle = False

    def __init__(self, study: Study, files: CellFiles, address: str, wanted: int = 0) -> None:
        self._study, self._files, self._address = study, files, address
        self._wanted = wanted
        self._ray: Any = None

    def open(self) -> None:
        """Connect with the cluster. Raises InputError."""
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

    def close(self) -> None:
        self._ray.shutdown()

    @property
    def count(self) -> int:
        """The number of actors: as wanted, or as many as the cluster has devices or CPUs."""
        if self._wanted:
            return self._wanted
        name = "CPU" if self._study.device == "cpu" else "GPU"
        share = self._study.plan.threads if name == "CPU" else 1
        return max(1, int(self._ray.cluster_resources().get(name, 1)) // share)

    def start(self) -> _Actor:
        on_cpu = self._study.device == "cpu"
        resources = {"num_cpus": self._study.plan.threads} if on_cpu else {"num_gpus": 1}
        return _Actor(self._ray.remote(ClusterWork).options(**resources).remote(self._study))

    def give(self, actor: _Actor, number: int) -> bool:
        actor.number, actor.reference = number, actor.handle.compute.remote(number)
        return True

    def ready(self, busy: Sequence[_Actor], seconds: float) -> Collection[_Actor]:
        references = [actor.reference for actor in busy]
        done, _ = self._ray.wait(references, num_returns=1, timeout=seconds)
        return [actor for actor in busy if actor.reference in done]

    def answer(self, actor: _Actor) -> Answer:
        """Write the files of the cell, and return the answer, or that the actor was lost."""
        try:
            answer, rows, sheet = self._ray.get(actor.reference)
        except self._ray.exceptions.RayError as error:
            return Answer(actor.number, error=_LOST.format(name=type(error).__name__), lost=True)
        if not answer.error:
            key = self._study.key(self._study.cell(answer.number))
            if sheet:
                write_bytes(self._files.sheet(key), sheet, Existing.REPLACE)
            write_bytes(self._files.table(key), rows, Existing.REPLACE)
        found: Answer = answer
        return found

    def end(self, actors: Sequence[_Actor]) -> None:
        for actor in actors:
            self._ray.kill(actor.handle)


def _ray() -> Any:
    """Imports Ray. Raises InputError if it is not installed."""
    try:
        import ray
    except ModuleNotFoundError as error:
        raise InputError(f"--ray needs Ray: {install_command('ray')}") from error
    return ray
