"""Everything that follows from a request and a loaded model, worked out once.

The renderer, the job and the sampler read the plan; none of them asks the request again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from engine import messages as m
from engine.conditioning import Conditioning
from engine.geometry.projection import plane_of
from engine.geometry.walk_path import WalkPath, prompts_of
from engine.measuring.measure_plan import MeasurePlan, plan_measures
from engine.messages import Array32
from engine.models.loaded import DiffusionModel
from engine.render.batching import Batching
from engine.render.model_resources import Check, ModelResources, Shape
from engine.render.sampler import Guidance
from engine.solvers.contract import SolverTable, make_table
from engine.store.stored_frame import FrameSettings, frame_key
from engine.walk import Sampling

#: The job number of points of the plane that are rendered while no job is.
NO_JOB = -1
#: Changes whenever the same ingredients would give other pixels.
ENGINE_GENERATION = 5


@dataclass(frozen=True, slots=True)
class Ingredients:
    """All that makes one frame: z_T [C, h, w], its texts, and its key."""

    time: float
    initial: Array32
    positive: Conditioning
    negative: Conditioning
    key: str


@dataclass(frozen=True, slots=True)
class LanePlan:
    """A lane's walk for this model, and which of its frames are wanted."""

    path: WalkPath
    frames: range | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """What a job does, from its latents' shape [C, h, w] to its measures.

    `table` None stands for the model's own scheduler object, in lockstep. `text` is the empty
    prompt: the shapes that all texts of the model have. `batch_exact`: frames are the same bit for
    bit in batches of any size. `tunes`: the best number of slots may be measured afterwards.
    `draft` is the plan of the drafts that come first.
    """

    job: int
    shape: Shape
    settings: FrameSettings
    guidance: Guidance
    table: SolverTable | None = field(repr=False, compare=False)  # follows from the settings
    text: Conditioning = field(repr=False)
    batching: Batching
    batch_exact: bool
    tunes: bool
    lanes: tuple[LanePlan, ...] = ()
    measures: MeasurePlan = field(default_factory=MeasurePlan)
    cut_prompts: tuple[m.PromptCut, ...] = ()
    in_order: bool = False
    previews: bool = True
    latents: bool = False
    draft: RenderPlan | None = None

    def frame(self, lane: int, index: int) -> Ingredients:
        """What makes frame `index` of a lane."""
        path = self.lanes[lane].path
        time = path.walk.time_of(index)
        return self._ingredients(path, time, path.latent(time))

    def point(self, path: WalkPath, x: float, y: float, time: float) -> Ingredients:
        """What makes the point (x, y) of a walk's plane, with the text of the walk at `time`."""
        latent = plane_of(path).lift(x, y, self.shape)
        return self._ingredients(path, time, latent.astype(np.float32))

    def _ingredients(self, path: WalkPath, time: float, latent: Array32) -> Ingredients:
        initial, texts = np.ascontiguousarray(latent), (path.conditioning(time), path.negative())
        return Ingredients(time, initial, *texts, frame_key(self.settings, initial, *texts))


def plan_render(
    request: m.RenderRequest, resources: ModelResources, check: Check = lambda: None
) -> RenderPlan:
    """The plan of a request. Encodes its texts, and measures how the model rounds, once a size.

    `check` is called before each of these and may raise. Raises InputError for what the model
    cannot do.
    """
    plan = _plan(request.job, request.sampling, request.batch, resources, check)
    plan = replace(
        plan,
        lanes=tuple(
            LanePlan(
                resources.path(lane.walk, plan.shape, check),
                _wanted(request.indices, lane.walk.frames),
            )
            for lane in request.lanes
        ),
        measures=plan_measures(request),
        cut_prompts=_cut_prompts(request, resources.model),
        in_order=request.in_order,
        previews=request.previews,
        latents=request.latents,
    )
    if 0 < request.draft_steps < request.sampling.steps:
        return replace(plan, draft=_with_steps(plan, request.draft_steps, resources.model))
    return plan


def plan_probes(
    request: m.ProbeRequest, resources: ModelResources, check: Check = lambda: None
) -> RenderPlan:
    """The plan for points of the plane alone: a job without frames. Raises as `plan_render`."""
    return _plan(NO_JOB, request.sampling, 0, resources, check)


def _plan(
    job: int, sampling: Sampling, batch: int, resources: ModelResources, check: Check
) -> RenderPlan:
    """What follows from the sampling alone."""
    model = resources.model
    shape = model.latent_shape(sampling.width, sampling.height)
    settings = FrameSettings(
        generation=ENGINE_GENERATION,
        model=model.identity,
        device=model.device.type,
        precision=str(model.dtype),
        solver=sampling.solver or model.solver,
        steps=sampling.steps,
        guidance=sampling.guidance,
        guidance_from=sampling.guidance_from,
        guidance_to=sampling.guidance_to,
    )
    return RenderPlan(
        job=job,
        shape=shape,
        settings=settings,
        guidance=Guidance(sampling.guidance, sampling.guidance_from, sampling.guidance_to),
        table=_table(settings, model),
        text=resources.text(""),
        batching=resources.batching(shape, batch),
        batch_exact=resources.keep_steady(shape, check),
        tunes=not batch,
    )


def _with_steps(plan: RenderPlan, steps: int, model: DiffusionModel) -> RenderPlan:
    """The same plan with another number of steps."""
    settings = replace(plan.settings, steps=steps)
    return replace(plan, settings=settings, table=_table(settings, model))


def _table(settings: FrameSettings, model: DiffusionModel) -> SolverTable | None:
    return make_table(settings.solver, model.schedule, settings.steps)


def _wanted(indices: tuple[int, ...] | None, frames: int) -> range | tuple[int, ...]:
    return range(frames) if indices is None else tuple(k for k in indices if 0 <= k < frames)


def _cut_prompts(request: m.RenderRequest, model: DiffusionModel) -> tuple[m.PromptCut, ...]:
    """The prompts that the model does not read to their end, each once."""
    prompts = dict.fromkeys(text for lane in request.lanes for text in prompts_of(lane.walk))
    counts = ((prompt, model.count(prompt)) for prompt in prompts)
    return tuple(
        m.PromptCut(request.job, prompt, count.tokens, count.limit)
        for prompt, count in counts
        if count.tokens > count.limit
    )
