"""Measures over the walk: which values are drawn, what theory expects, what the mouse does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsView, QLabel, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.walk import Keyframe, MethodChoice, NoiseSource, NoiseTerm, Walk
from gui.export.plot_files import write_png, write_svg
from gui.measures.measure_chart import MeasureChart
from gui.measures.measure_figure import PAPER_WIDTH
from gui.measures.measure_values import offered, theory_of, values_of
from gui.measures.metrics_plot import MOST_CHARTS, MetricsPlot
from gui.measures.summary import summary_of
from gui.state.walk_edits import with_prompt
from gui.widgets.theme import DARK, LIGHT
from tests.support.scripted_state import ScriptedState, request_for, scripted

BY_NAME = {measure.name: measure for measure in offered()}


def shown(told_: ScriptedState, qtbot: QtBot) -> MetricsPlot:
    plot = MetricsPlot(told_.state, DARK)
    qtbot.addWidget(plot)
    plot.resize(420, 320)
    with qtbot.waitExposed(plot):
        plot.show()
    return plot


def charts(plot: MetricsPlot) -> list[MeasureChart]:
    return [c for c in plot.findChildren(MeasureChart) if c.isVisible()]


def labels(plot: MetricsPlot) -> list[str]:
    return [label.text() for label in plot.findChildren(QLabel) if label.isVisible()]


def test_what_clip_scores_with_is_asked_where_it_scores(qtbot: QtBot) -> None:
    told_ = scripted()
    plot = shown(told_, qtbot)
    fields = {line.accessibleName(): line for line in plot.findChildren(QLineEdit)}
    assert not fields["Scoring text"].isVisible()
    plot.show_measures(("clip_score",))
    assert fields["Scoring text"].isVisible()
    fields["Scoring text"].setText("a sleepy cat")
    qtbot.keyClick(fields["Scoring text"], Qt.Key.Key_Return)
    fields["CLIP model"].setText("openai/clip-vit-large-patch14")
    qtbot.keyClick(fields["CLIP model"], Qt.Key.Key_Return)
    assert told_.state.exploration.scoring_text == "a sleepy cat"
    assert told_.state.exploration.scorer == "openai/clip-vit-large-patch14"
    told_.state.history.undo()
    assert fields["CLIP model"].text() == ""


def test_the_text_that_clip_scores_with_stands_at_the_curve_and_below_the_table(
    qtbot: QtBot,
) -> None:
    told_ = scripted(methods=("linear", "slerp"))
    plot = shown(told_, qtbot)
    walk = with_prompt(told_.state.exploration.walk, "a <i>fox</i>", 0)
    told_.state.edit(replace(told_.state.exploration, walk=walk), "Prompt")
    plot.show_measures(("latent_std", "clip_score"))
    told_.state.set_view(table=True)
    told_.begin()
    told_.all_frames()
    told_.state.apply(m.MeasureReady(told_.job, 0, 3, "clip_score", 64.5))
    prompts = dict.fromkeys(k.prompt for k in told_.state.exploration.walk.keyframes)
    label = " → ".join(prompts)
    qtbot.waitUntil(lambda: f"with “{label}”" in labels(plot))
    qtbot.waitUntil(lambda: any(f"the prompt “{label}”." in text for text in labels(plot)))
    told_.state.edit(replace(told_.state.exploration, scoring_text="a dog"), "Scoring text")
    request = request_for(told_.state.exploration, 5)
    told_.state.begin_job(replace(request, measures=("clip_score",), scoring_text="a dog"))
    told_.state.apply(m.MeasureReady(5, 0, 3, "clip_score", 64.5))
    qtbot.waitUntil(lambda: "with “a dog”" in labels(plot))
    plot.show_measures(("latent_std",))
    qtbot.waitUntil(lambda: not any("with “" in text for text in labels(plot)))


def test_theory_is_the_articles() -> None:
    gammas = np.linspace(0.0, 1.0, 129)
    for name, expected in (("linear", np.sqrt(gammas * (2 * gammas - 2) + 1)), ("slerp", 1.0)):
        theory = theory_of(BY_NAME["latent_std"], Walk(methods=(MethodChoice(name),)), 1024)
        assert theory is not None
        assert theory[1] == pytest.approx(np.broadcast_to(expected, 129))
    assert theory_of(BY_NAME["clip_score"], Walk(), 1024) is None


@pytest.mark.parametrize(
    ("end", "middle"),
    [
        (Keyframe(noise=NoiseSource(1, 0)), 1.0),
        (Keyframe(noise=NoiseSource(1, 1), scale=0.0), 0.5),
        (Keyframe(noise=NoiseSource(1, 0), scale=-1.0), 0.0),
        (Keyframe(noise=NoiseSource(1, 1), blend=(NoiseTerm(NoiseSource(1, 0), 1.0),)), 1.118),
    ],
)
def test_theory_knows_which_noises_the_ends_share(end: Keyframe, middle: float) -> None:
    walk = Walk((Keyframe(noise=NoiseSource(1, 0)), end), (MethodChoice("linear"),))
    theory = theory_of(BY_NAME["latent_std"], walk, 1024)
    assert theory is not None
    assert theory[1][64] == pytest.approx(middle, abs=1e-3)


def test_theory_begins_anew_in_each_segment() -> None:
    keys = tuple(Keyframe(noise=NoiseSource(1, k)) for k in range(3))
    walk = Walk(keys, (MethodChoice("linear"), MethodChoice("slerp")))
    theory = theory_of(BY_NAME["latent_std"], walk, 1024)
    assert theory is not None
    assert theory[1][[0, 32, 64, 96, 128]] == pytest.approx([1.0, np.sqrt(0.5), 1.0, 1.0, 1.0])


def test_values_come_with_frames_or_from_the_engine() -> None:
    told_ = ScriptedState(frames=5)
    told_.begin()
    path = told_.state.results.lanes[0].path
    assert path is not None
    assert values_of(told_.state, BY_NAME["latent_std"], 0) == pytest.approx(path.std)
    told_.frame(2)
    off = values_of(told_.state, BY_NAME["latent_norm_z"], 0)
    assert off == pytest.approx([np.nan, np.nan, -0.8, np.nan, np.nan], nan_ok=True)
    assert np.isnan(values_of(told_.state, BY_NAME["clip_score"], 0)).all()
    told_.state.apply(m.MeasureReady(1, 0, 3, "clip_score", 25.5))
    assert values_of(told_.state, BY_NAME["clip_score"], 0)[3] == 25.5


def test_only_what_the_engine_must_compute_is_asked_for(qtbot: QtBot) -> None:
    told_ = scripted()
    plot = shown(told_, qtbot)
    assert plot.shown == ("latent_std",)
    assert told_.state.wanted_measures == ()
    plot.show_measures(("latent_std", "clip_score"))
    assert plot.shown == ("latent_std", "clip_score")
    assert told_.state.wanted_measures == ("clip_score",)


def test_the_menu_chooses_and_keeps_to_what_can_be_read(qtbot: QtBot) -> None:
    plot = shown(scripted(), qtbot)
    menu = plot.findChild(QToolButton).menu()
    actions = {action.text(): action for action in menu.actions()}
    for text in ("CLIP score", "Step length", "Sharpness"):
        actions[text].trigger()
    assert len(plot.shown) == MOST_CHARTS
    assert "latent_std" not in plot.shown
    assert not actions["Latent std"].isChecked()
    actions["Sharpness"].trigger()
    assert plot.shown == ("clip_score", "step_length")


def test_what_a_session_wants_is_shown(qtbot: QtBot) -> None:
    told_ = scripted()
    plot = shown(told_, qtbot)
    told_.state.show_measures(("latent_std", "clip_score"))
    assert plot.shown == ("latent_std", "clip_score")


def test_values_at_the_playhead_are_read_off(qtbot: QtBot) -> None:
    told_ = scripted(methods=("linear", "slerp"))
    plot = shown(told_, qtbot)
    told_.state.seek(10)
    assert "0.739" in labels(plot)[0]
    plot.set_theme(LIGHT)
    assert LIGHT.method_ink("linear") in labels(plot)[0]


def test_values_appear_as_they_arrive(qtbot: QtBot) -> None:
    told_ = scripted()
    plot = shown(told_, qtbot)
    plot.show_measures(("clip_score",))
    assert not charts(plot)
    assert "Ctrl+Enter" in labels(plot)[-1]
    told_.state.apply(m.MeasureReady(1, 0, 0, "clip_score", 25.5))
    qtbot.waitUntil(lambda: bool(charts(plot)))
    assert "25.5" in labels(plot)[0]


def test_without_a_job_nothing_is_said_to_appear(qtbot: QtBot) -> None:
    told_ = ScriptedState()
    told_.begin()
    plot = shown(told_, qtbot)
    plot.show_measures(("clip_score",))
    assert labels(plot)[-1] == "Values appear as frames are finished"
    told_.state.apply(m.JobCancelled(told_.job))
    qtbot.waitUntil(lambda: "Ctrl+Enter" in labels(plot)[-1])


def _inked(chart: MeasureChart, first: float, last: float) -> int:
    """Columns between two times of a chart that hold the curve's colour."""
    view = chart.findChild(QGraphicsView)
    box = view.getViewBox()
    edges = [view.mapFromScene(box.mapViewToScene(QPointF(t, 0.0))).x() for t in (first, last)]
    image = view.grab().toImage()
    ink = QColor(DARK.method_colour("slerp"))
    return sum(
        any(_close(image.pixelColor(x, y), ink) for y in range(image.height()))
        for x in range(edges[0], edges[1])
    )


