"""What a job's measures need before its first frame, and why one of them cannot be taken.

A measure that is undefined, or whose CLIP model is not to be had, is left out; the walk goes on.
"""

from __future__ import annotations

from engine import messages as m
from engine.errors import InputError, MissingModel
from engine.measuring.frame_measures import Chosen, Measuring, check_measures, failure_of
from engine.measuring.picture_features import PictureFeatures
from engine.models.clip import open_scorer
from engine.models.hub.client import Reporter
from engine.models.loaded import DiffusionModel
from engine.store.frame_store import FrameStore


class MeasureSetup:
    """Owns the CLIP model that scores, and what was seen in pictures. The engine's thread.

    `missing` is the scorer that the last job lacked, where it would have to be downloaded.
    """

    def __init__(self, store: FrameStore) -> None:
        self._store = store
        self.forget()

    def forget(self) -> None:
        """Give the scorer's memory back."""
        self._seen = PictureFeatures(self._store)
        self._scorer: str | None = None
        self.missing = ""

    def prepare(
        self, request: m.RenderRequest, model: DiffusionModel, tell: Reporter
    ) -> tuple[Measuring, dict[str, str]]:
        """What measures the job's frames; and the measures left out, with one sentence each.

        Raises whatever `tell` raises.
        """
        sound, failures = check_measures(request)
        scored = [name for name, measure in sound.items() if measure.needs_scorer]
        worded = [name for name in scored if sound[name].needs_text]
        text: m.Array32 | None = None
        self.missing = ""
        try:
            if scored:
                self._open(request, model, tell)
        except (InputError, RuntimeError) as error:  # a ModelError, or torch's own
            self.missing = error.model if isinstance(error, MissingModel) else ""
            failures |= dict.fromkeys(scored, failure_of(error))
            worded = []
        try:
            if worded:
                text = self._seen.of_text(request.scoring_text)
        except InputError as error:
            failures |= dict.fromkeys(worded, str(error))
        chosen: Chosen = {name: x for name, x in sound.items() if name not in failures}
        return Measuring(request.job, chosen, request.lanes, self._seen, text), failures

    def _open(self, request: m.RenderRequest, model: DiffusionModel, tell: Reporter) -> None:
        location = request.scorer
        if self._scorer != location:
            scorer = open_scorer(model, location, tell, request.downloads)
            self._seen, self._scorer = PictureFeatures(self._store, scorer), location
