"""The process of a worker: takes numbers of cells from a pipe, computes them, and answers.

Imports torch only in its own process.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from engine.study.cell_files import CellFiles
from engine.study.study import Study

if TYPE_CHECKING:
    from engine.study.compute import CellWork


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a cell: the seconds it took, or a sentence that says why it failed. With
    `lost`, the worker has ended or cannot go on, and must be replaced."""

    number: int
    seconds: float = 0.0
    error: str = ""
    lost: bool = False


def environment_of(threads: int) -> dict[str, str]:
    """The variables of a worker's process: the number of threads of each library that computes.

    They are the same for any number of workers, because they may change the last bits.
    """
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return dict.fromkeys(names, str(threads))


def work(pipe: Connection, study: Study, files: CellFiles) -> None:
    """Compute the cells whose numbers arrive in `pipe`, until it is closed."""
    # Ctrl-C reaches all processes of a terminal; the driver ends the workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from engine.render.cpu_sharing import give_way, wait_briefly

    wait_briefly()
    give_way()
    import torch

    from engine.study.compute import CellWork

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    compute = CellWork(study, files)
    with suppress(EOFError, BrokenPipeError):
        while True:
            answer = _computed(compute, study, pipe.recv())
            pipe.send(answer)
            if answer.lost:
                return
            if answer.error:
                # What the failed cell has left would change the batches of its next try.
                compute = CellWork(study, files)


def _computed(compute: CellWork, study: Study, number: int) -> Answer:
    from engine.study.compute import CellError

    began = time.monotonic()
    try:
        compute.compute(study.cell(number))
    except CellError as error:
        return Answer(number, error=str(error), lost=error.lost)
    except OSError as error:
        return Answer(number, error=str(error))
    return Answer(number, time.monotonic() - began)
