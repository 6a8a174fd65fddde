"""Evens out the steps of a walk before it is exported: the option `--even-out`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine import messages as m
from engine.cli.command import Command
from engine.cli.progress import ProgressLines
from engine.errors import Cancelled, InputError
from engine.mailbox import JobControl
from engine.measuring.score_table import certificates
from engine.metrics.contract import make_measure
from engine.pacing.certificate import Certificate
from engine.pacing.curve import Values, knots_of, times_of
from engine.pacing.even_out import EvenOut
from engine.pacing.profiles import find_profile
from engine.render.renderer import Renderer
from engine.walk import Exploration, lanes_of

_STEPS, _STD = "step_length", "latent_std"


@dataclass(frozen=True, slots=True)
class Evened:
    """The exploration with its new pacing, and the certificate of its walk."""

    exploration: Exploration
    certificate: Certificate


def even_out(
    command: Command,
    profile: str,
    renderer: Renderer,
    control: JobControl,
    progress: ProgressLines,
) -> Evened:
    """Renders and measures the walk in rounds until its steps are even, or follow the wanted speed
    of a profile. Says the numbers before and after.

    Raises InputError for several walks, unknown steps and walks of fewer than three frames, and
    Cancelled.
    """
    speed = find_profile(profile).speed if profile != "steady" else None
    exploration = command.exploration
    if len(lanes_of(exploration)) > 1:
        raise InputError("--even-out belongs to one walk; leave out --compare, or the rows.")
    if exploration.walk.frames < 3:
        raise InputError("--even-out takes a walk of three frames or more.")
    rounds = EvenOut.of(times_of(exploration.walk), speed)
    measured: list[_Round] = []
    while not rounds.done:
        walk = replace(exploration.walk, pacing=knots_of(rounds.times))
        order = replace(command, exploration=replace(exploration, walk=walk))
        measured.append(_measure(order, renderer, control, progress))
        rounds = rounds.measured(measured[-1].steps)
    walk = replace(exploration.walk, pacing=knots_of(rounds.best))
    exploration = replace(exploration, walk=walk)
    best = next(r.certificate for r in measured if r.exploration.walk.pacing == walk.pacing)
    label = make_measure(_STEPS).label.lower()
    progress.say(measured[0].certificate.sentence("Before", label))
    progress.say(best.sentence("After", label))
    return Evened(exploration, best)


@dataclass(frozen=True, slots=True)
class _Round:
    """The measures of one timing of the walk: steps [n−1], in a loop [n]."""

    exploration: Exploration
    steps: Values
    certificate: Certificate


def _measure(
    command: Command, renderer: Renderer, control: JobControl, progress: ProgressLines
) -> _Round:
    walk = command.exploration.walk
    steps, stds = np.full((2, walk.frames), np.nan)
    turns: tuple[float, ...] = ()
    seam: float | None = None
    request = command.request(measures=(_STEPS, _STD))
    for event in renderer.run(request, control):
        progress.show(event)
        match event:
            case m.PathReady():
                turns, seam = event.turns, event.seam
            case m.MeasureReady():
                (steps if event.name == _STEPS else stds)[event.index] = event.value
            case m.FrameFailed() | m.JobFailed() | m.MeasureFailed():
                raise InputError(event.message)
            case m.JobCancelled():
                raise Cancelled
    between = np.append(steps[1:], steps[:1]) if walk.loop else steps[1:]
    values = {_STEPS: [between], _STD: [stds]}
    seams = {} if seam is None else {0: seam}
    found = certificates(values, 1, {0: turns}, seams)[0]
    return _Round(command.exploration, between, found)
