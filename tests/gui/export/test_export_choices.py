"""What is chosen in the export dialog: kinds, sizes, rates, places, and what their files hold."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSpinBox
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.documents.session_file import decode, load_session
from engine.export.recall import recall
from engine.walk import MethodChoice, Walk
from gui.export.export_plan import order_for
from gui.files.settings import Preferences
from tests.support.export_desk import SMALL, ExportDesk
from tests.support.scripted_engine import INFO

COMPARED = (MethodChoice("linear"), MethodChoice("slerp"))


def test_a_home_is_a_home_in_the_preferences_too(
    desk: ExportDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    desk.settings.set_preferences(Preferences(export_folder="~/films"))
    desk.dialog.open_now()
    assert desk.dialog.form.wishes().folder == tmp_path / "films"


def test_nothing_is_overwritten(desk: ExportDesk, qtbot: QtBot) -> None:
    desk.finish()
    desk.export(qtbot)
    desk.export(qtbot)
    assert len(list(desk.out.glob("*.mp4"))) == 2


def test_the_picture_at_the_playhead_is_the_one_that_is_named(
    desk: ExportDesk, qtbot: QtBot
) -> None:
    desk.finish()
    span = desk.dialog.form.span
    span.setCurrentIndex(1)
    assert span.currentText() == "Only frame 1"
    desk.state.seek(3)
    assert (span.currentIndex(), span.currentText()) == (1, "Only frame 4")
    desk.choose("pictures")
    desk.export(qtbot)
    assert [picture.name for picture in (desk.out / "walk").glob("*.png")] == ["00003.png"]


def test_write_none_writes_none(desk: ExportDesk, qtbot: QtBot) -> None:
    desk.finish()
    desk.choose("pictures")
    desk.dialog.form.metadata.setChecked(False)
    desk.dialog.form.session.setChecked(False)
    desk.export(qtbot)
    data = (desk.out / "walk" / "00000.png").read_bytes()
    assert b"parameters" not in data
    assert b"latent-trails" not in data


def test_a_panorama_has_the_places_to_which_the_model_moves_its_pictures(desk: ExportDesk) -> None:
    desk.choose("panorama")
    wishes, walk = desk.dialog.form.wishes(), Walk(methods=(MethodChoice("translation"),), frames=9)
    model = replace(INFO, multiple=16)
    order = order_for(wishes, replace(SMALL, walk=walk), desk.out, model)
    (places,) = order.plan.places
    assert all((place * 4).is_integer() for place in places)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("gif", "walk.gif"), ("webp", "walk.webp"), ("sheet", "walk.png"), ("webm", "walk.webm")],
)
def test_other_kinds(desk: ExportDesk, qtbot: QtBot, kind: str, name: str) -> None:
    desk.finish()
    desk.choose(kind)
    assert desk.export(qtbot).startswith("Written")
    assert (desk.out / name).stat().st_size > 0


def test_a_size_is_chosen_and_counted(desk: ExportDesk, qtbot: QtBot) -> None:
    desk.finish()
    fields = {f.accessibleName(): f for f in desk.dialog.findChildren(QSpinBox)}
    assert fields["Width"].text() == "as enlarged"
    before = desk.dialog.form.estimate.text()
    fields["Enlarge"].setValue(8)
    assert desk.dialog.form.estimate.text() != before
    assert desk.export(qtbot).startswith("Written")
    with av.open(str(desk.out / "walk.mp4")) as film:
        assert film.streams.video[0].width == 8 * 64
    fields["Width"].setValue(100)
    assert desk.export(qtbot).startswith("Written")
    with av.open(str(desk.out / "walk-2.mp4")) as film:
        assert film.streams.video[0].width == 100


def test_a_film_and_its_session_have_the_certificate(desk: ExportDesk, qtbot: QtBot) -> None:
    desk.finish()
    for index in range(1, 5):
        step = m.MeasureReady(desk.state.results.job, 0, index, "step_length", float(index))
        desk.state.apply(step)
    desk.export(qtbot)
    film = recall(desk.out / "walk.mp4").origin
    _, session = decode((desk.out / "walk.trail").read_bytes())
    for origin in (film, session):
        assert origin is not None
        assert origin.certificates[0]["largest_step"] == pytest.approx(1.6)
    assert load_session(desk.out / "walk.trail") == desk.state.exploration


def test_the_certificate_of_a_loop_knows_the_step_to_its_first_frame(
    desk: ExportDesk, qtbot: QtBot
) -> None:
    desk.state.edit(replace(SMALL, walk=replace(SMALL.walk, loop=True)), "Loop")
    desk.finish()
    for index, name in ((1, "walk.mp4"), (0, "walk-2.mp4")):
        for later in range(index, SMALL.walk.frames):
            value = 9.0 if later == 0 else 2.0
            step = m.MeasureReady(desk.state.results.job, 0, later, "step_length", value)
            desk.state.apply(step)
        desk.export(qtbot)
        origin = recall(desk.out / name).origin
        assert origin is not None
        largest = origin.certificates[0].get("largest_step") if origin.certificates else None
        assert largest == (None if index else 4.5)


def test_a_film_and_its_session_have_the_same_number(desk: ExportDesk, qtbot: QtBot) -> None:
    desk.finish()
    desk.export(qtbot)
    (desk.out / "walk.mp4").unlink()
    desk.state.edit(replace(SMALL, fps=12.0), "Playback rate")
    desk.dialog.open_now()
    desk.export(qtbot)
    assert sorted(path.name for path in desk.out.iterdir()) == [
        "walk-2.mp4",
        "walk-2.trail",
        "walk.trail",
    ]


@pytest.mark.parametrize(
    ("typed", "rate"),
    [
        ("23.976", "24000/1001"),
        ("119.88", "120000/1001"),
        ("30000/1001", "30000/1001"),
        ("0.5", "1/2"),
    ],
)
def test_a_rate_is_typed_as_a_decimal_or_a_fraction(
    desk: ExportDesk, qtbot: QtBot, typed: str, rate: str
) -> None:
    desk.finish()
    field = desk.dialog.form.fps
    field.selectAll()
    QTest.keyClicks(field.lineEdit(), typed)
    QTest.keyClick(field, Qt.Key.Key_Return)  # which exports, too
    assert field.text() == f"{typed.replace('30000/1001', '29.97')} fps"
    qtbot.waitUntil(lambda: desk.dialog.outcome.text().startswith("Written"))
    with av.open(str(desk.out / "walk.mp4")) as film:
        assert film.streams.video[0].average_rate == Fraction(rate)


def test_what_a_format_rounds_is_said_and_its_arrows_offer_what_it_keeps(desk: ExportDesk) -> None:
    desk.finish()
    form = desk.dialog.form
    assert "becomes" not in form.estimate.text()
    desk.choose("gif")
    assert "24 becomes 25 frames a second" in form.estimate.text()
    form.fps.stepUp()
    assert form.fps.text() == "33.333 fps"
    assert "becomes" not in form.estimate.text()
    form.fps.setValue(120.0)
    assert "120 becomes 50 frames a second" in form.estimate.text()
    desk.choose("mp4")
    assert "becomes" not in form.estimate.text()


def test_a_place_that_cannot_be_is_said(desk: ExportDesk, tmp_path: Path, qtbot: QtBot) -> None:
    desk.finish()
    (tmp_path / "file").touch()
    desk.dialog.form.folder.chosen.emit(str(tmp_path / "file"))
    desk.dialog.export_button.click()
    assert desk.dialog.outcome.text()
    assert desk.dialog.export_button.isEnabled()


def test_measures_as_a_table(desk: ExportDesk, qtbot: QtBot) -> None:
    desk.state.edit(replace(SMALL, compare=COMPARED), "Compare")
    desk.state.generate()
    desk.finish()
    for kind in ("table", "table-json"):
        desk.choose(kind)
        desk.export(qtbot)
    with (desk.out / "walk.csv").open(newline="") as file:
        written = list(csv.DictReader(file))
    rows = [row for row in written if row["frame"]]
    assert {row["summary"] for row in written} == {"", "Latent std", "Least std", "Largest std"}
    assert [(row["walk"], row["frame"]) for row in rows] == [
        (name, str(k)) for name in ("linear", "slerp") for k in range(5)
    ]
    assert float(rows[2]["time"]) == 0.5
    assert 0.5 < float(rows[2]["latent_std"]) < 0.8
    assert "clip_score" not in rows[0]
    same = json.loads((desk.out / "walk.json").read_bytes())
    assert [x["latent_std"] for x in same] == [float(row["latent_std"]) for row in written]


def test_differences_of_what_is_compared(desk: ExportDesk, qtbot: QtBot) -> None:
    desk.finish()
    desk.choose("pictures")
    assert not desk.dialog.form.show_as.isVisible(), "there is nothing to compare with"
    desk.state.edit(replace(SMALL, compare=COMPARED), "Compare")
    desk.state.generate()
    desk.finish()
    assert desk.dialog.form.show_as.isVisible()
    desk.dialog.form.show_as.choose("slerp")
    assert desk.export(qtbot).startswith("Written")
    names = sorted(folder.name for folder in (desk.out / "walk").iterdir())
    assert names == ["1 linear - slerp", "2 slerp"]
    desk.state.edit(SMALL, "One picture")
    assert desk.dialog.form.wishes().difference == ""


@pytest.mark.parametrize(
    ("kind", "suffix", "start"),
    [
        ("plot-png", ".plot.png", b"\x89PNG"),
        ("plot-svg", ".plot.svg", b"<?xml"),
        ("curves-png", ".measures.png", b"\x89PNG"),
        ("curves-svg", ".measures.svg", b"<?xml"),
    ],
)
def test_plots(desk: ExportDesk, qtbot: QtBot, kind: str, suffix: str, start: bytes) -> None:
    desk.finish()
    desk.choose(kind)
    desk.export(qtbot)
    assert (desk.out / f"walk{suffix}").read_bytes().startswith(start)


def test_the_estimate_names_both_amounts(desk: ExportDesk) -> None:
    text = desk.dialog.form.estimate.text()
    assert "MB" in text
    assert "free" in text
