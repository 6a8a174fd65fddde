"""The dialogs of the experiments: real programs, started, stopped and read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.cli.arguments import build_parser
from engine.study.cell_files import CellFiles
from engine.study.plan_file import load_plan
from engine.study.prepare import prepare
from engine.walk import Exploration, Keyframe, MethodChoice, NoiseSource, Sampling, Walk
from gui.study.experiment_dialog import ExperimentDialog
from gui.study.kinds import EXPERIMENTS, Experiment
from gui.study.live_means import read_live
from gui.study.option_form import OptionForm
from gui.study.options import options_of
from gui.study.plan_editor import PlanEditor
from tests.support.tiny_models import make_tiny_model

END_MS = 90_000
#: The height of 720 pixels without the title bars and a task bar.
LOW_SCREEN = 655
#: Widgets whose middles are nearer than this are in one row.
SAME_ROW = 20


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny", clip=True)


def _experiment(command: str) -> Experiment:
    return next(e for e in EXPERIMENTS if e.command == command)


def _dialog(command: str, folder: Path, qtbot: QtBot, exploration: Exploration) -> ExperimentDialog:
    dialog = ExperimentDialog(_experiment(command), folder, lambda: exploration)
    qtbot.addWidget(dialog)
    dialog.open_dialog()
    return dialog


def _plan(dialog: ExperimentDialog) -> PlanEditor:
    assert isinstance(dialog.editor, PlanEditor)
    return dialog.editor


def _ended(dialog: ExperimentDialog, qtbot: QtBot) -> str:
    qtbot.waitUntil(lambda: not dialog.running, timeout=END_MS)
    qtbot.waitUntil(dialog.run_button.isEnabled, timeout=1000)
    return dialog.lines.toPlainText()


@pytest.mark.parametrize("experiment", EXPERIMENTS[1:], ids=lambda e: e.command)
def test_the_options_are_those_of_the_command_line(
    experiment: Experiment, tmp_path: Path, qtbot: QtBot
) -> None:
    dialog = _dialog(experiment.command, tmp_path, qtbot, Exploration())
    options = build_parser().parse_args(list(dialog.arguments()))
    for option in options_of(experiment, Exploration()):
        if option.value:
            found = getattr(options, option.name.replace("-", "_"))
            assert str(found) == option.value
    assert options.out == tmp_path


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.command)
def test_a_dialog_fits_a_low_screen(experiment: Experiment, tmp_path: Path, qtbot: QtBot) -> None:
    dialog = _dialog(experiment.command, tmp_path, qtbot, Exploration())
    assert dialog.table.isHidden()
    dialog.table.show()
    dialog.curves.setVisible(experiment.command == "study")
    assert dialog.minimumSizeHint().height() <= LOW_SCREEN


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.command)
def test_tab_goes_from_top_to_bottom(experiment: Experiment, tmp_path: Path, qtbot: QtBot) -> None:
    dialog = _dialog(experiment.command, tmp_path, qtbot, Exploration())
    qtbot.waitUntil(dialog.isActiveWindow)
    places = []
    while (field := dialog.focusWidget()) is not dialog.run_button:
        place = field.mapTo(dialog, field.rect().center())
        places.append((round(place.y() / SAME_ROW), place.x()))
        assert len(places) < 20
        QTest.keyClick(field, Qt.Key.Key_Tab)
    assert places == sorted(set(places))
    assert places[0][0] < places[-1][0]


def _study(model: Path, folder: Path, pairs: int, qtbot: QtBot) -> ExperimentDialog:
    ends = tuple(Keyframe("a cat", NoiseSource(1, draw)) for draw in (0, 1))
    exploration = Exploration(
        model=str(model),
        walk=Walk(ends),
        compare=(MethodChoice("linear"), MethodChoice("slerp")),
        sampling=Sampling(2, 1.5, 32, 32),
    )
    dialog = _dialog("study", folder, qtbot, exploration)
    text = _plan(dialog).toPlainText()
    small = text.replace("last = 20", f"last = {pairs}").replace("= 21", "= 3")
    head = small.partition("measures")[0]
    _plan(dialog).setPlainText(f'{head}measures = ["sharpness"]\n')
    return dialog


def _cells(dialog: ExperimentDialog) -> list[list[str]]:
    rows, columns = (range(n) for n in (dialog.table.rowCount(), dialog.table.columnCount()))
    return [
        [item.text() if (item := dialog.table.item(r, c)) else "" for c in columns] for r in rows
    ]


def test_the_table_of_a_study_fills_while_it_runs(
    model: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    dialog = _study(model, tmp_path / "study", 5000, qtbot)
    dialog.run()
    qtbot.waitUntil(lambda: dialog.table.rowCount() == 2, timeout=END_MS)
    assert dialog.running
    rows = _cells(dialog)
    assert [row[2:4] for row in rows] == [["sharpness", "linear"], ["sharpness", "slerp"]]
    assert all(0 < int(row[4]) < 5000 and float(row[5]) > 0 for row in rows)
    assert list(dialog.curves.curves) == ["linear", "slerp"]
    dialog.stop()
    _ended(dialog, qtbot)
    assert dialog.table.rowCount() == 2


def test_a_run_needs_a_folder(tmp_path: Path, qtbot: QtBot) -> None:
    dialog = _dialog("study", tmp_path, qtbot, Exploration())
    dialog.folder.setText("  ")
    dialog.run()
    assert not dialog.running
    assert dialog.lines.toPlainText() == "Name a folder for the results."


def _walk(prompt: str, seed: int) -> Exploration:
    return Exploration(walk=Walk((Keyframe(prompt, NoiseSource(seed)),)))


def test_an_edited_plan_stays_until_the_walk_is_taken_again(tmp_path: Path, qtbot: QtBot) -> None:
    walks = [_walk("A fox", 1)]
    dialog = ExperimentDialog(_experiment("study"), tmp_path, lambda: walks[-1])
    qtbot.addWidget(dialog)
    dialog.open_dialog()
    walks.append(_walk("A dog", 2))
    dialog.open_dialog()
    assert "A dog" in _plan(dialog).toPlainText()
    _plan(dialog).appendPlainText("samples = 1")
    edited = _plan(dialog).toPlainText()
    line = "Edited; it was filled from the walk “A dog”, seed 2, model starter."
    assert dialog.settings.line.accessibleName() == line
    walks.append(_walk("A cat", 3))
    dialog.open_dialog()
    assert _plan(dialog).toPlainText() == edited
    qtbot.mouseClick(dialog.settings.again, Qt.MouseButton.LeftButton)
    assert "A cat" in _plan(dialog).toPlainText()
    line = "From the walk “A cat”, seed 3, model starter."
    assert dialog.settings.line.accessibleName() == line


def test_edited_options_stay_until_the_walk_is_taken_again(tmp_path: Path, qtbot: QtBot) -> None:
    walks = [_walk("A fox", 1)]
    dialog = ExperimentDialog(_experiment("influence"), tmp_path, lambda: walks[-1])
    qtbot.addWidget(dialog)
    dialog.open_dialog()
    walks.append(_walk("A dog", 2))
    QTest.keyClicks(dialog.focusWidget() or dialog, "A tree")
    dialog.open_dialog()
    assert isinstance(dialog.editor, OptionForm)
    assert any("A tree" in argument for argument in dialog.arguments())
    dialog.settings.again.click()
    assert "--prompt=A dog" in dialog.arguments()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a,b\n1,2", b"model,mean\nx,y"])
def test_a_file_of_something_else_is_no_table(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "live.csv").write_bytes(content)
    assert read_live(tmp_path) is None


def test_several_models_have_curves_of_their_own(tmp_path: Path) -> None:
    rows = ["model,guidance,measure,method,cells,gamma,mean"]
    for guidance, mean in ((1.5, 2.0), (4.0, 6.0)):
        rows += [f"starter,{guidance},sharpness,slerp,3,{g},{mean + g}" for g in (0.0, 1.0)]
    rows.append("starter,4.0,step_length,slerp,3,0.0,")
    assert read_live(tmp_path) is None
    (tmp_path / "live.csv").write_text("\n".join(rows), "utf-8")
    live = read_live(tmp_path)
    assert live is not None
    assert [(row[1], row[-1]) for row in live.rows] == [("1.5", "2.5"), ("4.0", "6.5")]
    assert live.curves["sharpness"] == {
        "slerp, starter, 1.5": ([0.0, 1.0], [2.0, 3.0]),
        "slerp, starter, 4.0": ([0.0, 1.0], [6.0, 7.0]),
    }


def test_a_study_runs_and_shows_its_table(model: Path, tmp_path: Path, qtbot: QtBot) -> None:
    dialog = _study(model, tmp_path / "study", 2, qtbot)
    assert not dialog.page_button.isEnabled()
    assert not dialog.figure_button.isEnabled()
    dialog.run()
    assert not dialog.run_button.isEnabled()
    said = _ended(dialog, qtbot)
    assert "2 of 2 cells" in said
    assert dialog.page_button.isEnabled()
    assert dialog.figure_button.isEnabled()
    assert dialog.table.rowCount() == 2
    assert "--resume" in dialog.arguments()
    assert list(dialog.curves.curves) == ["linear", "slerp"]
    assert dialog.curves.curves["slerp"][0] == [0.0, 0.5, 1.0]


def test_the_finished_cells_of_a_study_are_a_figure_for_a_paper(
    model: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    """Two of three pairs are finished."""
    folder, figure = tmp_path / "study", tmp_path / "figure.svg"
    dialog = _study(model, folder, 3, qtbot)
    _plan(dialog).appendPlainText("samples = 0")
    plan, data = load_plan(Path(dialog.arguments()[1]))
    study, files = prepare(plan), CellFiles(folder)
    (folder / "plan.toml").write_bytes(data)
    for number in range(2):
        values = [np.arange(3.0) + number] * 2
        files.write(study, study.cell(number), {"sharpness": values})
    dialog.folder.setText(f"{folder}/")
    assert dialog.figure_button.isEnabled()
    dialog.write_figure(figure)
    assert not dialog.figure_button.isEnabled()
    assert f"The figure of 2 of 3 cells is {figure}." in _ended(dialog, qtbot)
    assert figure.read_text("utf-8").startswith("<?xml")


def test_a_wrong_plan_is_said_in_the_dialog(tmp_path: Path, qtbot: QtBot) -> None:
    dialog = _dialog("study", tmp_path / "study", qtbot, Exploration())
    text = _plan(dialog).toPlainText()
    _plan(dialog).setPlainText(text.replace('"linear"', '"lnear"'))
    dialog.run()
    assert "did you mean 'linear'" in _ended(dialog, qtbot)
    assert dialog.table.rowCount() == 0


def test_stop_ends_the_program(tmp_path: Path, qtbot: QtBot) -> None:
    dialog = _dialog("meter", tmp_path / "meter", qtbot, Exploration())
    dialog.run()
    qtbot.waitUntil(lambda: bool(dialog.lines.toPlainText()), timeout=END_MS)
    dialog.stop()
    _ended(dialog, qtbot)
    assert not (tmp_path / "meter").exists()
