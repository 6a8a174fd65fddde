"""Runs one job: opens the model, makes the plan, computes the geometry, renders."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

import torch

from engine import messages as m
from engine.errors import Cancelled, InputError, MemoryShort, MissingModel, ModelError
from engine.geometry.plane_points import walk_through
from engine.geometry.projection import describe
from engine.mailbox import JobControl
from engine.measuring.measure_setup import MeasureSetup
from engine.models.load import open_model
from engine.models.locate import FoundModel
from engine.models.running.devices import choose_device, free_memory, uses_half
from engine.models.running.memory import device_memory
from engine.models.running.precision import PrecisionTrials
from engine.render.batch_memory import BatchMemory
from engine.render.frame_work import FrameWork
from engine.render.job import Job, Probe, TakeProbe
from engine.render.model_resources import ModelResources
from engine.render.plan import RenderPlan, plan_probes, plan_render
from engine.store.frame_store import FrameStore


class Probes(Protocol):
    """Removes and returns the waiting probe request if it satisfies a condition. Waits up to `wait`
    seconds for a request."""

    def __call__(
        self, matches: Callable[[m.ProbeRequest], bool], wait: float = 0.0
    ) -> m.ProbeRequest | None: ...


def no_probes(
    matches: Callable[[m.ProbeRequest], bool], wait: float = 0.0
) -> m.ProbeRequest | None:
    """Returns None. For use without a window, which has no probes."""
    return None


class Renderer:
    """Owns the loaded model and everything derived from it. Used on one thread.

    `announce` is called with the events of loading a model, during `run`. With `batches`, the
    precision of a large model on a CPU is measured when it is opened first, and the best number of
    slots after its first job; both are stored for later runs. `found` is a
    model that was already located and checked. `free` returns the free bytes of a device.
    """

    def __init__(
        self,
        store: FrameStore,
        announce: Callable[[m.Event], None] = lambda _: None,
        batches: BatchMemory | None = None,
        found: FoundModel | None = None,
        free: Callable[[torch.device], int] = free_memory,
    ) -> None:
        self._free = free
        self._store, self._announce, self._batches, self._found = store, announce, batches, found
        self._resources: ModelResources | None = None
        self._model_key: tuple[str, str, str, int] | None = None
        self._measures = MeasureSetup(store)

    def run(
        self, request: m.RenderRequest, control: JobControl, probes: Probes = no_probes
    ) -> Iterator[m.Event]:
        """Yield all events of a job. The last one is its only terminal event.

        InputError and ModelError end the job. Other exceptions are raised to the caller.
        """
        began = time.monotonic()
        try:
            resources = self._open(request, control)
            plan = plan_render(request, resources, control.check)
            points = _probe_source(probes, request, plan, resources, control)
            yield from self._render(plan, resources, control, points)
        except Cancelled:
            yield m.JobCancelled(request.job)
        except MissingModel as error:
            yield m.JobFailed(request.job, str(error), missing=error.model)
        except (InputError, ModelError) as error:
            short = isinstance(error, MemoryShort)
            yield m.JobFailed(request.job, str(error), memory_short=short)
        else:
            yield m.JobFinished(request.job, time.monotonic() - began)
            # The job has ended, so errors of the measurement are ignored.
            with suppress(Exception):
                if plan.tunes:
                    resources.tune(plan.shape, control.check)

    def probe(
        self, request: m.ProbeRequest, control: JobControl, probes: Probes = no_probes
    ) -> Iterator[m.Event]:
        """Render one point of the plane without a job, and those that are requested meanwhile."""
        try:
            resources = self._open(request, control)
            plan = plan_probes(request, resources, control.check)
            first = [_probe(request, plan, resources, control)]
            more = _probe_source(probes, request, plan, resources, control)
            work = FrameWork(plan, Job(plan), resources, self._store)
            yield from work.run(control, lambda *how: first.pop() if first else more(*how))
        except Cancelled:
            return
        except (InputError, ModelError) as error:
            yield m.ProbeFailed(request.serial, str(error))

    def memory(self, request: m.MemoryRequest) -> m.DeviceMemory:
        """Return the memory that a model could have. Raises InputError for a device or precision
        that is not there, and the device's error."""
        device = choose_device(request.device)
        half = uses_half(str(device), request.precision)
        given_back = device_memory(device)
        if self._resources is not None and device.type == "cpu":
            model = self._resources.model
            given_back = model.bytes if model.device == device else 0
        return m.DeviceMemory(self._free(device) + given_back, device.type != "cpu", half)

    def unload(self) -> None:
        """Free the model's memory."""
        if self._resources is not None:
            self._resources.model.close()
        self._resources = self._model_key = None
        self._measures.forget()

    def _render(
        self, plan: RenderPlan, resources: ModelResources, control: JobControl, points: TakeProbe
    ) -> Iterator[m.Event]:
        """Yield the events of a planned job up to its last frame."""
        tell = self._teller(plan.job, control)
        measuring, failures = self._measures.prepare(plan.job, plan.measures, resources.model, tell)
        control.check()
        info = resources.model.info(plan.batching.slots, plan.batch_exact)
        yield m.ModelReady(plan.job, info)
        job = Job(plan)
        yield m.JobStarted(plan.job, job.totals)
        yield from plan.cut_prompts
        for name, reason in failures.items():
            yield m.MeasureFailed(plan.job, name, reason, self._measures.missing)
        for number, lane in enumerate(plan.lanes if plan.geometry else ()):
            control.check()
            yield describe(lane.path, plan.job, number, check=control.check)
        if plan.draft is not None:
            yield from self._drafts(plan.draft, job, resources, control, points)
        work = FrameWork(plan, job, resources, self._store)
        yield from measuring.along(work.run(control, points), control)

    def _drafts(
        self,
        draft: RenderPlan,
        job: Job,
        resources: ModelResources,
        control: JobControl,
        points: TakeProbe,
    ) -> Iterator[m.Event]:
        """Render drafts of all missing frames, with few steps, and those of points."""
        drafts = Job(draft)
        for ticket in drafts.tickets():
            control.check()
            if self._store.has(job.ingredients(ticket).key):
                drafts.claim(ticket)
        work = FrameWork(draft, drafts, resources, self._store)
        for event in work.run(control, lambda wait, _: points(wait, True)):
            if isinstance(event, m.FrameReady):
                yield _as_draft(event, draft.settings.steps)
            elif isinstance(event, m.Progress):
                yield replace(event, done=0, total=job.total, seconds_left=None)
            elif isinstance(event, m.ProbeReady):
                yield event

    def _open(
        self, request: m.RenderRequest | m.ProbeRequest, control: JobControl
    ) -> ModelResources:
        """Load the request's model if necessary, and announce the progress."""
        key = (request.model, request.device, request.precision, request.weight_bits)
        if self._resources is not None and self._model_key == key:
            return self._resources
        self.unload()
        job, downloads = m.NO_JOB, tuple[str, ...]()
        if isinstance(request, m.RenderRequest):
            job, downloads = request.job, request.downloads
        tell = self._teller(job, control)
        trials = None if self._batches is None else PrecisionTrials(self._batches)
        model = open_model(*key[:3], tell, downloads, self._found, trials, request.weight_bits)
        tell("Fitting the preview", 1.0)
        self._resources, self._model_key = (
            ModelResources(model, self._batches, self._store.texts),
            key,
        )
        return self._resources

    def _teller(self, job: int, control: JobControl) -> Callable[[str, float], None]:
        """Return a function that announces the progress of loading. It raises Cancelled."""

        def tell(stage: str, share: float) -> None:
            control.check()
            self._announce(m.ModelLoading(job, stage, share))

        return tell


