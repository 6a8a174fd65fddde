"""The measures of a job: those that are defined for its request, and their scorer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine import messages as m
from engine.errors import InputError
from engine.measuring.scoring_text import scoring_texts
from engine.metrics.contract import Measure, StepMeasure, make_measure
from engine.walk import Walk

Chosen = Mapping[str, Measure]


@dataclass(frozen=True, slots=True)
class MeasurePlan:
    """The measures of a job by name. `undefined` holds those left out, with one sentence each.

    `walks` holds the walk of each lane. `scoring_text` "" means their prompts. `scorer` is the CLIP
    model, a folder or a hub id; "" is the one in the model's folder. `downloads` are the models
    that may be downloaded. With `steady`, CLIP reads pictures in batches that do not depend on the
    time they take, since the size of a batch may change the last bits of a score.
    """

    chosen: Chosen = field(default_factory=dict)
    undefined: Mapping[str, str] = field(default_factory=dict)
    walks: tuple[Walk, ...] = ()
    scoring_text: str = ""
    scorer: str = ""
    downloads: tuple[str, ...] = ()
    steady: bool = False

    @property
    def scored(self) -> tuple[str, ...]:
        """The measures that use CLIP."""
        return tuple(name for name, measure in self.chosen.items() if measure.needs_scorer)

    @property
    def compared(self) -> tuple[str, ...]:
        """The measures that compare pictures with a text."""
        return tuple(name for name in self.scored if self.chosen[name].needs_text)

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts that pictures of any lane are compared with, each once."""
        found = (text for walk in self.walks for text in scoring_texts(self.scoring_text, walk))
        return tuple(dict.fromkeys(found))


def plan_measures(request: m.RenderRequest) -> MeasurePlan:
    """Returns the measures that a request names and that are defined for it."""
    chosen: dict[str, Measure] = {}
    undefined: dict[str, str] = {}
    for name in request.measures:
        try:
            chosen[name] = _defined(make_measure(name), request)
        except InputError as error:
            undefined[name] = str(error)
    walks = tuple(lane.walk for lane in request.lanes)
    return MeasurePlan(
        chosen,
        undefined,
        walks,
        request.scoring_text,
        request.scorer,
        request.downloads,
        steady=request.in_order,
    )


def _defined(measure: Measure, request: m.RenderRequest) -> Measure:
    """Returns the measure. Raises InputError if it is undefined for the request."""
    texts = (text for x in request.lanes for text in scoring_texts(request.scoring_text, x.walk))
    if measure.needs_text and not all(text.strip() for text in texts):
        raise InputError(
            f"The {measure.label} compares pictures with their prompt and there is an empty one; "
            "give a scoring text."
        )
    if isinstance(measure, StepMeasure) and any(x.walk.frames < 2 for x in request.lanes):
        raise InputError(
            f"The {measure.label} is taken between two frames and there is only one; "
            "raise the number of frames or leave that measure out."
        )
    return measure
