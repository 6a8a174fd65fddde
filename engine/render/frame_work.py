"""The inner loop of a job: look up known frames, start frames, step, decode, emit events."""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch

from engine import messages as m
from engine.errors import MemoryShort
from engine.mailbox import JobControl
from engine.models.running.memory import device_memory, release_memory, within_memory
from engine.render.frame_memory import FrameMemory
from engine.render.job import Flight, Job, Probe, TakeProbe, Ticket, finished
from engine.render.model_resources import ModelResources
from engine.render.plan import RenderPlan
from engine.render.point_drafts import HOLD_S, PointDrafts
from engine.render.sampling.lockstep import LockstepSampler
from engine.render.sampling.sampler import Sampler
from engine.render.shared_steps import Ingredients, SharedSteps
from engine.store.frame_store import FrameStore
from engine.store.stored_frame import StoredFrame
from engine.walk import frame_text

#: Known frames that are looked up between two steps, so that look-ups do not delay the sampling. In
#: order, it is also the distance by which they may be ahead of the sampling.
_RECALLED_AT_ONCE = 32
#: The same before the first frame is ready, which would come later otherwise.
_RECALLED_BEFORE = 8
#: Most points of the plane in work at a time.
_PROBES = 2
_PREVIEW_EVERY = 4


class FrameWork:
    """Renders a job's frames, and points of the plane, with one sampler."""

    def __init__(
        self, plan: RenderPlan, job: Job, resources: ModelResources, store: FrameStore
    ) -> None:
        self._plan, self._job = plan, job
        self._model, self._preview_map = resources.model, resources.preview
        self._slots = plan.batching.slots
        self._sampler = self._new_sampler()
        self._frames = FrameMemory(store, self._model)
        self._drafts = PointDrafts(plan, resources, self._frames)
        self._shared = SharedSteps[Ticket](resources.states, self._slots)
        self._kept = plan.kept_steps
        self._flights: dict[str, Flight] = {}
        self._notes: tuple[str, ...] = ()
        self._pace: float | None = None

    def run(self, control: JobControl, take_probe: TakeProbe) -> Iterator[m.Event]:
        """Render all frames of the job. Raises Cancelled at the next step after a cancel."""
        unseen = self._job.tickets()
        scanning = not self._job.in_order
        while True:
            control.check()
            if scanning:
                seen, recalled = self._recall(unseen)
                yield from recalled
                scanning = seen
            yield from self._admit(control, take_probe)
            if not self._flights:
                if not scanning and not self._job.left and not self._shared.waiting:
                    return
                continue
            done = self._tick()
            control.check()
            yield from self._finish(done)
            if self._plan.previews:
                yield from self._preview()
            yield self._progress()

    # ── known frames ─────────────────────────────────────────────────────────────────────────

    def _recall(self, unseen: Iterator[Ticket]) -> tuple[bool, list[m.Event]]:
        """Look up the next frames. Returns True if there may be more, and the found ones'
        events."""
        events: list[m.Event] = []
        for _ in self._frames.turn(_RECALLED_AT_ONCE if self._job.done else _RECALLED_BEFORE):
            ticket = next(unseen, None)
            if ticket is None:
                return False, events
            ingredients = self._job.ingredients(ticket)
            frame = self._frames.find(ingredients)
            if frame is not None and self._job.claim(ticket):
                events += self._tell(ticket, ingredients, frame, cached=True)
        return True, events

    # ── start of frames ──────────────────────────────────────────────────────────────────────

    def _admit(self, control: JobControl, take_probe: TakeProbe) -> Iterator[m.Event]:
        yield from self._admit_probes(control, take_probe)
        for _ in self._frames.turn(_RECALLED_AT_ONCE):
            if not self._may_start():
                return
            ticket = self._next(control.focus)
            if ticket is None:
                return
            ingredients = self._job.ingredients(ticket)
            frame = self._frames.find(ingredients)
            if frame is not None:
                yield from self._tell(ticket, ingredients, frame, cached=True)
            else:
                self._begin(ticket, ingredients)

    def _next(self, focus: int) -> Ticket | None:
        """Return one that waited for its neighbours, or the next frame if it may start."""
        waited = self._shared.take(self._flights)
        if waited or self._shared.full or not self._in_reach():
            return waited
        return self._job.next(focus)

    def _begin(self, ticket: Ticket, ingredients: Ingredients) -> None:
        """Start a frame, or a neighbour whose latent it needs."""
        between = ingredients.between
        missing = self._shared.missing(between) if between else []
        if not between or not missing:
            self._start(ingredients).tickets.append(ticket)
            return
        self._shared.wait(ticket, between)
        for neighbour in (between.ends[k] for k in missing):
            if neighbour.key not in self._flights:
                self._start(neighbour)
                return

    def _admit_probes(self, control: JobControl, take_probe: TakeProbe) -> Iterator[m.Event]:
        """Start the waiting point. While drafts are requested one after another, the frames of the
        job wait, so that a draft takes its own time only."""
        wait = 0.0
        while True:
            # In lockstep, a point must wait until the batch is done. A draft needs no slot.
            full = self._probes_in_flight() >= _PROBES or not self._sampler.free
            probe = take_probe(wait, full)
            if probe is None:
                return
            if not probe.request.draft_steps:
                yield from self._admit_probe(probe)
                return
            yield from self._drafts.render(probe, control)
            wait = HOLD_S

    def _admit_probe(self, probe: Probe) -> Iterator[m.Event]:
        frame = self._frames.find(probe.ingredients)
        if frame is not None:
            yield probe.ready(m.Tier.FINAL, frame.image)
        else:
            self._start(probe.ingredients).probe = probe

    def _start(self, ingredients: Ingredients) -> Flight:
        """Start a picture, or return the one in work with the same key."""
        flight = self._flights.get(ingredients.key)
        if flight is None:
            flight = self._flights[ingredients.key] = Flight(ingredients)
            given = ingredients.initial, ingredients.positive, ingredients.negative
            between = ingredients.between
            started = self._shared.started(between) if between else None
            if between and started and isinstance(self._sampler, Sampler):
                flight.notes = between.notes
                self._sampler.admit(ingredients.key, *given, started)
            else:
                self._sampler.admit(ingredients.key, *given)
        return flight

    def _may_start(self) -> bool:
        frames = len(self._flights) - self._probes_in_flight()
        sampler = self._sampler
        return sampler.free > _PROBES - self._probes_in_flight() and self._plan.batching.admits(
            frames, sampler.lead, sampler.steps, self._job.done
        )

    def _in_reach(self) -> bool:
        """Return False if known frames are too far ahead of the frames in work, because the caller
        must hold them in memory."""
        if not self._job.in_order:
            return True
        begun = (ticket for flight in self._flights.values() for ticket in flight.tickets)
        indices = (ticket.index for ticket in (*begun, *self._shared.waiting))
        oldest = min(indices, default=self._job.lowest)
        return self._job.claimed_from(oldest) <= _RECALLED_AT_ONCE + self._slots

    def _probes_in_flight(self) -> int:
        return sum(1 for f in self._flights.values() if f.probe and not f.tickets)

    # ── finished frames ──────────────────────────────────────────────────────────────────────

    def _tick(self) -> list[tuple[str, torch.Tensor]]:
        began, active = time.monotonic(), len(self._flights)
        done = within_memory(self._sampler.tick)
        if done is None:
            self._shrink()
            return []
        if isinstance(self._sampler, Sampler):
            self._shared.keep(self._kept, self._sampler)
        pace = (time.monotonic() - began) / active
        self._pace = pace if self._pace is None else 0.9 * self._pace + 0.1 * pace
        return done

    def _finish(self, done: list[tuple[str, torch.Tensor]]) -> Iterator[m.Event]:
        """Decode the finished latents and emit events to all that wait for them."""
        if not done:
            return
        # A latent that is not finite gives None.
        pictures = self._model.decode(torch.stack([latent for _, latent in done]))
        for (key, latent), picture in zip(done, pictures, strict=True):
            flight = self._flights.pop(key)
            if picture is None:
                yield from self._fail(flight)
                continue
            final = latent.cpu().numpy()
            notes = (*flight.notes, *self._notes)
            frame = self._frames.keep(flight.ingredients, final, picture, notes)
            self._preview_map.observe(frame.final, frame.image)
            if flight.probe is not None:
                yield flight.probe.ready(m.Tier.FINAL, frame.image)
            for ticket in flight.tickets:
                yield from self._tell(ticket, flight.ingredients, frame, cached=False)

    def _tell(
        self, ticket: Ticket, ingredients: Ingredients, frame: StoredFrame, cached: bool
    ) -> Iterator[m.Event]:
        self._job.done += 1
        yield finished(self._plan, ticket, ingredients, frame, cached)

    def _fail(self, flight: Flight) -> Iterator[m.Event]:
        message = "The model gave numbers that are not finite; try fp32 or fewer steps"
        if flight.probe is not None:
            yield m.ProbeFailed(flight.probe.request.serial, f"{message}.")
        for ticket in flight.tickets:
            self._job.done += 1
            text = f"{frame_text(ticket.index).capitalize()}: {message}."
            yield m.FrameFailed(self._plan.job, ticket.lane, ticket.index, text)

    def _preview(self) -> Iterator[m.Event]:
        """Yield previews of the frames that are some steps further than at their last preview."""
        for key, step, latent in self._sampler.estimates():
            flight = self._flights[key]
            if step - flight.previewed < _PREVIEW_EVERY or step >= self._sampler.steps:
                continue
            flight.previewed = step
            image = self._preview_map.picture(latent)
            if flight.probe is not None:
                yield flight.probe.ready(m.Tier.PREVIEW, image)
            for t in flight.tickets:
                time_ = flight.ingredients.time
                yield m.FrameReady(
                    self._plan.job, t.lane, t.index, time_, m.Tier.PREVIEW, key, image
                )

    def _progress(self) -> m.Progress:
        steps, job = self._sampler.steps, self._job
        left = (job.total - job.done) * steps - sum(s for _, s, _ in self._sampler.estimates())
        seconds = None if self._pace is None else max(left, 0) * self._pace
        memory = device_memory(self._model.device)
        return m.Progress(
            self._plan.job, job.done, job.total, self._sampler.furthest, steps, seconds, memory
        )

    # ── the sampler ──────────────────────────────────────────────────────────────────────────

    def _new_sampler(self) -> Sampler[str] | LockstepSampler[str]:
        plan, model, slots = self._plan, self._model, self._slots + _PROBES
        if plan.table is None:
            steps = plan.settings.steps
            return LockstepSampler(model, steps, plan.guidance, slots, plan.shape, plan.text)
        return Sampler(model, plan.table, plan.guidance, slots, plan.shape, plan.text)

    def _shrink(self) -> None:
        """Start again with fewer slots after memory ran out. Frames in work are kept."""
        del self._sampler  # the next one needs its memory
        self._sampler = self._smaller_sampler()
        self._notes = (f"Memory ran out; it goes on with {self._slots} frames at once.",)
        flights, self._flights = self._flights, {}
        for flight in flights.values():
            for ticket in flight.tickets:
                self._job.give_back(ticket)
            if flight.probe is not None:
                self._start(flight.ingredients).probe = flight.probe

    def _smaller_sampler(self) -> Sampler[str] | LockstepSampler[str]:
        """Return a sampler with half the slots, or half of these, and so on. Raises MemoryShort if
        even one slot does not fit."""
        while self._slots > 1:
            self._slots //= 2
            release_memory(self._model.device)
            sampler = within_memory(self._new_sampler)
            if sampler is not None:
                return sampler
        raise MemoryShort(
            "The device's memory is too small for even one frame; choose a smaller size, half "
            "precision, or the CPU."
        )
