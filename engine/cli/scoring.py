"""The command `score`: measures walks by several methods, and prints and writes tables."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import numpy as np

from engine import messages as m
from engine.atomic import WriteError, check_writable, choose_path
from engine.cli.command import Command
from engine.cli.headless import (
    BAD_INPUT,
    CANCELLED,
    DONE,
    FAILED,
    INTERRUPTED,
    interruptible,
)
from engine.cli.progress import ProgressLines
from engine.errors import Cancelled, InputError
from engine.mailbox import JobControl
from engine.measuring.pair_seeds import seed_step, with_seeds
from engine.measuring.score_table import ScoreTable, score_table, table_columns
from engine.measuring.table_files import Columns, write_table
from engine.metrics.contract import Values, make_measure
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import Lane

#: The article's measures, and also sharpness and step length.
MEASURES = ("clip_score", "sharpness", "step_length", "latent_mean", "latent_std", "latent_norm_z")
_SUFFIXES = (".csv", ".json")


@dataclass(frozen=True)
class ScoreCommand(Command):
    """The settings of `score`: the measures, and the path of the table (None: not written).
    `pairs` is the number of pairs of noises: those of the walk, and of the seeds after its own."""

    out: Path | None = None
    measures: tuple[str, ...] = MEASURES
    pairs: int = 1


@dataclass(frozen=True, slots=True)
class Scores:
    """The measures of each frame: measure → lane → one value for each frame, NaN if unknown.

    `scoring_text` is the text that pictures are compared with; "" means their prompts. `turns`
    holds the turns of the lanes that have inner keyframes, `seams` the gaps of loops' ends.
    """

    lanes: tuple[Lane, ...]
    scoring_text: str
    values: dict[str, list[Values]]
    turns: dict[int, tuple[float, ...]]
    seams: dict[int, float]

    @classmethod
    def empty(cls, request: m.RenderRequest) -> Scores:
        lanes, names = request.lanes, request.measures
        values = {name: [np.full(x.walk.frames, np.nan) for x in lanes] for name in names}
        return cls(lanes, request.scoring_text, values, {}, {})

    def take(self, event: m.MeasureReady) -> None:
        """Store one value."""
        self.values[event.name][event.lane][event.index] = event.value

    def take_path(self, event: m.PathReady) -> None:
        """Store the turns and the seam of a lane, if it has them."""
        if event.turns:
            self.turns[event.lane] = event.turns
        if event.seam is not None:
            self.seams[event.lane] = event.seam

    def table(self) -> ScoreTable:
        """Return the summary table."""
        return score_table(self.lanes, self.values, self.scoring_text, self.turns, self.seams)

    def columns(self) -> Columns:
        """A row for each frame of a lane, and for each summary of it."""
        return table_columns(self.lanes, self.values, self.scoring_text)


def score(
    command: ScoreCommand,
    store: FrameStore,
    errors: TextIO | None = None,
    output: TextIO | None = None,
) -> int:
    """Renders missing frames, measures, prints the summary and writes the rows. Returns the
    process's exit code.

    Runs on the main thread. Ctrl-C ends it at the next step. Finished frames stay in the store, so
    that the same command continues from there.
    """
    control = JobControl()
    with interruptible(control), ProgressLines(errors or sys.stderr) as progress:
        try:
            text, columns, failed = _scored(command, store, control, progress)
            if command.out is not None:
                write_table(command.out, columns, command.existing)
        except Cancelled:
            progress.say(CANCELLED)
            return INTERRUPTED
        except (InputError, WriteError) as error:
            progress.say(str(error))
            return BAD_INPUT
    (output or sys.stdout).write(f"{text}\n")
    return FAILED if failed else DONE


def _scored(
    command: ScoreCommand, store: FrameStore, control: JobControl, progress: ProgressLines
) -> tuple[str, Columns, bool]:
    """Returns the summary, the columns of the file, and True if a frame failed. Raises Cancelled
    and InputError."""
    _check(command)
    renderer = Renderer(store, progress.show, found=command.found)
    if command.pairs == 1:
        scores, failed = _measured(command, renderer, control, progress)
        return scores.table().to_text(), scores.columns(), failed
    from engine.measuring.pair_scores import PairScores

    pairs, any_failed = PairScores(), False
    step = seed_step(command.exploration, command.pairs)
    for number in range(command.pairs):
        exploration = with_seeds(command.exploration, number * step)
        one = replace(command, exploration=exploration)
        scores, failed = _measured(one, renderer, control, progress)
        pairs.add(exploration.walk.keyframes[0].noise.seed, scores.table(), scores.columns())
        any_failed |= failed
    return pairs.to_text(), pairs.columns, any_failed


def _measured(
    command: ScoreCommand, renderer: Renderer, control: JobControl, progress: ProgressLines
) -> tuple[Scores, bool]:
    """Returns all scores, and True if a frame failed. Raises Cancelled and InputError."""
    request = command.request(measures=command.measures)
    scores, failed = Scores.empty(request), False
    for event in renderer.run(request, control):
        progress.show(event)
        match event:
            case m.MeasureReady():
                scores.take(event)
            case m.PathReady():
                scores.take_path(event)
            case m.FrameFailed():
                failed = True
                progress.say(event.message)
            case m.JobFailed() | m.MeasureFailed():
                raise InputError(event.message)
            case m.JobCancelled():
                raise Cancelled
    return scores, failed


def _check(command: ScoreCommand) -> None:
    """Checks the measures and the path of the table before the work starts. Raises InputError."""
    for name in command.measures:
        make_measure(name)
    if command.out is None:
        return
    if command.out.suffix.lower() not in _SUFFIXES:
        raise InputError(f"Scores are written as .csv or .json, not {command.out.suffix!r}.")
    choose_path(command.out, command.existing)
    check_writable(command.out)
