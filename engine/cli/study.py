"""The command `study`: runs a plan, with progress on stderr."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from engine.cli.headless import DONE, FAILED, INTERRUPTED, interruptible
from engine.errors import Cancelled, InputError
from engine.mailbox import JobControl
from engine.study.plan import StudyPlan
from engine.study.plan_file import load_plan
from engine.study.prepare import prepare
from engine.study.run import PLAN, CellFailure, Estimate, Listener, Outcome, StudyRun, opened
from engine.study.study import Study

_SECONDS_BETWEEN_LINES = 10.0


@dataclass(frozen=True, slots=True)
class StudyCommand:
    """The settings of `study`. `workers` 0 is one for each core, or one on a GPU. `ray` is the
    address of a cluster, "local" to start one, or "" for processes. With a `figure`, nothing is
    computed: this file and the table are written, from the cells that are finished, with the plots
    of `measures`, or of all."""

    plan: Path
    out: Path
    resume: bool = False
    workers: int = 0
    only_estimate: bool = False
    ray: str = ""
    figure: Path | None = None
    measures: tuple[str, ...] = ()


def run_study(command: StudyCommand, errors: TextIO | None = None) -> int:
    """Runs a study and returns the process's exit code. Raises InputError and ModelError before
    anything runs. Ctrl-C ends it; finished cells are kept."""
    stream = errors or sys.stderr
    plan, data = load_plan(command.plan)
    if command.workers < 0:
        raise InputError(f"--workers takes a whole number from 1 on, not {command.workers}.")
    _check_measures(command, plan)
    study = prepare(plan)
    if command.figure is not None:
        return _figure(study, command, data, command.figure, stream)
    workers = command.workers or (0 if command.ray else _usual_workers(study))
    control = JobControl()
    with opened(command.out, data, command.resume) as files, interruptible(control):
        lines = StudyLines(stream, study)
        try:
            run = StudyRun(study, files, workers, lines.listener(), control, command.ray)
            outcome = run.run(command.only_estimate)
        except Cancelled:
            lines.say("Cancelled; finished cells are kept, and --resume goes on from them.")
            return INTERRUPTED
        finally:
            lines.close()
    return _report(outcome, study, command, stream)


def _check_measures(command: StudyCommand, plan: StudyPlan) -> None:
    """Raises InputError unless the measures of the figure are some of the plan's."""
    if command.measures and command.figure is None:
        raise InputError("--measures chooses the plots of a figure; add --figure FILE.")
    unknown = [name for name in command.measures if name not in plan.measures]
    if unknown:
        raise InputError(f"The plan has no measure {unknown[0]!r}: {', '.join(plan.measures)}.")


def _figure(study: Study, command: StudyCommand, plan: bytes, path: Path, stream: TextIO) -> int:
    """Writes the plots of the finished cells. Raises InputError and WriteError."""
    from engine.atomic import check_writable
    from engine.study.findings import study_findings
    from engine.study.report.figure import check_suffix, write_figure
    from engine.study.tables import write_table

    check_suffix(path)
    check_writable(path)
    nothing = InputError(f"No pair of this plan is finished in {command.out}; run it first.")
    _check_same_plan(command.out / PLAN, plan, nothing)
    with opened(command.out, plan, resume=True) as files:
        cells = write_table(study, files)
        found = tuple(study_findings(study, command.out))
        if not found:
            raise nothing
        chosen = command.measures or study.plan.measures
        write_figure(study, [each for each in found if each.measure in chosen], path)
    print(f"The figure of {cells:,} of {study.cells:,} cells is {path}.", file=stream)
    return DONE


def _check_same_plan(path: Path, plan: bytes, nothing: InputError) -> None:
    """Raises InputError unless the folder's plan is this one: a figure must change neither the
    plan nor the table of another study, nor make a folder one of a study."""
    try:
        kept = path.read_bytes()
    except OSError as error:
        raise nothing from error
    if kept != plan:
        raise InputError(
            f"{path.parent} holds the study of another plan; take that plan, or another folder. "
            "A plan that was changed since is run once more with --resume first."
        )


def _report(outcome: Outcome, study: Study, command: StudyCommand, stream: TextIO) -> int:
    if command.only_estimate:
        return FAILED if outcome.failed else DONE
    print(f"{outcome.cells:,} of {study.cells:,} cells are in {command.out}.", file=stream)
    if outcome.cells:
        page = write_report(study, command.out)
        print(f"The report is {page}.", file=stream)
    if outcome.failed:
        print(
            f"{outcome.failed} cells failed; {command.out / 'failed.json'} says why, and --resume "
            "tries them again.",
            file=stream,
        )
    return FAILED if outcome.failed else DONE


def write_report(study: Study, folder: Path) -> Path:
    """Writes the statistics and the report, and returns the path of the page. Raises WriteError."""
    from engine.study.findings import study_findings
    from engine.study.report.page import write_page
    from engine.study.report.pdf import write_pdf
    from engine.study.statistics_files import write_statistics

    found = tuple(study_findings(study, folder))
    write_statistics(folder, found)
    write_pdf(study, folder, found)
    return write_page(study, folder, found)


def _usual_workers(study: Study) -> int:
    if study.device != "cpu":
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, (cores or 1) // study.plan.threads)


class StudyLines:
    """The progress of a study: a bar on a terminal, else a line every few seconds."""

    def __init__(self, stream: TextIO, study: Study) -> None:
        self._stream = stream
        self._told: float | None = None  # the trial has no lines
        self._bar: tqdm[None] | None = None
        if stream.isatty():
            self._bar = tqdm(total=study.cells, unit="cell", file=stream, dynamic_ncols=True)

    def listener(self) -> Listener:
        """The functions that print what happens."""
        return Listener(self._estimate, self._progress, self._failure, self.say)

    def say(self, text: str) -> None:
        """Print a line."""
        if self._bar is not None:
            self._bar.write(text, file=self._stream)
        else:
            print(text, file=self._stream, flush=True)

    def close(self) -> None:
        """End the bar."""
        if self._bar is not None:
            self._bar.close()

    def _estimate(self, estimate: Estimate) -> None:
        e, self._told = estimate, time.monotonic()
        several = "worker" if e.workers == 1 else "workers"
        rest = f", {_duration(e.seconds)} on {e.workers} {several}" if e.seconds else ""
        self.say(
            f"{e.cells:,} cells of {e.frames:,} frames; {e.left:,} left{rest}; "
            f"{e.bytes / 1e6:.1f} MB on disk of {e.free / 1e9:.0f} GB free."
        )
        if e.bytes > e.free:
            raise InputError("There is not enough space on the disk for the study.")

    def _progress(self, done: int, total: int, seconds_left: float) -> None:
        if self._bar is not None:
            self._bar.n = done
            self._bar.update(0)
        elif self._told is None:
            return
        elif time.monotonic() - self._told > _SECONDS_BETWEEN_LINES or done == total:
            self._told = time.monotonic()
            rest = f", {_duration(seconds_left)} left" if done < total else ""
            self.say(f"{done:,} of {total:,} cells{rest}")

    def _failure(self, failure: CellFailure) -> None:
        f = failure
        self.say(f"{f.model}, guidance {f.guidance:g}, seed {f.seed}, “{f.prompt}”: {f.error}")


def _duration(seconds: float) -> str:
    """A duration in words: "about 40 s", "about 12 min", "about 1 h 50 min"."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"about {seconds:.0f} s"
    return f"about {minutes} min" if minutes < 90 else f"about {minutes // 60} h {minutes % 60} min"
