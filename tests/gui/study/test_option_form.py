"""The fields of an experiment's options: what they offer, check, and give to the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from engine.cli.arguments import build_parser
from engine.cli.experiments import run_experiment
from engine.dimensions.measures import COLOURS
from engine.errors import InputError
from engine.store.frame_store import FrameStore
from engine.walk import Exploration, Keyframe, NoiseSource, Sampling, Walk
from gui.study.experiment_dialog import ExperimentDialog
from gui.study.kinds import EXPERIMENTS, Choices, Experiment, Whole
from gui.study.option_form import OptionForm
from gui.study.options import options_of

METER, INFLUENCE, DIRECTION = EXPERIMENTS[1:]
EACH = pytest.mark.parametrize("experiment", EXPERIMENTS[1:], ids=lambda e: e.command)


def _form(
    experiment: Experiment, qtbot: QtBot, exploration: Exploration | None = None
) -> OptionForm:
    form = OptionForm(experiment)
    qtbot.addWidget(form)
    form.fill(exploration or Exploration())
    return form


def _line(form: OptionForm, name: str) -> QLineEdit:
    """The last part of a field that is a line of text."""
    return [part for part in form.fields[name].parts if isinstance(part, QLineEdit)][-1]


def _type(widget: QWidget, text: str) -> None:
    """Replaces the text of a field by keys."""
    QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(widget, text)


@EACH
def test_every_field_has_a_name_a_tip_and_the_focus_of_keys(
    experiment: Experiment, qtbot: QtBot
) -> None:
    form = _form(experiment, qtbot)
    for part in form.parts():
        assert part.accessibleName()
        assert part.toolTip()
        assert part.focusPolicy() & Qt.FocusPolicy.TabFocus


@EACH
def test_whole_numbers_end_where_the_command_line_refuses_them(
    experiment: Experiment, tmp_path: Path
) -> None:
    """One less and one more is refused, with its sentence."""
    ranges = [o for o in options_of(experiment, Exploration()) if isinstance(o.kind, Whole)]
    assert ranges
    for option in ranges:
        assert isinstance(option.kind, Whole)
        for value in (option.kind.low - 1, option.kind.high + 1):
            given = [experiment.command, "--out", str(tmp_path), f"--{option.name}={value}"]
            options = build_parser().parse_args(given)
            with pytest.raises(InputError, match=f"takes a whole number.* not {value}"):
                run_experiment(options, lambda: FrameStore(1))


def test_the_colours_are_those_of_the_engine() -> None:
    colour = next(o for o in options_of(DIRECTION, Exploration()) if o.name == "colour")
    assert isinstance(colour.kind, Choices)
    assert [value for _, value in colour.kind.items] == [*COLOURS, ""]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0,0,1", "Region: write four numbers (left, top, right, bottom), not 3."),
        ("0,0,1,x", "Region: “x” is no number; write numbers such as 0,1."),
        ("0,0,,1", "Region: a number is missing; write numbers such as 0,1."),
        ("0,0,1,2", "Region: 2 is not from 0 to 1."),
        ("0,0,1,nan", "Region: nan is not from 0 to 1."),
        ("0.5,0,0.2,1", "Region: the left edge must be less than the right one."),
        ("0,1,1,1", "Region: the top edge must be less than the bottom one."),
        ("", "Region: write numbers with commas between them."),
    ],
)
def test_a_wrong_region_is_said_while_it_is_typed(text: str, sentence: str, qtbot: QtBot) -> None:
    form = _form(DIRECTION, qtbot)
    assert form.problem() == ""
    assert form.said.isHidden()
    _line(form, "region").clear()
    _type(_line(form, "region"), text)
    assert form.problem() == sentence
    assert form.said.accessibleName() == sentence
    assert not form.said.isHidden()


def test_a_region_has_a_name_and_numbers(tmp_path: Path, qtbot: QtBot) -> None:
    form = _form(DIRECTION, qtbot)
    named = form.fields["region"].parts[0]
    assert isinstance(named, QComboBox)
    assert named.currentText() == "Whole"
    QTest.keyClick(named, Qt.Key.Key_Down)
    assert (named.currentText(), _line(form, "region").text()) == ("Left half", "0,0,0.5,1")
    _type(_line(form, "region"), "0.3,0.6,0.7,1")
    assert named.currentText() == "Other"
    assert "--region=0.3,0.6,0.7,1" in form.arguments(tmp_path)
    _type(_line(form, "region"), "0,0.5,1,1")
    assert named.currentText() == "Bottom half"


def test_without_a_colour_two_texts_are_needed(tmp_path: Path, qtbot: QtBot) -> None:
    form = _form(DIRECTION, qtbot)
    assert not _line(form, "toward").isEnabled()
    form.fields["colour"].set_text("")
    assert not form.fields["region"].widget.isEnabled()
    assert form.problem() == "Text to walk to: write a text for CLIP, or choose a colour."
    _type(_line(form, "toward"), "a dog")
    assert form.problem() == "Text to walk from: write a text for CLIP, or choose a colour."
    _type(_line(form, "away"), "a cat")
    assert form.problem() == ""
    texts = [x for x in form.arguments(tmp_path) if x.split("=")[0] in ("--toward", "--away")]
    assert texts == ["--toward=a dog", "--away=a cat"]
    assert not any("colour" in x or "region" in x for x in form.arguments(tmp_path))


def test_the_guidance_of_the_seed_meter_is_a_list(tmp_path: Path, qtbot: QtBot) -> None:
    form = _form(METER, qtbot)
    _type(_line(form, "guidance"), "1,7.5")
    assert form.problem() == ""
    assert "--guidance=1,7.5" in form.arguments(tmp_path)
    _type(_line(form, "guidance"), "1;7")
    assert form.problem() == "Guidance: “1;7” is no number; write numbers such as 0,100."


def test_a_file_that_is_not_there_is_said(tmp_path: Path, qtbot: QtBot) -> None:
    form, path = _form(METER, qtbot), tmp_path / "prompts.txt"
    _line(form, "prompts").setText(str(path))
    assert form.problem() == f"File of prompts: there is no file {path}."
    for wrong in ("~nobody-of-this-name", "x" * 5000):
        _line(form, "prompts").setText(wrong)
        assert form.problem().startswith("File of prompts: ")
    path.write_text("A cat\n", "utf-8")
    _line(form, "prompts").setText(str(path))
    assert form.problem() == ""
    assert any(isinstance(part, QAbstractButton) for part in form.fields["prompts"].parts)


@pytest.mark.parametrize("experiment", [METER, INFLUENCE], ids=lambda e: e.command)
def test_all_digits_of_a_guidance_are_kept(
    tmp_path: Path, qtbot: QtBot, experiment: Experiment
) -> None:
    form = _form(experiment, qtbot, Exploration(sampling=Sampling(guidance=12.345678)))
    assert "--guidance=12.345678" in form.arguments(tmp_path)
    widget = form.fields["guidance"].widget
    line = widget if isinstance(widget, QLineEdit) else widget.findChild(QLineEdit)
    assert line is not None
    assert line.text() == "12.345678"


def test_numbers_of_the_walk_are_kept_exactly(tmp_path: Path, qtbot: QtBot) -> None:
    walk = Walk((Keyframe("", NoiseSource(2**63)),))
    exploration = Exploration(walk=walk, sampling=Sampling(steps=7, guidance=7.125))
    form = _form(INFLUENCE, qtbot, exploration)
    assert {"--prompt=", "--guidance=7.125", "--steps=7", f"--seed={2**63}"} <= {
        *form.arguments(tmp_path)
    }
    form.fill(Exploration(walk=Walk((Keyframe("", NoiseSource(2**63 + 1)),))))
    assert form.problem() == f"First seed: {2**63 + 1} is more than {2**63}."


def test_nothing_runs_with_a_wrong_option(tmp_path: Path, qtbot: QtBot) -> None:
    dialog = ExperimentDialog(DIRECTION, tmp_path / "out", Exploration)
    qtbot.addWidget(dialog)
    dialog.open_dialog()
    assert isinstance(dialog.editor, OptionForm)
    assert dialog.run_button.isEnabled()
    dialog.editor.fields["region"].set_text("0,0")
    assert not dialog.run_button.isEnabled()
    dialog.run()
    assert not dialog.running
    dialog.editor.fields["region"].set_text("0,0,1,1")
    assert dialog.run_button.isEnabled()
