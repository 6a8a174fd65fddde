"""Renders a walk to files without a window, with progress on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from signal import SIGINT, SIGTERM, signal
from typing import TextIO

import numpy as np
from safetensors.numpy import save

from engine import messages as m
from engine.atomic import WriteError, check_writable, choose_path, write_bytes
from engine.cli.command import Command
from engine.cli.even_out import even_out
from engine.cli.progress import ProgressLines
from engine.conditioning import Array32
from engine.errors import Cancelled, InputError
from engine.export.contract import Add, Plan
from engine.export.differences import with_differences
from engine.export.metadata import Provenance
from engine.export.moments import Moments
from engine.export.open_export import check_export, format_class, format_for, open_export
from engine.mailbox import JobControl
from engine.parameters import parameters_of
from engine.pictures.strip_places import strip_places
from engine.render.batch_memory import BatchMemory
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import Lane, ParameterValue, lanes_of

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
CANCELLED = "Cancelled; what is done is kept, and the same command goes on from it."


@dataclass(frozen=True)
class RenderCommand(Command):
    """The settings of `render`: paths of the pictures and of the latents (None: not saved).
    `difference` is the method that heat maps of the others are taken against. `parameters` are
    those of the format. `metadata` writes the settings into the files. `even_out` is the name of
    the speed to which the steps are evened out first; "" leaves them as they are."""

    out: Path = field(default_factory=Path)
    latents: Path | None = None
    difference: str = ""
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    metadata: bool = True
    even_out: str = ""


def render(
    command: RenderCommand,
    store: FrameStore,
    errors: TextIO | None = None,
    batches: BatchMemory | None = None,
) -> int:
    """Renders and exports; returns the process's exit code. Runs on the main thread.

    Ctrl-C ends it at the next step. Finished frames are kept.
    """
    control = JobControl()
    with interruptible(control), ProgressLines(errors or sys.stderr) as progress:
        renderer = Renderer(store, progress.show, batches, command.found)
        work = _Work(command, store, renderer, control, progress)
        try:
            work.run()
        except Cancelled:
            progress.say("Cancelled; finished frames are kept.")
            return INTERRUPTED
        except (InputError, WriteError) as error:
            progress.say(str(error))
            return BAD_INPUT
    return FAILED if work.failed else DONE


class _Work:
    """One run of the command, from the renderer's events to files."""

    def __init__(
        self,
        command: RenderCommand,
        store: FrameStore,
        renderer: Renderer,
        control: JobControl,
        progress: ProgressLines,
    ) -> None:
        self._order, self._control, self._progress = command, control, progress
        self._renderer = renderer
        self._lanes = lanes_of(command.exploration)
        self._plan = _plan(command, self._lanes)
        self._shown = _shown(command, self._plan)
        self._moments = Moments(len(self._lanes), self._shown, store.image)
        self._latents = _Latents()
        self._notes: dict[tuple[int, int], tuple[str, ...]] = {}
        self._finished = False
        self._certificates: tuple[dict[str, float], ...] = ()
        self.failed = False

    def run(self) -> None:
        """Raises InputError and WriteError with a sentence, and Cancelled."""
        sampling = self._order.exploration.sampling
        _check_parameters(self._order)
        check_export(self._order.out, self._plan, sampling.width, sampling.height)
        note = format_class(self._order.out).rate_note(self._plan.fps)
        if note:
            self._progress.say(note)
        self._check_latents()
        if self._order.even_out:
            self._even_out()
        command = self._order
        request = command.request(latents=command.latents is not None)
        request = replace(request, indices=self._shown)
        events = self._renderer.run(request, self._control)
        for event in events:
            self._progress.show(event)
            match event:
                case m.ModelReady():
                    self._plan = self._for_model(event.info)
                case m.JobStarted():
                    # Opened only now, so that a job that cannot start leaves no file.
                    with open_export(command.out, self._plan) as add:
                        self._export(events, add)
                    self._save_latents()
                case m.JobFailed():
                    raise InputError(event.message)
        if not self._finished:
            raise Cancelled

    def _even_out(self) -> None:
        """Give the frames new times first."""
        speed, control = self._order.even_out, self._control
        evened = even_out(self._order, speed, self._renderer, control, self._progress)
        self._order = replace(self._order, exploration=evened.exploration)
        self._plan = _plan(self._order, lanes_of(evened.exploration))
        self._certificates = (evened.certificate.numbers(),)

    def _export(self, events: Iterator[m.Event], add: Add) -> None:
        begun = False
        for event in events:
            self._progress.show(event)
            match event:
                case m.FrameReady(tier=m.Tier.FINAL):
                    self._notes[event.lane, event.index] = event.notes
                    self._moments.put(event.lane, event.index, event.image)
                    begun = self._add_ready(add) or begun
                    if self._order.latents is not None:
                        self._latents.take(event)
                case m.FrameFailed():
                    self.failed = True
                    self._progress.say(event.message)
                    self._moments.skip(event.index)
                    self._add_ready(add)
                case m.JobFailed():
                    raise InputError(event.message)
                case m.JobCancelled() if not begun:
                    raise Cancelled
                case m.JobFinished():
                    # The file is closed now; the renderer may still measure its speed.
                    self._finished = True
                    return

    def _add_ready(self, add: Add) -> bool:
        """Write the moments that are complete. Returns True if there were any."""
        written = False
        for index, images in self._moments.ready():
            add(index, images)
            written = True
        return written

    def _for_model(self, model: m.ModelInfo) -> Plan:
        """Return the plan with the places of this model's pictures, and metadata if wanted."""
        exploration = self._order.exploration
        plan = replace(self._plan, places=strip_places(exploration, model.multiple))
        if not self._order.metadata:
            return plan
        made = Provenance.of(exploration, model, self._notes_of)
        made = replace(made, certificates=self._certificates)
        return replace(plan, describe=made.picture_text, about=made.film_tags())

    def _notes_of(self, lane: int, index: int) -> tuple[str, ...]:
        return self._notes.get((lane, index), ())

    def _save_latents(self) -> None:
        if self._order.latents is not None and self._finished and self._latents.rows:
            data = self._latents.to_safetensors()
            write_bytes(self._order.latents, data, self._order.existing)

    def _check_latents(self) -> None:
        if self._order.latents is None:
            return
        if len(self._lanes) > 1:
            raise InputError("Latents are saved of one walk; leave out --compare.")
        if self._order.latents.suffix.lower() != ".safetensors":
            raise InputError(
                f"Latents are saved as .safetensors, not {self._order.latents.name!r}."
            )
        choose_path(self._order.latents, self._order.existing)
        check_writable(self._order.latents)


