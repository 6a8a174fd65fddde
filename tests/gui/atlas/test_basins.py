"""Regions of an atlas: clusters, texts, borders, crossings, and keyframes there."""

from __future__ import annotations

import csv
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QObject
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.atlas.files import TABLE, file_names
from engine.atlas.grid import Area, PlaneFacts
from engine.atlas.labels import Clustered, clustered
from engine.errors import InputError
from engine.walk import Exploration, Keyframe, NoiseSource, NoiseTerm, Walk
from gui.atlas.atlas import Atlas
from gui.atlas.basins import Basins
from gui.atlas.regions import Crossing, with_crossings
from gui.export.atlas_kinds import atlas_kinds
from gui.session import Session
from gui.state.explorer_state import ExplorerState
from tests.support.scripted_engine import MemoryFrames, ScriptedEngine, path_of
from tests.support.scripted_state import request_for

AREA = Area(-1.0, -1.0, 1.0, 1.0)
LEFT, RIGHT = (200, 40, 40), (40, 40, 200)
#: The border between the two kinds of pictures.
BORDER = 0.33


def keyframe_at(x: float, y: float) -> Keyframe:
    return Keyframe("a", NoiseSource(1, 0), x, (NoiseTerm(NoiseSource(1, 1), y),))


class TwoKinds(ScriptedEngine):
    """Renders points left of the border red and others blue, with scores for "red" and "blue"."""

    def __init__(self, frames: MemoryFrames) -> None:
        super().__init__(frames)
        self._pictures = frames

    def submit(self, request: m.RenderRequest) -> None:
        self.requests.append(request)
        (lane,) = request.lanes
        for index in range(lane.walk.frames) if request.indices is None else request.indices:
            x = self._x(lane.walk, index)
            image = np.full((32, 32, 3), LEFT if x < BORDER else RIGHT, np.uint8)
            key = f"{x}"
            self._pictures.images[key] = image
            self.post(m.FrameReady(request.job, 0, index, 0.0, m.Tier.FINAL, key, image))
            if request.measures:
                value = float((request.scoring_text == "red") == (x < BORDER))
                self.post(m.MeasureReady(request.job, 0, index, request.measures[0], value))
        if request.job > m.NO_JOB:
            self.post(path_of(request.job, 0, lane))
        self.post(m.JobFinished(request.job, 0.1))

    def _x(self, walk: Walk, index: int) -> float:
        if len(walk.keyframes) == walk.frames:
            return walk.keyframes[index].scale
        return 2.0 * walk.time_of(index) - 1.0


class Desk:
    """State, session, engine, a full atlas and its regions."""

    def __init__(self, qtbot: QtBot) -> None:
        frames = MemoryFrames()
        self.engine = engine = TwoKinds(frames)
        self.state = ExplorerState(frames, Exploration(walk=Walk(frames=21)))
        self.session = Session(self.state, lambda: engine)
        self.atlas = Atlas(self.state)
        self.basins = Basins(self.state, self.atlas, self.atlas)
        self.session.start()
        QCoreApplication.processEvents()
        self.state.set_view(atlas=5)
        self.atlas.fill(AREA, keyframe_at, PlaneFacts(0.0, 0.01, np.zeros((2, 2)), "A plane"))
        qtbot.waitUntil(lambda: self.atlas.note.endswith("complete"))


@pytest.fixture
def desk(qapp: QObject, qtbot: QtBot) -> Desk:
    return Desk(qtbot)


@pytest.mark.parametrize("texts", [(), ("red", "blue")])
def test_regions_their_border_and_the_crossing_of_the_walk(
    desk: Desk, qtbot: QtBot, texts: tuple[str, ...]
) -> None:
    desk.state.set_view(clusters=0 if texts else 2, regions=texts)
    qtbot.waitUntil(lambda: bool(desk.basins.crossings) and not desk.basins.busy)
    labels = desk.basins.labels
    assert set(labels) == set(desk.atlas.wanted)
    left = {label for (x, _), label in labels.items() if x < BORDER}
    right = {label for (x, _), label in labels.items() if x > BORDER}
    assert len(left) == len(right) == 1
    assert left != right
    if texts:
        assert desk.basins.name(left.pop()) == "red"
    (crossing,) = desk.basins.crossings
    assert crossing.gamma == pytest.approx((BORDER + 1) / 2, abs=0.03)
    assert desk.basins.note == "2 regions · 1 crossing of the walk"
    desk.basins.bisect(0.01)
    qtbot.waitUntil(lambda: not desk.basins.busy)
    assert len(desk.basins.borders) == 9
    assert np.abs(desk.basins.borders[:, 0] - BORDER).max() < 0.01


def test_crossings_are_those_of_the_newest_walk(desk: Desk, qtbot: QtBot) -> None:
    desk.state.set_view(clusters=2)
    qtbot.waitUntil(lambda: bool(desk.basins.crossings) and not desk.basins.busy)
    (before,) = desk.basins.crossings
    desk.state.edit_walk("Frames", frames=9)
    desk.state.generate()
    qtbot.waitUntil(lambda: desk.basins.crossings != (before,) and bool(desk.basins.crossings))
    (after,) = desk.basins.crossings
    assert after.index < 9
    assert after.gamma == pytest.approx(before.gamma, abs=0.08)