def _conditions(request: m.RenderRequest | m.ProbeRequest) -> tuple[object, ...]:
    """Returns all of a request that determines a plan besides walks."""
    r = request
    return r.model, r.sampling, r.device, r.precision, r.weight_bits


def _probe_source(
    probes: Probes,
    current: m.RenderRequest | m.ProbeRequest,
    plan: RenderPlan,
    resources: ModelResources,
    control: JobControl,
) -> TakeProbe:
    """Returns a function that takes the probes that fit the plan of `current`. Others wait."""

    def fits(probe: m.ProbeRequest) -> bool:
        return _conditions(probe) == _conditions(current)

    def is_draft(probe: m.ProbeRequest) -> bool:
        return fits(probe) and probe.draft_steps > 0

    def take(wait: float, only_drafts: bool) -> Probe | None:
        probe = probes(is_draft if only_drafts else fits, wait)
        return None if probe is None else _probe(probe, plan, resources, control)

    return take


def _probe(
    request: m.ProbeRequest, plan: RenderPlan, resources: ModelResources, control: JobControl
) -> Probe:
    """Returns the probe of a request with the model and sampling of the plan."""
    if request.point is not None:
        walk = walk_through((request.point, request.point), request.walk.negative)
        path = resources.path(walk, plan.shape, control.check)
        return Probe(request, plan.start(path, resources.negative(walk.negative)))
    path = resources.path(request.walk, plan.shape, control.check)
    negative = resources.negative(request.walk.negative)
    point = request.x, request.y, request.time
    return Probe(request, plan.point(path, negative, resources.plane(path), point))


def _as_draft(event: m.FrameReady, steps: int) -> m.FrameReady:
    """Returns a finished frame with few steps as a draft, and a preview unchanged."""
    if event.tier < m.Tier.DRAFT:
        return event
    return replace(event, tier=m.Tier.DRAFT, notes=(*event.notes, f"A draft of {steps} steps"))
