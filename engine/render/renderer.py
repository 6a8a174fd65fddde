"""The story of one job, from top to bottom: open the model, plan, describe, render."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np

from engine import messages as m
from engine.errors import Cancelled, InputError, MissingModel, ModelError
from engine.geometry.noise import NoiseBank
from engine.geometry.projection import describe, plane_of
from engine.geometry.walk_path import WalkPath, prompts_of
from engine.mailbox import JobControl
from engine.measuring.measure_setup import MeasureSetup
from engine.methods.contract import Array
from engine.models.load import open_model
from engine.models.loaded import DiffusionModel
from engine.render.batch_memory import BatchMemory
from engine.render.batching import Batching, batch_key, choose_batching, measure_batch
from engine.render.frame_work import FrameWork, Tools
from engine.render.job import Job, Probe, make_ingredients
from engine.render.previews import PreviewMap
from engine.render.steady_rows import measure_steady_rows
from engine.solvers.contract import Schedule, SolverTable, make_table
from engine.store.frame_store import FrameStore
from engine.walk import Sampling, Walk

#: Takes the newest probe that satisfies a condition, if one waits.
Probes = Callable[[Callable[[m.ProbeRequest], bool]], m.ProbeRequest | None]
#: Changes whenever the same ingredients would give other pixels.
ENGINE_GENERATION = 4
_TEXTS = 512
_NO_JOB = -1


def no_probes(matches: Callable[[m.ProbeRequest], bool]) -> m.ProbeRequest | None:
    """For use without a window: nobody points at the plane."""
    return None


class Renderer:
    """Owns the model in memory and everything derived from it. Used from one thread.

    `announce` is given the events of the model's loading, which come while `run` is busy. With
    `batches`, the best number of slots is measured after a model's first job, and used from then.
    """

    def __init__(
        self,
        store: FrameStore,
        announce: Callable[[m.Event], None] = lambda _: None,
        batches: BatchMemory | None = None,
    ) -> None:
        self._store, self._announce, self._batches = store, announce, batches
        self._model: DiffusionModel | None = None
        self._model_key: tuple[str, str, str] | None = None
        self._preview: PreviewMap | None = None
        self._measures = MeasureSetup(store)
        self._texts: OrderedDict[str, Array] = OrderedDict()
        self._banks: dict[tuple[int, int, int], NoiseBank] = {}

    def run(
        self, request: m.RenderRequest, control: JobControl, probes: Probes = no_probes
    ) -> Iterator[m.Event]:
        """Everything that happens in a job; ends with exactly one terminal event.

        Errors that a person can act on end the job; any other exception is the caller's.
        """
        began = time.monotonic()
        try:
            yield from self._render(request, control, probes)
        except Cancelled:
            yield m.JobCancelled(request.job)
        except MissingModel as error:
            yield m.JobFailed(request.job, str(error), missing=error.model)
        except (InputError, ModelError) as error:
            yield m.JobFailed(request.job, str(error))
        else:
            yield m.JobFinished(request.job, time.monotonic() - began)
            # The job has ended: what goes wrong while tuning concerns nobody.
            with suppress(Exception):
                self._tune(request, control)

    def probe(
        self, request: m.ProbeRequest, control: JobControl, probes: Probes = no_probes
    ) -> Iterator[m.Event]:
        """One point of the plane, and those asked for meanwhile, when no job is running."""
        try:
            self._open(request, control)
            self._keep_steady(self._latent_shape(request.sampling), control)
            tools = self._tools(request.sampling, batch=0)
            first = [self._probe(request)]
            more = self._probe_source(probes, request)
            work = FrameWork(_NO_JOB, Job([], {}, None), tools, None)
            yield from work.run(control, lambda: first.pop() if first else more())
        except Cancelled:
            return
        except (InputError, ModelError) as error:
            yield m.ProbeFailed(request.serial, str(error))

    def unload(self) -> None:
        """Give the model's memory back."""
        if self._model is not None:
            self._model.close()
        self._model = self._model_key = self._preview = None
        self._measures.forget()
        self._texts.clear()

    # ── steps of the story ───────────────────────────────────────────────────────────────────

    def _render(
        self, request: m.RenderRequest, control: JobControl, probes: Probes
    ) -> Iterator[m.Event]:
        self._open(request, control)
        tell = self._teller(request.job, control)
        measuring, failures = self._measures.prepare(request, self._loaded, tell)
        control.check()
        shape = self._latent_shape(request.sampling)
        self._keep_steady(shape, control)
        tools = self._tools(request.sampling, request.batch)
        exact = self._loaded.batch_exact(shape)
        yield m.ModelReady(request.job, self._loaded.info(tools.batching.slots, exact))
        paths = [self._path(lane.walk, shape) for lane in request.lanes]
        job = Job(
            paths, self._settings(request.sampling), request.indices, in_order=request.in_order
        )
        yield m.JobStarted(request.job, job.totals)
        yield from self._cut_prompts(request)
        for name, reason in failures.items():
            yield m.MeasureFailed(request.job, name, reason, self._measures.missing)
        for lane, path in enumerate(paths):
            control.check()
            yield describe(path, request.job, lane, check=control.check)
        if 0 < request.draft_steps < request.sampling.steps:
            yield from self._drafts(request, paths, job, control)
        work = FrameWork(request.job, job, tools, request)
        events = work.run(control, self._probe_source(probes, request))
        yield from measuring.along(events, control)

    def _drafts(
        self, request: m.RenderRequest, paths: list[WalkPath], job: Job, control: JobControl
    ) -> Iterator[m.Event]:
        """Every frame of the job that is not there yet, in few steps; nothing of it is done yet."""
        sampling = replace(request.sampling, steps=request.draft_steps)
        drafts = Job(paths, self._settings(sampling), request.indices, in_order=request.in_order)
        for ticket in drafts.tickets():
            control.check()
            if self._store.has(job.ingredients(ticket).key):
                drafts.claim(ticket)
        work = FrameWork(request.job, drafts, self._tools(sampling, request.batch), request)
        for event in work.run(control, lambda: None):
            if isinstance(event, m.FrameReady):
                yield _as_draft(event, sampling.steps)
            elif isinstance(event, m.Progress):
                yield replace(event, done=0, total=job.total, seconds_left=None)

    def _probe_source(
        self, probes: Probes, current: m.RenderRequest | m.ProbeRequest
    ) -> Callable[[], Probe | None]:
        """Probes that the sampler in use can take; others wait for its end."""

        def fits(probe: m.ProbeRequest) -> bool:
            return (probe.model, probe.sampling) == (current.model, current.sampling)

        def take() -> Probe | None:
            probe = probes(fits)
            return None if probe is None else self._probe(probe)

        return take

    def _open(self, request: m.RenderRequest | m.ProbeRequest, control: JobControl) -> None:
        """Have the request's model in memory, telling how far that is."""
        job = request.job if isinstance(request, m.RenderRequest) else _NO_JOB
        key = (request.model, request.device, request.precision)
        if self._model_key == key:
            return
        self.unload()
        tell = self._teller(job, control)
        downloads = request.downloads if isinstance(request, m.RenderRequest) else ()
        self._model = open_model(*key, tell, downloads)
        tell("Fitting the preview", 1.0)
        self._preview = PreviewMap.fit(self._model)
        self._model_key = key

    def _teller(self, job: int, control: JobControl) -> Callable[[str, float], None]:
        """Announces how far a loading is; raises Cancelled."""

        def tell(stage: str, share: float) -> None:
            control.check()
            self._announce(m.ModelLoading(job, stage, share))

        return tell

    @property
    def _loaded(self) -> DiffusionModel:
        assert self._model is not None
        return self._model

    def _latent_shape(self, sampling: Sampling) -> tuple[int, int, int]:
        scale = self._loaded.downscale
        if sampling.width % scale or sampling.height % scale:
            raise InputError(
                f"Width and height must be multiples of {scale} for this model, "
                f"not {sampling.width}×{sampling.height}."
            )
        channels = self._loaded.latent_channels
        return channels, sampling.height // scale, sampling.width // scale

    def _path(self, walk: Walk, shape: tuple[int, int, int]) -> WalkPath:
        bank = self._banks.setdefault(shape, NoiseBank(shape))
        return WalkPath(walk, bank, {text: self._text(text) for text in prompts_of(walk)})

    def _cut_prompts(self, request: m.RenderRequest) -> Iterator[m.PromptCut]:
        """The prompts that the model does not read to their end, each once."""
        texts = dict.fromkeys(text for lane in request.lanes for text in prompts_of(lane.walk))
        for text in texts:
            count = self._loaded.count(text)
            if count.tokens > count.limit:
                yield m.PromptCut(request.job, text, count.tokens, count.limit)

    def _text(self, text: str) -> Array:
        """The embedding [tokens, width] of one prompt, encoded once."""
        if text not in self._texts:
            self._texts[text] = self._loaded.encode([text])[0].double().numpy()
            if len(self._texts) > _TEXTS:
                self._texts.popitem(last=False)
        self._texts.move_to_end(text)
        return self._texts[text]

    def _table(self, sampling: Sampling) -> SolverTable | None:
        model = self._loaded
        schedule = Schedule(model.alphas_cumprod, model.prediction_type, model.scheduler_config)
        return make_table(sampling.solver or model.solver, schedule, sampling.steps)

    def _settings(self, sampling: Sampling) -> dict[str, object]:
        """All that makes a frame's pixels apart from its latent and texts."""
        model = self._loaded
        return {
            "engine": ENGINE_GENERATION,
            "model": model.identity,
            "device": model.device.type,
            "precision": str(model.dtype),
            "solver": sampling.solver or model.solver,
            "steps": sampling.steps,
            "guidance": sampling.guidance,
            "interval": [sampling.guidance_from, sampling.guidance_to],
        }

    def _tools(self, sampling: Sampling, batch: int) -> Tools:
        model, shape = self._loaded, self._latent_shape(sampling)
        if self._batches is not None:
            batch = batch or self._batches.get(self._batch_key(shape)) or 0
        batching: Batching = choose_batching(model.device, max(shape[1:]), model.weights, batch)
        assert self._preview is not None
        table = self._table(sampling)
        context = self._text("").shape
        return Tools(
            model, self._store, self._preview, table, batching, sampling, (context[0], context[1])
        )

    def _batch_key(self, shape: tuple[int, int, int]) -> str:
        model = self._loaded
        return batch_key(model.device, model.identity, str(model.dtype), shape)

    def _keep_steady(self, shape: tuple[int, int, int], control: JobControl) -> None:
        """Have the model compute so many rows that a frame never depends on its batch.

        A large model on a CPU draws one frame at a time, and is too slow to be measured.
        """
        model = self._loaded
        if model.steady_rows(shape) is not None:
            return
        key = f"rows, {self._batch_key(shape)}"
        rows = self._batches.get(key) if self._batches is not None else None
        if rows is None:
            slow = choose_batching(model.device, max(shape[1:]), model.weights).slots == 1
            context = self._text("").shape
            rows = 0 if slow else measure_steady_rows(model, shape, context, control.check)
            if self._batches is not None:
                self._batches.put(key, rows)
        model.keep_steady(shape, rows)

    def _tune(self, request: m.RenderRequest, control: JobControl) -> None:
        """Measure the best number of slots, once, after a job that had to guess it."""
        shape = self._latent_shape(request.sampling)
        if self._batches is None or request.batch or self._batches.get(self._batch_key(shape)):
            return
        tools = self._tools(request.sampling, 0)
        slots = measure_batch(
            tools.model, shape, tools.context, tools.batching.slots, control.check
        )
        self._batches.put(self._batch_key(shape), slots)

    def _probe(self, request: m.ProbeRequest) -> Probe:
        shape = self._latent_shape(request.sampling)
        path = self._path(request.walk, shape)
        latent = plane_of(path).lift(request.x, request.y, shape).astype(np.float32)
        texts = path.conditioning(request.time), path.negative()
        settings = self._settings(request.sampling)
        return Probe(request, make_ingredients(settings, request.time, latent, *texts))


def _as_draft(event: m.FrameReady, steps: int) -> m.FrameReady:
    """A finished frame of few steps as the approximation that it is; a preview as it is."""
    if event.tier < m.Tier.DRAFT:
        return event
    return replace(event, tier=m.Tier.DRAFT, notes=(*event.notes, f"A draft of {steps} steps"))