def _check_parameters(command: RenderCommand) -> None:
    """Raises InputError for a setting that the format does not have."""
    owner = format_class(command.out)
    unknown = set(command.parameters) - {parameter.name for parameter in parameters_of(owner)}
    if unknown:
        name = min(unknown)
        raise InputError(f"{owner.label} takes no {name}; leave out --{name}.")


def _plan(command: RenderCommand, lanes: tuple[Lane, ...]) -> Plan:
    plan = Plan(
        titles=tuple(lane.title for lane in lanes) if len(lanes) > 1 else ("",),
        indices=tuple(range(lanes[0].walk.frames)),
        times=lanes[0].walk.times_of_frames(),
        fps=command.exploration.fps,
        parameters=command.parameters,
        existing=command.existing,
        places=strip_places(command.exploration),
    )
    if not command.difference:
        return plan
    return with_differences(plan, command.exploration, command.difference)


def _shown(command: RenderCommand, plan: Plan) -> tuple[int, ...]:
    """Returns the frames that are rendered: those that the format shows, or all for their latents.
    Raises InputError."""
    if command.latents is not None:
        return plan.indices
    return format_for(command.out, plan.parameters).shown(plan.indices)


@dataclass(slots=True)
class _Latents:
    """Collects the latents of all frames for one safetensors file."""

    rows: dict[int, tuple[float, Array32, Array32]] = field(default_factory=dict)

    def take(self, event: m.FrameReady) -> None:
        if event.initial is not None and event.final is not None:
            self.rows[event.index] = (event.time, event.initial, event.final)

    def to_safetensors(self) -> bytes:
        """`times` [N], `initial` [N, C, h, w] and `final` [N, C, h, w], float32."""
        times, initial, final = zip(*(self.rows[k] for k in sorted(self.rows)), strict=True)
        return save(
            {
                "times": np.array(times, np.float32),
                "initial": np.stack(initial),
                "final": np.stack(final),
            }
        )


@contextmanager
def interruptible(control: JobControl) -> Iterator[None]:
    """Makes Ctrl-C cancel the job instead of ending the process while it writes a file."""
    before = {number: signal(number, lambda *_: control.cancel()) for number in (SIGINT, SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal(number, handler)
