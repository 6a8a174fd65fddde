"""A frame in work, and the event of its end."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine import messages as m
from engine.geometry.walk_path import latent_stats
from engine.render.job import Probe, Ticket
from engine.render.plan import Ingredients, RenderPlan
from engine.store.stored_frame import StoredFrame


@dataclass(eq=False, slots=True)
class Flight:
    """Ingredients in the sampler, with the tickets and probes that wait for their picture.

    `previewed` is the step of the last preview. `notes` say how the frame is made.
    """

    ingredients: Ingredients
    tickets: list[Ticket] = field(default_factory=list)
    probe: Probe | None = None
    previewed: int = 0
    notes: tuple[str, ...] = ()


def finished(
    plan: RenderPlan, ticket: Ticket, ingredients: Ingredients, frame: StoredFrame, cached: bool
) -> m.FrameReady:
    """Returns the event of a finished frame, with its latents if the plan asks for them."""
    return m.FrameReady(
        job=plan.job,
        lane=ticket.lane,
        index=ticket.index,
        time=ingredients.time,
        tier=m.Tier.FINAL,
        key=ingredients.key,
        image=frame.image,
        stats=latent_stats(ingredients.initial),
        cached=cached,
        initial=ingredients.initial if plan.latents else None,
        final=frame.final if plan.latents else None,
        notes=frame.notes,
    )
