"""Finds the regions of pictures: clusters of their features, or the nearest of several texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.conditioning import Array32
from engine.pictures.clusters import features_of, k_means, nearest_centre
from engine.walk import Walk
from gui.atlas.cell_query import Answer, CellQuery
from gui.state.explorer_state import ExplorerState
from gui.state.results import FrameReader
from gui.state.state_signals import CellRequest
from gui.widgets.background_work import Background

#: The measure that compares a picture with a text.
SCORE = "clip_score"
#: One label for each picture; None for a picture that is not known.
Labels = list[int | None]


@dataclass(frozen=True, slots=True)
class Clustered:
    """The centres of clusters [k, d], and the labels of the pictures."""

    centres: Array32 = field(repr=False, compare=False)
    labels: Labels


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
        self._frames = 0
        self.texts: tuple[str, ...] = ()

    def cluster(self, keys: Sequence[str | None], count: int) -> None:
        """Find at most `count` clusters of the pictures with these keys, and label them."""
        self.texts = ()
        work = partial(clustered, self._state.results.store, tuple(keys), count)
        self._background.run(work, self._clustered)

    def label(self, walk: Walk) -> None:
        """Label the frames of a walk. Pictures that are missing are rendered."""
        self._frames = walk.frames
        if self.texts:
            self._query.ask([CellRequest(walk, (SCORE,), text) for text in self.texts])
        else:
            self._query.ask([CellRequest(walk)])

    def stop(self) -> None:
        """Forget what was asked."""
        self._query.stop()

    def _answered(self, answers: list[Answer]) -> None:
        frames = range(self._frames)
        if self.texts:
            scores = [[a.values.get(k, np.nan) for a in answers] for k in frames]
            self.labelled.emit([_best(row) for row in scores])
        elif self._centres is not None:
            keys = tuple(answers[0].keys.get(k) for k in frames)
            work = partial(labels_of, self._state.results.store, keys, self._centres)
            self._background.run(work, self._labels_found)

    def _clustered(self, result: Clustered | Exception) -> None:
        if not isinstance(result, Exception):
            self._centres = result.centres
        self._labels_found(result.labels if isinstance(result, Clustered) else result)

    def _labels_found(self, result: Labels | Exception) -> None:
        if isinstance(result, Exception):
            self.failed.emit(str(result))
        else:
            self.labelled.emit(result)


def clustered(reader: FrameReader, keys: Sequence[str | None], count: int) -> Clustered:
    """Finds clusters of the pictures with these keys. May run on any thread."""
    vectors = _vectors(reader, keys)
    known = [vector for vector in vectors if vector is not None]
    if not known:
        return Clustered(np.empty((0, 0), np.float32), [None] * len(vectors))
    centres = k_means(np.stack(known), count)
    return Clustered(centres, _nearest(vectors, centres))


def labels_of(reader: FrameReader, keys: Sequence[str | None], centres: Array32) -> Labels:
    """Returns the nearest centre of each picture. May run on any thread."""
    return _nearest(_vectors(reader, keys), centres)


def _vectors(reader: FrameReader, keys: Sequence[str | None]) -> list[Array32 | None]:
    images = (reader.image(key) if key is not None else None for key in keys)
    return [features_of(image) if image is not None else None for image in images]


def _nearest(vectors: Sequence[Array32 | None], centres: Array32) -> Labels:
    return [
        int(nearest_centre(vector[None], centres)[0]) if vector is not None else None
        for vector in vectors
    ]


def _best(scores: Sequence[float]) -> int | None:
    return None if np.isnan(scores).any() else int(np.argmax(scores))
