"""Runs cells in worker processes, and survives the end of any of them.

A cell whose worker fails or ends is tried again, on a new process if necessary; after the last try
it is reported. Never more than one cell a worker is handed out, so that memory does not grow.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from engine.study.cell_files import CellFiles
from engine.study.study import Study
from engine.study.worker import Answer, environment_of, work

#: Tries of a cell before it is reported as failed.
TRIES = 3
#: Time for a worker to end after its pipe was closed, in seconds.
_END_S = 5.0
_ENDED = "The worker's process ended ({reason}); the machine may be short of memory."


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    number: int | None = None


class Pool:
    """Workers of one study. Use as a context manager: its end stops all processes."""

    def __init__(self, study: Study, files: CellFiles, workers: int) -> None:
        self._study, self._files = study, files
        self._context = multiprocessing.get_context("spawn")
        self._count = workers
        self._workers: list[_Worker] = []

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.pipe.close()
            if worker.number is not None:
                worker.process.terminate()
        for worker in self._workers:
            worker.process.join(_END_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    @property
    def workers(self) -> int:
        """The number of processes that compute together."""
        return self._count

    @property
    def processes(self) -> tuple[int, ...]:
        """The ids of the running processes."""
        return tuple(w.process.pid for w in self._workers if w.process.pid is not None)

    def run(self, numbers: Iterator[int], interval: float = 0.5) -> Iterator[Answer | None]:
        """Yield an answer for each cell, in any order, and None at least every `interval` seconds.

        `numbers` is read as workers become free.
        """
        again: deque[int] = deque()
        tries: dict[int, int] = {}
        while True:
            self._hand_out(numbers, again)
            busy = [worker for worker in self._workers if worker.number is not None]
            if not busy:
                return
            ready = wait([worker.pipe for worker in busy], interval)
            for worker in busy:
                if worker.pipe not in ready:
                    continue
                answer = self._answer(worker)
                if not answer.error:
                    tries.pop(answer.number, None)
                    yield answer
                elif (count := tries.get(answer.number, 0) + 1) < TRIES:
                    tries[answer.number] = count
                    again.append(answer.number)
                else:
                    yield answer
            yield None

    def _hand_out(self, numbers: Iterator[int], again: deque[int]) -> None:
        """Give a cell to each free worker, and start workers while there are cells for them."""
        while True:
            worker = next((w for w in self._workers if w.number is None), None)
            if worker is None and len(self._workers) == self._count:
                return
            number = again.popleft() if again else next(numbers, None)
            if number is None:
                return
            if worker is None:
                worker = self._start()
            worker.number = number
            try:
                worker.pipe.send(number)
            except OSError:  # the process has ended while it had nothing to do
                self._workers.remove(worker)
                again.append(number)

    def _answer(self, worker: _Worker) -> Answer:
        """Return the answer of a worker, or that its process has ended; then it is removed."""
        assert worker.number is not None
        try:
            answer: Answer = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join()
            code = worker.process.exitcode or 0
            reason = f"signal {-code}" if code < 0 else f"code {code}"
            answer = Answer(worker.number, error=_ENDED.format(reason=reason), lost=True)
        worker.number = None
        if answer.lost:
            worker.pipe.close()
            worker.process.join()
            self._workers.remove(worker)
        return answer

    def _start(self) -> _Worker:
        here, there = self._context.Pipe()
        arguments = (there, self._study, self._files)
        process = self._context.Process(target=work, args=arguments, daemon=True)
        with _environment(environment_of(self._study.plan.threads)):
            process.start()
        there.close()
        worker = _Worker(process, here)
        self._workers.append(worker)
        return worker


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