def test_no_regions_in_the_view_clears_them(desk: Desk, qtbot: QtBot) -> None:
    desk.state.set_view(clusters=2)
    qtbot.waitUntil(lambda: bool(desk.basins.crossings))
    desk.state.set_view(clusters=0)
    assert not desk.basins.labels
    assert desk.basins.note == ""


def test_old_regions_have_no_new_names_until_the_atlas_is_complete(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.state.set_view(regions=("red", "blue"))
    qtbot.waitUntil(lambda: bool(desk.basins.crossings) and not desk.basins.busy)
    monkeypatch.setattr(desk.engine, "submit", desk.engine.requests.append)  # no answers
    desk.atlas.fill(
        Area(-2.0, -1.0, 2.0, 1.0), keyframe_at, PlaneFacts(0.0, 0.01, np.zeros((2, 2)), "A plane")
    )
    desk.state.set_view(regions=("blue", "red"))
    assert desk.atlas.known < len(desk.atlas.wanted)
    assert not desk.basins.names()
    assert not desk.basins.crossings


def test_other_texts_while_regions_are_found_name_them_rightly(desk: Desk, qtbot: QtBot) -> None:
    for texts in (("red", "blue"), ("blue", "red")):
        desk.state.set_view(regions=texts)
        assert desk.basins.busy
    qtbot.waitUntil(lambda: not desk.basins.busy)
    names = {cell: desk.basins.name(label) for cell, label in desk.basins.labels.items()}
    assert names == {cell: "red" if cell[0] < BORDER else "blue" for cell in desk.atlas.wanted}


def test_clusters_that_are_no_longer_wanted_are_not_taken_for_others(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()

    def slow(reader: object, keys: tuple[str, ...], count: int) -> Clustered:
        if count == 2:
            assert release.wait(30)
            return Clustered(np.zeros((1, 3), np.float32), [0] * len(keys))
        return clustered(reader, keys, count)  # type: ignore[arg-type]

    monkeypatch.setattr("gui.atlas.labelling.clustered", slow)
    for count in (2, 0, 3):
        desk.state.set_view(clusters=count)
    release.set()
    qtbot.waitUntil(lambda: bool(desk.basins.crossings) and not desk.basins.busy, timeout=30000)
    assert len(desk.basins.crossings) == 1
    assert len(set(desk.basins.labels.values())) > 1


def test_a_measure_that_is_missing_is_said(desk: Desk, qtbot: QtBot) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            desk.engine,
            "submit",
            lambda request: desk.engine.post(
                m.MeasureFailed(request.job, "clip_score", "No CLIP model came with it.")
            ),
        )
        desk.state.set_view(regions=("red", "blue"))
        qtbot.waitUntil(lambda: desk.basins.note == "No CLIP model came with it.")
    assert not desk.basins.busy
    desk.state.generate()
    qtbot.waitUntil(lambda: bool(desk.basins.crossings))
    assert desk.basins.note == "2 regions · 1 crossing of the walk"


def test_keyframes_are_put_where_the_walk_crosses(desk: Desk) -> None:
    exploration = desk.state.exploration
    path = path_of(1, 0, request_for(exploration).lanes[0])
    crossings = [Crossing(4, 0.2, 0, 1), Crossing(12, 0.6, 1, 0), Crossing(19, 0.97, 0, 1)]
    walk = with_crossings(exploration.walk, path, crossings)
    assert len(walk.keyframes) == 4, "the last crossing is at the end, which is a keyframe"
    assert path.weights is not None
    for keyframe, index in zip(walk.keyframes[1:3], (5, 13), strict=True):
        weights = [keyframe.scale, *(term.weight for term in keyframe.blend)]
        assert weights == pytest.approx(path.weights[index].tolist())
    unknown = replace(path, weights=np.full((21, 2), np.nan))
    assert with_crossings(exploration.walk, unknown, crossings) == exploration.walk


def test_the_atlas_is_exported_as_one_picture_and_as_a_folder(
    desk: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    desk.state.set_view(clusters=2)
    qtbot.waitUntil(lambda: bool(desk.basins.labels) and not desk.basins.busy)
    page, cells = atlas_kinds(desk.atlas, desk.basins.names, desk.state.results.store)
    assert page.prepare is not None
    assert cells.prepare is not None
    page.prepare()(tmp_path / "walk.atlas.png")
    assert (tmp_path / "walk.atlas.png").read_bytes().startswith(b"\x89PNG")
    folder = tmp_path / "walk.atlas"
    cells.prepare()(folder)
    rows = list(csv.DictReader((folder / TABLE).read_text("utf-8").splitlines()))
    assert len(rows) == 81
    assert {row["file"] for row in rows} == {p.name for p in folder.iterdir()} - {TABLE}
    row = next(row for row in rows if row["file"] in file_names([(0.5, -0.25)]).values())
    assert (float(row["std"]), row["region"][:7]) == (pytest.approx(0.559, abs=1e-3), "cluster")
    assert row["noise"] == "0.5·z(1#0) + -0.25·z(1#1)"
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_without_an_atlas_there_is_nothing_to_export(qapp: QObject) -> None:
    store = MemoryFrames()
    kinds = atlas_kinds(Atlas(ExplorerState(store, Exploration())), dict, store)
    for kind in kinds:
        assert kind.prepare is not None
        with pytest.raises(InputError, match="no atlas"):
            kind.prepare()
