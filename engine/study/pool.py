"""Runs cells in workers, and survives the end of any of them.

The workers are processes of this machine, or the actors of a cluster (`engine.study.cluster`). A
cell whose worker fails is tried again, on another worker if this one was lost; after the last try
it is reported. Never more than one cell a worker is handed out, so that memory does not grow.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, Protocol, TypeVar

from engine.errors import InputError
from engine.study.cell_files import CellFiles
from engine.study.study import Study
from engine.study.worker import Answer, environment_of, work

#: Tries of a cell before it is reported as failed.
TRIES = 3
#: Lost workers that are replaced, besides one for each worker and one for so many finished cells.
LOSSES, CELLS_A_LOSS = 10, 50
#: Time for a worker to end after its pipe was closed, in seconds.
_END_S = 5.0
_ENDED = "The worker's process ended ({reason}); the machine may be short of memory."
_IDLE = "A process ended while it had nothing to do."
W = TypeVar("W")


class Workers(Protocol[W]):
    """Starts and ends workers, and carries cells to them. A worker has one cell at a time.

    `keeps_idle` is False if workers without a cell are ended, because others may need their place.
    """

    keeps_idle: bool

    def open(self) -> None:
        """Prepare to start workers. Raises InputError."""

    def close(self) -> None:
        """Release everything; all workers have ended."""

    @property
    def count(self) -> int:
        """The number of workers that compute together. Needs `open`."""

    def start(self) -> W:
        """Start a worker."""

    def give(self, worker: W, number: int) -> bool:
        """Give a worker a cell. Returns False if the worker has ended."""

    def ready(self, busy: Sequence[W], seconds: float) -> Collection[W]:
        """Wait at most so long, and return workers that have an answer."""

    def answer(self, worker: W) -> Answer:
        """Return the answer of a worker that is ready. The files of its cell are written."""

    def end(self, workers: Sequence[W]) -> None:
        """End workers, also in the middle of a cell."""


class Pool(Generic[W]):
    """Hands the cells of a study to workers, and replaces those that are lost. A device that stays
    away would be asked for ever, so that the number of replacements is bounded: `losses`, and one
    more for each worker and for every 50 finished cells. After that, the pool goes on with fewer
    workers.

    `report` takes a sentence for each lost worker. Use as a context manager: its end ends all.
    """

    def __init__(
        self,
        workers: Workers[W],
        report: Callable[[str], object] = lambda _: None,
        losses: int = LOSSES,
    ) -> None:
        self._kind, self._report, self._losses = workers, report, losses
        self._free: list[W] = []
        self._busy: dict[int, W] = {}
        self._tries: dict[int, int] = {}
        self._lost = self._finished = 0
        self._reason = ""

    def __enter__(self) -> Pool[W]:
        self._kind.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._kind.end((*self._free, *self._busy.values()))
        self._kind.close()

    @property
    def workers(self) -> int:
        """The number of workers that compute together."""
        return self._kind.count

    def run(self, numbers: Iterator[int], interval: float = 0.5) -> Iterator[Answer | None]:
        """Yield an answer for each cell, in any order, and None at least every `interval` seconds.

        `numbers` is read as workers become free. Raises InputError if too many workers were lost.
        """
        again: deque[int] = deque()
        while True:
            self._hand_out(numbers, again)
            if not self._busy:
                if not self._room and (again or next(numbers, None) is not None):
                    raise InputError(_given_up(self._lost, self._reason))
                return
            ready = self._kind.ready(tuple(self._busy.values()), interval)
            for number, worker in tuple(self._busy.items()):
                if worker not in ready:
                    continue
                answer = self._answer(number, worker)
                if self._is_final(answer):
                    yield answer
                else:
                    again.append(number)
            yield None

    @property
    def _room(self) -> int:
        """The number of workers that may run together, after what was lost."""
        allowed = self._losses + self._kind.count + self._finished // CELLS_A_LOSS
        return max(0, self._kind.count - max(0, self._lost - allowed))

    def _hand_out(self, numbers: Iterator[int], again: deque[int]) -> None:
        """Give a cell to each free worker, and start workers while there are cells for them."""
        while self._free or len(self._busy) < self._room:
            number = again.popleft() if again else next(numbers, None)
            if number is None:
                if self._busy and not self._kind.keeps_idle:
                    self._kind.end(self._free)
                    self._free.clear()
                return
            worker = self._free.pop() if self._free else self._kind.start()
            if self._kind.give(worker, number):
                self._busy[number] = worker
            else:
                again.append(number)
                self._lose(worker, _IDLE)

    def _answer(self, number: int, worker: W) -> Answer:
        """Return the answer of a worker, which is free then, or lost."""
        answer = self._kind.answer(worker)
        del self._busy[number]
        if answer.lost:
            self._lose(worker, answer.error)
        else:
            self._free.append(worker)
        return answer

    def _lose(self, worker: W, reason: str) -> None:
        self._kind.end((worker,))
        self._lost += 1
        self._reason = reason.rstrip(".")
        room, count = self._room, self._kind.count
        rest = "it is replaced" if room == count else f"{room} of {count} workers go on"
        self._report(f"A worker was lost ({self._reason}); {rest}.")

    def _is_final(self, answer: Answer) -> bool:
        """False for a failed cell that is tried again."""
        number = answer.number
        self._tries[number] = self._tries.get(number, 0) + 1
        if answer.error and self._tries[number] < TRIES:
            return False
        del self._tries[number]
        self._finished += not answer.error
        return True


def _given_up(lost: int, reason: str) -> str:
    return (
        f"{lost} workers were lost, the last one for this reason: {reason}. Finished cells are "
        "kept, and --resume goes on from them."
    )


@dataclass(slots=True, eq=False)
class _Worker:
    process: BaseProcess
    pipe: Connection
    number: int | None = None


class Processes:
    """Workers that are `count` processes of this machine."""

    keeps_idle = True

    def __init__(self, study: Study, files: CellFiles, count: int) -> None:
        self._study, self._files, self._count = study, files, count
        self._context = multiprocessing.get_context("spawn")
        self._running: list[_Worker] = []

    def open(self) -> None:
        """Nothing is to prepare."""

    def close(self) -> None:
        """Nothing is left."""

    @property
    def count(self) -> int:
        return self._count

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids of the running processes."""
        return tuple(w.process.pid for w in self._running if w.process.pid is not None)

    def start(self) -> _Worker:
        here, there = self._context.Pipe()
        arguments = (there, self._study, self._files)
        process = self._context.Process(target=work, args=arguments, daemon=True)
        with _environment(environment_of(self._study.plan.threads)):
            process.start()
        there.close()
        worker = _Worker(process, here)
        self._running.append(worker)
        return worker

    def give(self, worker: _Worker, number: int) -> bool:
        worker.number = number
        try:
            worker.pipe.send(number)
        except OSError:  # the process has ended while it had nothing to do
            return False
        return True

    def ready(self, busy: Sequence[_Worker], seconds: float) -> Collection[_Worker]:
        pipes = wait([worker.pipe for worker in busy], seconds)
        return [worker for worker in busy if worker.pipe in pipes]

    def answer(self, worker: _Worker) -> Answer:
        """Return the answer, or that the process has ended."""
        assert worker.number is not None
        try:
            answer: Answer = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join()
            code = worker.process.exitcode or 0
            reason = f"signal {-code}" if code < 0 else f"code {code}"
            answer = Answer(worker.number, error=_ENDED.format(reason=reason), lost=True)
        worker.number = None
        return answer

    def end(self, workers: Sequence[_Worker]) -> None:
        for worker in workers:
            worker.pipe.close()
            if worker.number is not None:
                worker.process.terminate()
        for worker in workers:
            worker.process.join(_END_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            self._running.remove(worker)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Sets variables for processes that are started in the block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
