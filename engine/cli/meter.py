"""The command `meter`: how much prompt and noise decide of a model's pictures."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from engine.atomic import open_file
from engine.cli.headless import CANCELLED, DONE, INTERRUPTED, interruptible
from engine.cli.progress import ProgressLines
from engine.errors import Cancelled, InputError
from engine.mailbox import JobControl
from engine.measuring.score_table import aligned
from engine.models.clip import Scorer
from engine.models.inspection.recommended_settings import recommendations, recommended
from engine.models.locate import FoundModel, scorer_of
from engine.models.running.devices import choose_device
from engine.render.renderer import Renderer
from engine.requests import ANY_MACHINE, Machine
from engine.seed_meter.files import lines_of, write_meter
from engine.seed_meter.meter import MeterPlan, read_meter
from engine.store.frame_store import FrameStore

#: Prompts for models that bring no examples of their own.
PROMPTS = (
    "A photo of a cat",
    "A photo of a red car in a street",
    "A painting of a lighthouse in a storm",
    "A bowl of fruit on a wooden table",
    "A portrait of an old man",
    "A city at night",
)


@dataclass(frozen=True, slots=True)
class MeterCommand:
    """The settings of `meter`. `prompts` is a file with one prompt a line, or None for the model's
    examples. `guidances` () is the model's own."""

    found: FoundModel
    out: Path
    prompts: Path | None = None
    noises: int = 16
    seed: int = 1
    guidances: tuple[float, ...] = ()
    steps: int | None = None
    scorer: str = ""
    machine: Machine = ANY_MACHINE


def meter(
    command: MeterCommand,
    store: FrameStore,
    errors: TextIO | None = None,
    output: TextIO | None = None,
) -> int:
    """Renders, measures, prints the shares and writes the page. Returns the exit code. Raises
    InputError and ModelError."""
    plan, control = _plan(command), JobControl()
    with interruptible(control), ProgressLines(errors or sys.stderr) as lines:
        renderer = Renderer(store, lines.show, found=command.found)
        scorer = _scorer(command)
        try:
            readings = read_meter(plan, renderer, scorer, control, lines.show, command.machine)
        except Cancelled:
            lines.say(CANCELLED)
            return INTERRUPTED
    page = write_meter(plan, readings, command.out)
    for reading in readings:
        print(f"Guidance {reading.sampling.guidance:g}", file=output or sys.stdout)
        print("\n".join(aligned(lines_of(reading))), file=output or sys.stdout)
    print(f"The page is {page}.", file=output or sys.stdout)
    return DONE


def _plan(command: MeterCommand) -> MeterPlan:
    report = command.found.report
    base = recommended(report.path, report)
    if command.steps is not None:
        base = replace(base, steps=command.steps)
    guidances = command.guidances or (base.guidance,)
    return MeterPlan(
        command.found.location,
        _prompts(command),
        tuple(range(command.seed, command.seed + command.noises)),
        tuple(replace(base, guidance=guidance) for guidance in guidances),
    )


def _prompts(command: MeterCommand) -> tuple[str, ...]:
    if command.prompts is None:
        path = command.found.report.path
        examples = recommendations(path).get("examples", ()) if path.is_dir() else ()
        return tuple(examples) or PROMPTS
    with open_file(command.prompts) as file:
        try:
            lines = file.read().decode("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise InputError(f"{command.prompts} is not UTF-8 text.") from error
    return tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))


def _scorer(command: MeterCommand) -> Scorer | None:
    """Opens the CLIP model that is named, or the model's own if it has one."""
    folder = scorer_of(command.found.report, command.scorer)
    return None if folder is None else Scorer(folder, choose_device(command.machine.device))
