"""The plan of a job: everything that follows from a request and a loaded model, computed once.

The job and the sampler read no request, only the plan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from engine import messages as m
from engine.conditioning import Array32, Conditioning
from engine.errors import InputError
from engine.geometry.projection import Plane
from engine.geometry.walk_path import WalkPath, prompts_of
from engine.measuring.measure_plan import MeasurePlan, plan_measures
from engine.models.loaded import DiffusionModel
from engine.render.batching import Batching
from engine.render.model_resources import Check, ModelResources, Shape
from engine.render.sampling.sampler import Guidance
from engine.render.shared_steps import (
    FAR,
    Between,
    Ingredients,
    neighbours_of,
    position_between,
    spacing_of,
)
from engine.solvers.contract import SolverTable
from engine.store.stored_frame import FrameSettings, frame_key
from engine.walk import Lane, Sampling

#: Is increased when the same ingredients give other pixels than before.
ENGINE_GENERATION = 5


@dataclass(frozen=True, slots=True)
class LanePlan:
    """The path of a lane for this model, its negative text, and the frames to render.

    With shared steps, `spacing` is the number of frames from one with all steps to the next.
    """

    path: WalkPath
    negative: Conditioning
    frames: range | tuple[int, ...]
    spacing: int = 1


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """All settings of a job, from its latents' shape [C, h, w] to its measures.

    `table` None selects the model's own scheduler object, in lockstep. `text` is the empty prompt,
    whose shapes all texts of the model have. With `batch_exact`, frames are the same bit for bit in
    batches of any size. With `tunes`, the best number of slots may be measured after the job.
    Most frames start at the step `shared_step` from a mix of their neighbours, unless it is 0.
    `draft` is the plan of the drafts, which come first.
    """

    job: int
    shape: Shape
    settings: FrameSettings
    table: SolverTable | None = field(repr=False, compare=False)  # follows from the settings
    text: Conditioning = field(repr=False)
    guidance: Guidance = field(repr=False)
    batching: Batching
    batch_exact: bool
    tunes: bool
    shared_step: int = 0
    lanes: tuple[LanePlan, ...] = ()
    measures: MeasurePlan = field(default_factory=MeasurePlan)
    cut_prompts: tuple[m.PromptCut, ...] = ()
    in_order: bool = False
    previews: bool = True
    latents: bool = False
    geometry: bool = True
    draft: RenderPlan | None = None

    def frame(self, lane: int, index: int) -> Ingredients:
        """Return the ingredients of frame `index` of a lane."""
        time = self.lanes[lane].path.walk.time_of(index)
        own = self._whole(lane, time)
        between = self._blended(lane, time) or self._shared(lane, index)
        return own.shared(between) if between else own

    def _whole(self, lane: int, time: float) -> Ingredients:
        """Return the ingredients of a frame that shares no steps."""
        path = self.lanes[lane].path
        return self._ingredients(path, time, path.latent(time), self.lanes[lane].negative)

    def _blended(self, lane: int, time: float) -> Between | None:
        """Return the keyframes that the method of the segment mixes after some steps."""
        path, negative = self.lanes[lane].path, self.lanes[lane].negative
        segment, gamma = path.walk.locate(time)
        step = _steps_shared(path.method(segment).blends_at, self.settings.steps)
        if not step or gamma in (0.0, 1.0):
            return None
        times = path.walk.stops()[segment : segment + 2]
        latents = path.keyframe(segment), path.target(segment)
        first, last = (
            self._ingredients(path, at, latent.astype(np.float32), negative)
            for at, latent in zip(times, latents, strict=True)
        )
        return Between((first, last), step, gamma, math.inf)

    @property
    def kept_steps(self) -> frozenset[int]:
        """The steps at which latents are kept for other frames."""
        paths = [lane.path for lane in self.lanes]
        shares = [p.method(k).blends_at for p in paths for k in range(max(p.walk.segments, 1))]
        steps = {_steps_shared(share, self.settings.steps) for share in shares}
        return frozenset({*steps, self.shared_step} - {0})

    def _shared(self, lane: int, index: int) -> Between | None:
        """Return the neighbours with which a frame shares steps."""
        walk = self.lanes[lane].path.walk
        spacing = self.lanes[lane].spacing
        neighbours = neighbours_of(walk, index, spacing) if self.shared_step else None
        position = position_between(walk, index, neighbours) if neighbours else None
        if neighbours is None or position is None:
            return None
        first, last = (self._whole(lane, walk.time_of(k)) for k in neighbours)
        return Between((first, last), self.shared_step, position, FAR)

    def point(
        self,
        path: WalkPath,
        negative: Conditioning,
        plane: Plane,
        point: tuple[float, float, float],
    ) -> Ingredients:
        """Return the ingredients of the point (x, y, time) of a walk's plane: the latent at (x, y)
        with the text at that time."""
        x, y, time = point
        latent = plane.lift(x, y, self.shape)
        return self._ingredients(path, time, latent.astype(np.float32), negative)

    def start(self, path: WalkPath, negative: Conditioning) -> Ingredients:
        """Return the ingredients of a walk's first keyframe."""
        return self._ingredients(path, 0.0, path.keyframe(0).astype(np.float32), negative)

    def of_steps(self, steps: int, model: DiffusionModel) -> RenderPlan:
        """Return the plan with another number of steps."""
        settings = replace(self.settings, steps=steps)
        table = model.table(settings.solver, self.shape, steps)
        return replace(self, settings=settings, table=table, shared_step=0)

    def _ingredients(
        self, path: WalkPath, time: float, latent: Array32, negative: Conditioning
    ) -> Ingredients:
        initial, texts = np.ascontiguousarray(latent), (path.conditioning(time), negative)
        return Ingredients(time, initial, *texts, frame_key(self.settings, initial, *texts))


