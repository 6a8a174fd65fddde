"""The commands `influence` and `direction`: what parts of z_T and directions in it change."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from engine import messages as m
from engine.cli.headless import CANCELLED, DONE, INTERRUPTED, interruptible
from engine.cli.progress import ProgressLines
from engine.dimensions.directions import DirectionPlan, Measure, find_direction
from engine.dimensions.influence import InfluencePlan, measure_influence, parts_of
from engine.dimensions.measures import colour_measure, text_measure
from engine.dimensions.page import direction_sentence, write_direction, write_influence
from engine.documents.session_file import save_session
from engine.errors import Cancelled, InputError
from engine.mailbox import JobControl
from engine.models.clip import Scorer
from engine.models.inspection.recommended_settings import family_of, recommended
from engine.models.locate import FoundModel, scorer_of
from engine.models.running.devices import choose_device
from engine.render.renderer import Renderer
from engine.requests import ANY_MACHINE, Machine
from engine.store.frame_store import FrameStore
from engine.walk import Exploration, Sampling

#: The walk along the direction as a session.
SESSION = "direction.trail"


@dataclass(frozen=True, slots=True)
class DimensionCommand:
    """The settings that both commands share. `seeds` is the number of seeds, from `seed` on."""

    found: FoundModel
    out: Path
    prompt: str
    seeds: int
    seed: int = 1
    steps: int | None = None
    guidance: float | None = None
    machine: Machine = ANY_MACHINE

    @property
    def sampling(self) -> Sampling:
        report = self.found.report
        own = recommended(report.path, report)
        steps = own.steps if self.steps is None else self.steps
        guidance = own.guidance if self.guidance is None else self.guidance
        return replace(own, steps=steps, guidance=guidance)

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape [C, h, w] of the latents."""
        return family_of(self.found.report).noise_shape(self.sampling.width, self.sampling.height)


@dataclass(frozen=True, slots=True)
class DirectionChoice:
    """The measure: two texts for CLIP, or a colour in a rectangle; and the seeds of the test."""

    toward: str = ""
    away: str = ""
    colour: str = ""
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    scorer: str = ""
    held_out: int = 40
    degrees: float = 60.0
    pictures: int = 7


def influence(
    command: DimensionCommand, grid: int, store: FrameStore, output: TextIO | None = None
) -> int:
    """Measures the influence of parts and writes the page. Returns the exit code. Raises InputError
    and ModelError."""
    plan = InfluencePlan(
        command.found.location,
        command.prompt,
        command.sampling,
        tuple(range(command.seed, command.seed + command.seeds)),
        parts_of(command.shape[0], grid),
        command.machine,
    )
    control = JobControl()
    with interruptible(control), ProgressLines(sys.stderr) as lines:
        lines.say(f"{len(plan.parts)} parts of {len(plan.seeds)} pairs of noises")
        try:
            found = measure_influence(plan, _renderer(command, store, lines), control)
        except Cancelled:
            lines.say(CANCELLED)
            return INTERRUPTED
    page = write_influence(plan, found, command.out)
    print(f"The page is {page}.", file=output or sys.stdout)
    return DONE


def direction(
    command: DimensionCommand,
    choice: DirectionChoice,
    store: FrameStore,
    output: TextIO | None = None,
) -> int:
    """Finds and tests a direction, and writes page and session. Returns the exit code. Raises
    InputError and ModelError."""
    measure, label = _measure(command, choice)
    plan = _direction_plan(command, choice)
    control = JobControl()
    with interruptible(control), ProgressLines(sys.stderr) as lines:
        lines.say(f"{command.seeds} seeds to fit, {choice.held_out} to test …")
        renderer = _renderer(command, store, lines)
        try:
            found = find_direction(plan, measure, renderer, control)
        except Cancelled:
            lines.say(CANCELLED)
            return INTERRUPTED
    page = write_direction(plan, found, label, command.out)
    exploration = Exploration(
        plan.model, walk=replace(found.walk, frames=61), sampling=plan.sampling
    )
    save_session(command.out / SESSION, exploration)
    print(direction_sentence(plan, found), file=output or sys.stdout)
    print(f"The page is {page}.", file=output or sys.stdout)
    return DONE


def _direction_plan(command: DimensionCommand, choice: DirectionChoice) -> DirectionPlan:
    last = command.seed + command.seeds
    step = 2 * choice.degrees / (choice.pictures - 1)
    return DirectionPlan(
        command.found.location,
        command.prompt,
        command.sampling,
        tuple(range(command.seed, last)),
        tuple(range(last, last + choice.held_out)),
        tuple(-choice.degrees + step * k for k in range(choice.pictures)),
        command.shape,
        command.machine,
    )


def _measure(command: DimensionCommand, choice: DirectionChoice) -> tuple[Measure, str]:
    """Returns the measure and its label. Raises InputError and ModelError."""
    if choice.colour:
        return colour_measure(choice.colour, choice.box), f"{choice.colour} (%)"
    if not choice.toward or not choice.away:
        raise InputError("Give --toward and --away, two texts for CLIP, or --colour.")
    folder = scorer_of(command.found.report, choice.scorer)
    if folder is None:
        raise InputError("This model has no CLIP model of its own; name one with --scorer.")
    scorer = Scorer(folder, choose_device(command.machine.device))
    label = f"CLIP: “{choice.toward}” − “{choice.away}”"
    return text_measure(scorer, choice.toward, choice.away), label


def _renderer(command: DimensionCommand, store: FrameStore, lines: ProgressLines) -> Renderer:
    """A renderer that says what it loads."""

    def show(event: m.Event) -> None:
        if isinstance(event, m.ModelLoading):
            lines.show(event)

    return Renderer(store, show, found=command.found)
