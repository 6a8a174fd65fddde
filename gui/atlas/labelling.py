"""Finds the regions of the pictures of walks, in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.atlas.labels import SCORE, Clustered, Labels, best_texts, clustered, labels_of
from engine.conditioning import Array32
from engine.walk import Walk
from gui.atlas.cell_query import Answer, CellQuery
from gui.state.explorer_state import ExplorerState
from gui.state.state_signals import CellRequest
from gui.widgets.background_work import Background


class Labelling(QObject):
    """Labels the frames of walks. With `texts`, the label of a picture is the text with the highest
    CLIP score; without, it is the nearest of the centres that `cluster` has found.

    Signals: labelled(labels); failed(reason).
    """

    labelled = Signal(list)
    failed = Signal(str)

    def __init__(self, state: ExplorerState, parent: QObject) -> None:
        super().__init__(parent)
        self._state = state
        self._query = CellQuery(state, self)
        self._query.answered.connect(self._answered)
        self._query.failed.connect(self.failed)
        self._background = Background(self)
        self._centres: Array32 | None = None
        self._frames = self._stops = 0
        self.texts: tuple[str, ...] = ()

    def cluster(self, keys: Sequence[str | None], count: int) -> None:
        """Find at most `count` clusters of the pictures with these keys, and label them."""
        self.texts = ()
        work = partial(clustered, self._state.results.store, tuple(keys), count)
        self._run(work, self._clustered)

    def label(self, walk: Walk) -> None:
        """Label the frames of a walk. Pictures that are missing are rendered."""
        self._frames = walk.frames
        if self.texts:
            self._query.ask([CellRequest(walk, (SCORE,), text) for text in self.texts])
        else:
            self._query.ask([CellRequest(walk)])

    def stop(self) -> None:
        """Forget what was asked. What the background finds for it is dropped."""
        self._query.stop()
        self._stops += 1

    def _run(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Call `work` in the background and `done` with its result, unless it is stopped."""
        stops = self._stops

        def take(result: Any) -> None:
            if stops == self._stops:
                done(result)

        self._background.run(work, take)

    def _answered(self, answers: list[Answer]) -> None:
        frames = range(self._frames)
        if self.texts:
            scores = [[a.values.get(k, np.nan) for a in answers] for k in frames]
            self.labelled.emit(best_texts(scores))
        elif self._centres is not None:
            keys = tuple(answers[0].keys.get(k) for k in frames)
            work = partial(labels_of, self._state.results.store, keys, self._centres)
            self._run(work, self._labels_found)

    def _clustered(self, result: Clustered | Exception) -> None:
        if not isinstance(result, Exception):
            self._centres = result.centres
        self._labels_found(result.labels if isinstance(result, Clustered) else result)

    def _labels_found(self, result: Labels | Exception) -> None:
        if isinstance(result, Exception):
            self.failed.emit(str(result))
        else:
            self.labelled.emit(result)