def plan_render(
    request: m.RenderRequest, resources: ModelResources, check: Check = lambda: None
) -> RenderPlan:
    """Makes the plan of a request. Encodes its texts, and measures the steady rows once for a size.

    `check` is called before each of these and may raise an exception. Raises InputError if the
    model cannot fulfil the request.
    """
    for lane in request.lanes:
        resources.encode(lane.walk, check)
    plan = _plan(request.job, request.sampling, request.batch, resources, check)
    plan = replace(
        plan,
        lanes=tuple(_lane_plan(lane, plan, request, resources, check) for lane in request.lanes),
        measures=plan_measures(request),
        cut_prompts=_cut_prompts(request, resources.model),
        in_order=request.in_order,
        previews=request.previews,
        latents=request.latents,
        geometry=request.geometry,
    )
    if plan.kept_steps and plan.table is None:
        raise InputError(
            "The model's own scheduler cannot share steps between frames; choose another solver, "
            "0 for the shared steps, or another method."
        )
    if 0 < request.draft_steps < request.sampling.steps:
        return replace(plan, draft=plan.of_steps(request.draft_steps, resources.model))
    return plan


def _lane_plan(
    lane: Lane,
    plan: RenderPlan,
    request: m.RenderRequest,
    resources: ModelResources,
    check: Check,
) -> LanePlan:
    """Returns the part of a plan for one lane."""
    path = resources.path(lane.walk, plan.shape, check)
    return LanePlan(
        path,
        resources.negative(lane.walk.negative),
        _wanted(request.indices, lane.walk.frames),
        spacing_of(path) if plan.shared_step else 1,
    )


def plan_probes(
    request: m.ProbeRequest, resources: ModelResources, check: Check = lambda: None
) -> RenderPlan:
    """Makes the plan for points of the plane, a job without frames. Raises as `plan_render`."""
    resources.encode(request.walk, check)
    return _plan(m.NO_JOB, request.sampling, 0, resources, check)


def _plan(
    job: int, sampling: Sampling, batch: int, resources: ModelResources, check: Check
) -> RenderPlan:
    """Makes the part of a plan that follows from the sampling."""
    model = resources.model
    shape = model.latent_shape(sampling.width, sampling.height)
    settings = FrameSettings(
        generation=ENGINE_GENERATION,
        model=model.identity,
        device=model.device.type,
        precision=model.precision,
        solver=sampling.solver or model.solver,
        steps=sampling.steps,
        guidance=sampling.guidance,
        guidance_from=sampling.guidance_from,
        guidance_to=sampling.guidance_to,
    )
    table = model.table(settings.solver, shape, settings.steps)
    shared = _steps_shared(sampling.shared_steps, settings.steps)
    return RenderPlan(
        job=job,
        shape=shape,
        settings=settings,
        table=table,
        shared_step=shared,
        text=resources.text(""),
        guidance=_guidance(sampling, model),
        batching=resources.batching(shape, batch),
        batch_exact=resources.keep_steady(shape, check),
        tunes=not batch,
    )


def _guidance(sampling: Sampling, model: DiffusionModel) -> Guidance:
    family = model.family
    return Guidance(
        sampling.guidance,
        sampling.guidance_from,
        sampling.guidance_to,
        family.guided_above,
        family.guide,
    )


def _wanted(indices: tuple[int, ...] | None, frames: int) -> range | tuple[int, ...]:
    return range(frames) if indices is None else tuple(k for k in indices if 0 <= k < frames)


def _cut_prompts(request: m.RenderRequest, model: DiffusionModel) -> tuple[m.PromptCut, ...]:
    """Returns an event for each prompt that is longer than the model reads."""
    prompts = dict.fromkeys(text for lane in request.lanes for text in prompts_of(lane.walk))
    counts = ((prompt, model.count(prompt)) for prompt in prompts)
    return tuple(
        m.PromptCut(request.job, prompt, count.tokens, count.limit)
        for prompt, count in counts
        if count.tokens > count.limit
    )


def _steps_shared(share: float, steps: int) -> int:
    """Returns the first steps that are a share of all. At least one step is a frame's own."""
    return min(round(share * steps), steps - 1)