def _close(colour: QColor, other: QColor) -> bool:
    return all(abs(a - b) < 40 for a, b in zip(colour.getRgb(), other.getRgb(), strict=True))


@pytest.mark.parametrize("frames", [21, 201])
def test_frames_that_are_missing_leave_a_gap_and_lonely_ones_a_dot(
    qtbot: QtBot, frames: int
) -> None:
    told_ = scripted(frames=frames)
    plot = shown(told_, qtbot)
    plot.show_measures(("clip_score",))
    last = frames - 1
    known = {k for k in range(frames) if k / last <= 0.3 or k / last >= 0.8 or k == last // 2}
    for k in known:
        told_.state.apply(m.MeasureReady(1, 0, k, "clip_score", 20.0 + 10.0 * k / last))
    qtbot.waitUntil(lambda: bool(charts(plot)))
    (chart,) = charts(plot)
    qtbot.waitUntil(lambda: _inked(chart, 0.05, 0.25) > 20)
    assert _inked(chart, 0.85, 0.95) > 10
    assert _inked(chart, 0.34, 0.46) == 0
    assert _inked(chart, 0.54, 0.76) == 0
    assert 0 < _inked(chart, 0.47, 0.53) < 8, "a dot"


def test_a_click_seeks(qtbot: QtBot) -> None:
    told_ = scripted()
    plot = shown(told_, qtbot)
    (chart,) = charts(plot)
    canvas = next(c for c in chart.children() if hasattr(c, "getViewBox"))
    box = canvas.getViewBox()
    for index in (5, 16):
        point: QPoint = canvas.mapFromScene(box.mapViewToScene(QPointF(index / 20, 0.9)))
        qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=point)
        assert told_.state.playhead == index


