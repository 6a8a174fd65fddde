"""Prepares the measures of a job: opens the CLIP model and encodes the scoring text.

A measure that is undefined or whose CLIP model is not available is left out, and the job continues.
"""

from __future__ import annotations

from dataclasses import replace

from engine.conditioning import Array32
from engine.errors import InputError, MissingModel
from engine.measuring.frame_measures import Measuring, failure_of
from engine.measuring.measure_plan import Chosen, MeasurePlan
from engine.measuring.picture_features import PictureFeatures
from engine.models.clip import open_scorer
from engine.models.hub.client import Reporter
from engine.models.loaded import DiffusionModel
from engine.store.frame_store import FrameStore


class MeasureSetup:
    """Owns the CLIP model and the features of pictures. Runs on the engine's thread.

    `missing` is the hub id of a scorer that the last job needed and that is not downloaded, or "".
    """

    def __init__(self, store: FrameStore) -> None:
        self._store = store
        self.forget()

    def forget(self) -> None:
        """Free the scorer's memory."""
        self._seen = PictureFeatures(self._store)
        self._scorer: str | None = None
        self.missing = ""

    def prepare(
        self, job: int, plan: MeasurePlan, model: DiffusionModel, tell: Reporter
    ) -> tuple[Measuring, dict[str, str]]:
        """Return the object that measures the job's frames, and the measures left out with one
        sentence each.

        Raises the exceptions of `tell`.
        """
        failures, compared = dict(plan.undefined), plan.compared
        texts: dict[str, Array32] = {}
        self.missing = ""
        try:
            if plan.scored:
                self._open(plan, model, tell)
        except (InputError, RuntimeError) as error:  # a ModelError, or torch's own
            self.missing = error.model if isinstance(error, MissingModel) else ""
            failures |= dict.fromkeys(plan.scored, failure_of(error))
            compared = ()
        try:
            if compared:
                texts = {text: self._seen.of_text(text) for text in plan.texts}
        except (InputError, RuntimeError) as error:
            failures |= dict.fromkeys(compared, failure_of(error))
        chosen: Chosen = {name: x for name, x in plan.chosen.items() if name not in failures}
        return Measuring(job, replace(plan, chosen=chosen), self._seen, texts), failures

    def _open(self, plan: MeasurePlan, model: DiffusionModel, tell: Reporter) -> None:
        if self._scorer != plan.scorer:
            scorer = open_scorer(model, plan.scorer, tell, plan.downloads)
            self._seen, self._scorer = PictureFeatures(self._store, scorer), plan.scorer
