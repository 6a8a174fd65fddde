"""The article's analysis in one go: walks by several methods, measured, summed up, written down."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from engine import messages as m
from engine.errors import Cancelled, InputError
from engine.export.atomic import Existing, WriteError, choose_path
from engine.export.tables import Value, write_table
from engine.frame_store import FrameStore
from engine.headless import BAD_INPUT, DONE, FAILED, INTERRUPTED, interruptible
from engine.mailbox import JobControl
from engine.metrics.contract import Values
from engine.progress import ProgressLines
from engine.renderer import Renderer
from engine.score_table import ScoreTable, score_table
from engine.walk import Exploration, Lane, lanes_of

#: What the article looks at, and what it finds missing: sharpness and smoothness.
MEASURES = ("clip_score", "sharpness", "step_length", "latent_mean", "latent_std", "latent_norm_z")
_SUFFIXES = (".csv", ".json")


@dataclass(frozen=True, slots=True)
class ScoreOrder:
    """What to score: every lane of the exploration; where one row a frame goes (None: nowhere)."""

    exploration: Exploration
    out: Path | None = None
    measures: tuple[str, ...] = MEASURES
    replace: bool = False
    batch: int = 0
    device: str = ""
    precision: str = ""

    @property
    def existing(self) -> Existing:
        return Existing.REPLACE if self.replace else Existing.REFUSE


@dataclass(frozen=True, slots=True)
class Scores:
    """The measures of each frame: measure → lane → one value a frame, NaN where there is none."""

    lanes: tuple[Lane, ...]
    values: dict[str, list[Values]]

    @classmethod
    def empty(cls, lanes: tuple[Lane, ...], measures: Sequence[str]) -> Scores:
        return cls(
            lanes, {name: [np.full(x.walk.frames, np.nan) for x in lanes] for name in measures}
        )

    def take(self, event: m.MeasureReady) -> None:
        """Enter one value."""
        self.values[event.name][event.lane][event.index] = event.value

    def table(self) -> ScoreTable:
        """What each lane comes to."""
        return score_table([lane.title for lane in self.lanes], self.values)

    def columns(self) -> dict[str, list[Value]]:
        """One row a frame and lane: walk, frame, its time γ, and every measure."""
        columns: dict[str, list[Value]] = {"walk": [], "frame": [], "time": []}
        for lane in self.lanes:
            frames = range(lane.walk.frames)
            columns["walk"] += [lane.title] * len(frames)
            columns["frame"] += frames
            columns["time"] += [lane.walk.time_of(k) for k in frames]
        for name, lanes in self.values.items():
            columns[name] = np.concatenate(lanes).tolist()
        return columns


def score(
    order: ScoreOrder,
    store: FrameStore,
    errors: TextIO | None = None,
    output: TextIO | None = None,
) -> int:
    """Render what is missing, measure, print the table, write the rows; the process's exit code.

    Call it on the main thread. Ctrl-C ends it at the next step; finished frames stay in the store,
    so that the same order goes on where it was.
    """
    control = JobControl()
    with interruptible(control), ProgressLines(errors or sys.stderr) as progress:
        try:
            scores, failed = _measured(order, store, control, progress)
            if order.out is not None:
                write_table(order.out, scores.columns(), order.existing)
        except Cancelled:
            progress.say("Cancelled; what is done is kept, and the same command goes on from it.")
            return INTERRUPTED
        except (InputError, WriteError) as error:
            progress.say(str(error))
            return BAD_INPUT
    (output or sys.stdout).write(f"{scores.table().to_text()}\n")
    return FAILED if failed else DONE


def _measured(
    order: ScoreOrder, store: FrameStore, control: JobControl, progress: ProgressLines
) -> tuple[Scores, bool]:
    """All scores, and whether a frame failed. Raises Cancelled, InputError."""
    _check_out(order)
    request = _request(order)
    scores, failed = Scores.empty(request.lanes, order.measures), False
    for event in Renderer(store, progress.show).run(request, control):
        progress.show(event)
        match event:
            case m.MeasureReady():
                scores.take(event)
            case m.FrameFailed():
                failed = True
                progress.say(event.message)
            case m.JobFailed() | m.MeasureFailed():
                raise InputError(event.message)
            case m.JobCancelled():
                raise Cancelled
    return scores, failed


def _request(order: ScoreOrder) -> m.RenderRequest:
    """In order, so that of a step's two frames the first is still at hand when the second comes."""
    exploration = order.exploration
    return m.RenderRequest(
        job=1,
        model=exploration.model,
        lanes=lanes_of(exploration),
        sampling=exploration.sampling,
        measures=order.measures,
        scoring_text=exploration.scoring_text,
        scorer=exploration.scorer,
        previews=False,
        in_order=True,
        batch=order.batch,
        device=order.device,
        precision=order.precision,
    )


def _check_out(order: ScoreOrder) -> None:
    """Before hours of work, not after them."""
    if order.out is None:
        return
    if order.out.suffix.lower() not in _SUFFIXES:
        raise InputError(f"Scores are written as .csv or .json, not {order.out.suffix!r}.")
    choose_path(order.out, order.existing)