@pytest.mark.parametrize("changes", [{"pacing": ((0.5, 0.2),)}, {"loop": True}])
def test_curves_are_over_the_times_of_their_frames(
    qtbot: QtBot, changes: dict[str, object]
) -> None:
    told_ = ScriptedState(methods=("linear",))
    told_.state.edit_walk("Times", **changes)
    told_.begin()
    told_.all_frames()
    plot = shown(told_, qtbot)
    (chart,) = charts(plot)
    canvas = next(c for c in chart.children() if hasattr(c, "getViewBox"))
    walk = told_.state.results.lanes[0].lane.walk
    (curve,) = (item for item in canvas.listDataItems() if isinstance(item, pg.PlotDataItem))
    assert curve.getOriginalDataset()[0] == pytest.approx(walk.times_of_frames())
    for index in (5, 16):
        chart.scrubbed.emit(walk.time_of(index))
        assert told_.state.playhead == index
        value = values_of(told_.state, chart.measure, 0)[index]
        assert f"<b>{value:.3g}</b>" in labels(plot)[0]


def test_a_table_of_whole_walks(qtbot: QtBot) -> None:
    told_ = scripted(frames=3, methods=("linear", "slerp"))
    for lane in (0, 1):
        for index, value in enumerate((20.0, 26.0 + lane, 29.0)):
            told_.state.apply(m.MeasureReady(1, lane, index, "clip_score", value))
    table = summary_of(told_.state, [BY_NAME["clip_score"]])
    assert table.columns == ("InterpScore",)
    assert [row.title for row in table.rows] == ["linear", "slerp"]
    assert str(table.rows[0].cells[0]) == "25.00", "of three values no error can be told"
    plot = shown(told_, qtbot)
    plot.show_measures(("clip_score",))
    assert not any("25.33" in text for text in labels(plot))
    button = next(b for b in plot.findChildren(QToolButton) if b.text() == "Table")
    button.click()
    assert any("25.33" in text for text in labels(plot))


def test_a_measure_that_cannot_be_taken_says_why_in_its_place(qtbot: QtBot) -> None:
    told_ = scripted(methods=("linear", "slerp"))
    plot = shown(told_, qtbot)
    plot.show_measures(("latent_std", "clip_score"))
    told_.state.seek(10)
    reason = "No CLIP model came with this one; choose one to score with."
    told_.state.apply(m.MeasureFailed(1, "clip_score", reason))
    qtbot.waitUntil(lambda: reason in labels(plot))
    assert [chart.measure.name for chart in charts(plot)] == ["latent_std", "clip_score"]
    assert any("0.739" in text for text in labels(plot)), "the others are drawn all the same"
    told_.begin()
    qtbot.waitUntil(lambda: reason not in labels(plot))


def test_curves_are_told_apart_by_name(qtbot: QtBot) -> None:
    plot = shown(scripted(methods=("linear", "slerp")), qtbot)
    assert "linear <b>" in labels(plot)[0]
    many = shown(scripted(methods=("linear", "normalized", "slerp", "translation", "wipe")), qtbot)
    assert "linear <b>" not in labels(many)[0]


def test_a_figure_on_paper_has_the_axis_the_names_and_the_table(
    qtbot: QtBot, tmp_path: Path
) -> None:
    plot = shown(scripted(methods=("linear", "slerp")), qtbot)
    plot.show_measures(("latent_std", "latent_norm_z"))
    figure = plot.on_paper()
    qtbot.addWidget(figure)
    assert figure.width() == PAPER_WIDTH
    write_svg(figure, tmp_path / "figure.svg")
    drawing = (tmp_path / "figure.svg").read_text("utf-8")
    for word in ("Latent std", "linear", "slerp", "0.5", "Least std"):
        assert word in drawing
    assert "<image" not in drawing, "dots and curves are shapes"
    write_png(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 5000
