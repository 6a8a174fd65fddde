"""Drafts of points of the plane: few steps, one point at a time, before all other work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from engine import messages as m
from engine.mailbox import JobControl
from engine.models.loaded import DiffusionModel
from engine.models.running.memory import within_memory
from engine.render.frame_memory import FrameMemory
from engine.render.job import Probe
from engine.render.plan import RenderPlan
from engine.render.sampling.lockstep import LockstepSampler
from engine.render.sampling.sampler import Sampler
from engine.store.stored_frame import frame_key

#: Time for which the frames of a job wait for a further draft, in seconds. While the mouse moves,
#: requests follow one another more quickly.
HOLD_S = 0.15


class PointDrafts:
    """Renders a draft of a point from its first to its last step. Used on the engine's thread.

    Drafts and finished points are kept in the store, so a point that was drawn before is there at
    once.
    """

    def __init__(self, plan: RenderPlan, model: DiffusionModel, frames: FrameMemory) -> None:
        self._plan, self._model, self._frames = plan, model, frames
        self._drafts: dict[int, RenderPlan] = {}

    def render(self, probe: Probe, control: JobControl) -> Iterator[m.ProbeReady]:
        """Yield the point's picture: the finished one if it is known, or else a draft. Raises
        Cancelled. Yields nothing if the device's memory is too small, or numbers are not finite."""
        finished = self._frames.find(probe.ingredients)
        if finished is not None:
            yield probe.ready(m.Tier.FINAL, finished.image)
            return
        plan = self._of_steps(probe.request.draft_steps)
        full = probe.ingredients
        key = frame_key(plan.settings, full.initial, full.positive, full.negative)
        ingredients = replace(full, key=key)
        known = self._frames.find(ingredients)
        if known is not None:
            yield probe.ready(m.Tier.DRAFT, known.image)
            return
        latent = self._sampled(plan, probe, control)
        picture = None if latent is None else self._model.decode(latent[None])[0]
        if latent is None or picture is None:
            return
        notes = (f"A draft of {plan.settings.steps} steps",)
        frame = self._frames.keep(ingredients, latent.cpu().numpy(), picture, notes)
        yield probe.ready(m.Tier.DRAFT, frame.image)

    def _of_steps(self, steps: int) -> RenderPlan:
        """Return the plan with so many steps, at most those of the job."""
        steps = min(steps, self._plan.settings.steps)
        if steps not in self._drafts:
            self._drafts[steps] = self._plan.of_steps(steps, self._model)
        return self._drafts[steps]

    def _sampled(self, plan: RenderPlan, probe: Probe, control: JobControl) -> torch.Tensor | None:
        """Return z_0 [C, h, w] of a draft; None if the memory is too small."""
        sampler = within_memory(lambda: _sampler(plan, self._model))
        if sampler is None:
            return None
        x = probe.ingredients
        sampler.admit(0, x.initial, x.positive, x.negative)
        while True:
            control.check()
            finished = within_memory(sampler.tick)
            if finished is None:
                return None
            if finished:
                return finished[0][1]


def _sampler(plan: RenderPlan, model: DiffusionModel) -> Sampler[int] | LockstepSampler[int]:
    """Returns a sampler of a single frame."""
    if plan.table is None:
        return LockstepSampler(model, plan.settings.steps, plan.guidance, 1, plan.shape, plan.text)
    return Sampler(model, plan.table, plan.guidance, 1, plan.shape, plan.text)
