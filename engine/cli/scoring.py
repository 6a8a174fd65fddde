"""The command `score`: measures walks by several methods, and prints and writes tables."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from engine import messages as m
from engine.atomic import WriteError, choose_path
from engine.cli.command import Command
from engine.cli.headless import BAD_INPUT, DONE, FAILED, INTERRUPTED, interruptible
from engine.cli.progress import ProgressLines
from engine.errors import Cancelled, InputError
from engine.mailbox import JobControl
from engine.measuring.score_table import ScoreTable, score_table, table_columns
from engine.measuring.table_files import Columns, write_table
from engine.metrics.contract import Values
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import Lane

#: The article's measures, and also sharpness and step length.
MEASURES = ("clip_score", "sharpness", "step_length", "latent_mean", "latent_std", "latent_norm_z")
_SUFFIXES = (".csv", ".json")


@dataclass(frozen=True)
class ScoreCommand(Command):
    """The settings of `score`: the measures, and the path of the table (None: not written)."""

    out: Path | None = None
    measures: tuple[str, ...] = MEASURES


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
            scores, failed = _measured(command, store, control, progress)
            if command.out is not None:
                write_table(command.out, scores.columns(), command.existing)
        except Cancelled:
            progress.say("Cancelled; what is done is kept, and the same command goes on from it.")
            return INTERRUPTED
        except (InputError, WriteError) as error:
            progress.say(str(error))
            return BAD_INPUT
    (output or sys.stdout).write(f"{scores.table().to_text()}\n")
    return FAILED if failed else DONE


def _measured(
    command: ScoreCommand, store: FrameStore, control: JobControl, progress: ProgressLines
) -> tuple[Scores, bool]:
    """Returns all scores, and True if a frame failed. Raises Cancelled and InputError."""
    _check_out(command)
    request = command.request(measures=command.measures)
    scores, failed = Scores.empty(request), False
    for event in Renderer(store, progress.show, found=command.found).run(request, control):
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


def _check_out(command: ScoreCommand) -> None:
    """Checks the path of the table before the work starts."""
    if command.out is None:
        return
    if command.out.suffix.lower() not in _SUFFIXES:
        raise InputError(f"Scores are written as .csv or .json, not {command.out.suffix!r}.")
    choose_path(command.out, command.existing)
