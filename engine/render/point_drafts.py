"""Drafts of points of the plane: few steps, one point at a time, before all other work."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import torch

from engine import messages as m
from engine.mailbox import JobControl
from engine.models.loaded import DiffusionModel
from engine.models.running.memory import within_memory
from engine.render.frame_memory import FrameMemory
from engine.render.job import Probe
from engine.render.model_resources import ModelResources
from engine.render.plan import RenderPlan
from engine.render.sampling.lockstep import LockstepSampler
from engine.render.sampling.sampler import Sampler
from engine.render.shared_steps import Ingredients
from engine.store.stored_frame import frame_key

#: Time for which the frames of a job wait for a further draft, in seconds. While the mouse moves,
#: requests follow one another more quickly.
HOLD_S = 0.15
#: Time that a draft may take, in seconds, and the least number of steps, whatever they take.
BUDGET_S, FEWEST_STEPS = 0.11, 3
#: A step that takes longer than this, in seconds, is followed by a preview.
_SLOW_S = 0.2


class PointDrafts:
    """Renders a draft of a point from its first to its last step. Used on the engine's thread.

    Drafts and finished points are kept in the store, so a point that was drawn before is there at
    once.
    """

    def __init__(self, plan: RenderPlan, resources: ModelResources, frames: FrameMemory) -> None:
        self._plan, self._model, self._frames = plan, resources.model, frames
        self._preview_map, self._pace = resources.preview, resources.draft_pace
        self._plans: dict[int, RenderPlan] = {}

    def render(self, probe: Probe, control: JobControl) -> Iterator[m.ProbeReady]:
        """Yield the point's picture: the finished one if it is known, or else a draft, with as many
        steps as fit into BUDGET_S, up to those requested. Raises Cancelled. Yields no draft if the
        device's memory is too small, or numbers are not finite."""
        finished = self._frames.find(probe.ingredients)
        if finished is not None:
            yield probe.ready(m.Tier.FINAL, finished.image)
            return
        most = min(probe.request.draft_steps, self._plan.settings.steps)
        for steps in range(most, min(FEWEST_STEPS, most) - 1, -1):
            known = self._frames.find(self._ingredients(probe, steps))
            if known is not None:
                yield probe.ready(m.Tier.DRAFT, known.image)
                return
        yield from self._draw(probe, self._affordable(most), control)

    def _draw(self, probe: Probe, steps: int, control: JobControl) -> Iterator[m.ProbeReady]:
        """Yield a draft of so many steps; before, previews if the steps are slow."""
        sampler = within_memory(lambda: _sampler(self._of_steps(steps), self._model))
        if sampler is None:
            return
        x, finished = probe.ingredients, list[tuple[int, torch.Tensor]]()
        sampler.admit(0, x.initial, x.positive, x.negative)
        while not finished:
            control.check()
            began = time.perf_counter()
            ticked = within_memory(sampler.tick)
            if ticked is None:
                return
            finished, self._pace.step_s = ticked, _smoothed(self._pace.step_s, began)
            if not finished and self._pace.step_s > _SLOW_S:
                yield probe.ready(m.Tier.PREVIEW, self._preview_map.picture(_estimate(sampler)))
        began = time.perf_counter()
        latent = finished[0][1]
        picture = self._model.decode(latent[None])[0]
        self._pace.decode_s = _smoothed(self._pace.decode_s, began)
        if picture is None:
            return
        notes = (f"A draft of {steps} steps",)
        ingredients = self._ingredients(probe, steps)
        frame = self._frames.keep(ingredients, latent.cpu().numpy(), picture, notes)
        yield probe.ready(m.Tier.DRAFT, frame.image)

    def _affordable(self, most: int) -> int:
        """Return the number of steps of a draft, at most `most`."""
        pace = self._pace
        if not pace.step_s:
            return min(FEWEST_STEPS, most)
        fit = int((BUDGET_S - pace.decode_s) / pace.step_s)
        return min(max(fit, FEWEST_STEPS), most)

    def _ingredients(self, probe: Probe, steps: int) -> Ingredients:
        """Return the ingredients of a point's draft of so many steps."""
        settings, x = self._of_steps(steps).settings, probe.ingredients
        return replace(x, key=frame_key(settings, x.initial, x.positive, x.negative))

    def _of_steps(self, steps: int) -> RenderPlan:
        """Return the plan with so many steps."""
        if steps not in self._plans:
            self._plans[steps] = self._plan.of_steps(steps, self._model)
        return self._plans[steps]


def _smoothed(before: float, began: float) -> float:
    """Returns the mean time of the last few measurements, one of which began at `began`."""
    seconds = time.perf_counter() - began
    return 0.7 * before + 0.3 * seconds if before else seconds


def _estimate(sampler: Sampler[int] | LockstepSampler[int]) -> torch.Tensor:
    return sampler.estimates()[0][2]


def _sampler(plan: RenderPlan, model: DiffusionModel) -> Sampler[int] | LockstepSampler[int]:
    """Returns a sampler of a single frame."""
    if plan.table is None:
        return LockstepSampler(model, plan.settings.steps, plan.guidance, 1, plan.shape, plan.text)
    return Sampler(model, plan.table, plan.guidance, 1, plan.shape, plan.text)
