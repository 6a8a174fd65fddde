"""The solver's field: the default, the scheduler that it stands in for, and those that fit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QLabel, QWidget

from engine.conditioning import Guiding
from engine.messages import ModelInfo, ModelReady
from engine.solvers.contract import solvers_for
from tests.gui.conftest import Desk
from tests.support.scripted_engine import INFO
from tests.support.user_input import named, press

OWN = replace(INFO, solvers=solvers_for("diffusion"))
PNDM = replace(OWN, replaced="PNDMScheduler")
FLOW = replace(INFO, solvers=solvers_for("flow"), solver="flow-euler")


def _field(desk: Desk) -> QComboBox:
    boxes = desk.window.findChildren(QComboBox)
    return next(box for box in boxes if box.accessibleName() == "Solver")


def _heading(desk: Desk) -> str:
    """The label above the field."""
    return next(x.text() for x in desk.window.findChildren(QLabel) if x.buddy() is _field(desk))


def _open(desk: Desk, model: ModelInfo) -> QComboBox:
    desk.state.apply(ModelReady(desk.state.results.job, model))
    return _field(desk)


def _listed(field: QComboBox) -> list[str]:
    return [field.itemData(k) for k in range(field.count())]


def test_before_a_model_is_known_the_default_has_no_name(desk: Desk) -> None:
    assert _field(desk).currentText() == "The model's default"
    assert _heading(desk) == "Solver"
    assert _listed(_field(desk)) == ["", *solvers_for("diffusion")]


def test_a_solver_that_equals_the_models_scheduler_is_its_own(desk: Desk) -> None:
    field = _open(desk, OWN)
    assert field.currentText() == "Default: DPM++ 2M"
    assert _heading(desk) == "Solver, the model's own"
    assert "stands in" not in field.toolTip()


def test_a_solver_that_stands_in_says_for_which_scheduler(desk: Desk) -> None:
    field = _open(desk, PNDM)
    assert field.currentText() == "Default: DPM++ 2M"
    assert _heading(desk) == "Solver, in place of PNDM"
    assert "DPM-Solver++ 2M stands in for it" in field.toolTip()
    assert "PNDMScheduler" in field.toolTip()


def test_the_models_own_scheduler_is_one_choice_away(desk: Desk) -> None:
    field = _open(desk, PNDM)
    field.setFocus()
    while field.currentData() != "scheduler":
        before = field.currentIndex()
        QTest.keyClick(field, Qt.Key.Key_Down)
        assert field.currentIndex() > before
    assert field.currentText() == "The model's own scheduler (slower)"
    assert desk.state.exploration.sampling.solver == "scheduler"
    assert _heading(desk) == "Solver"


def test_a_long_name_does_not_widen_the_panel(desk: Desk) -> None:
    panel = _field(desk).parentWidget()
    before = panel.minimumSizeHint().width()
    _open(desk, replace(OWN, replaced="DPMSolverSinglestepScheduler"))
    assert panel.minimumSizeHint().width() == before


def test_only_solvers_for_the_kind_of_model_are_listed(desk: Desk) -> None:
    assert _listed(_open(desk, FLOW)) == ["", "flow-dpm++2m", "flow-euler", "scheduler"]
    assert _listed(_open(desk, OWN)) == ["", *solvers_for("diffusion")]


@pytest.mark.parametrize(
    ("guiding", "shown"),
    [
        (Guiding.APART, {"Guidance", "Guided from", "Guided to", "Negative prompt"}),
        (Guiding.EMBEDDED, {"Guidance"}),
        (Guiding.NONE, set()),
    ],
)
def test_only_fields_that_have_an_effect_on_the_model_are_shown(
    desk: Desk, guiding: Guiding, shown: set[str]
) -> None:
    names = ("Guidance", "Guided from", "Guided to", "Negative prompt")
    fields = {
        widget.accessibleName(): widget
        for widget in desk.window.findChildren(QWidget)
        if widget.accessibleName() in names
    }
    assert len(fields) == len(names)
    window = desk.window
    assert all(field.isVisibleTo(window) for field in fields.values()), "no model is known yet"
    _open(desk, replace(OWN, guiding=guiding))
    assert {name for name, field in fields.items() if field.isVisibleTo(window)} == shown
    for label in desk.window.findChildren(QLabel):
        if label.buddy() in fields.values():
            assert label.isVisibleTo(window) == label.buddy().isVisibleTo(window)


def test_sides_are_whole_multiples_of_what_the_model_draws(desk: Desk) -> None:
    _open(desk, replace(OWN, multiple=32))
    width = next(
        box for box in desk.window.findChildren(QAbstractSpinBox) if box.accessibleName() == "Width"
    )
    width.setValue(100)  # type: ignore[attr-defined]
    assert desk.state.exploration.sampling.width == 96


@pytest.mark.parametrize(
    ("key", "frames"),
    # A further keyframe extends the walk.
    [(Qt.Key.Key_R, 121), (Qt.Key.Key_T, 121), (Qt.Key.Key_K, 241)],
)
def test_a_number_that_is_being_typed_outlives_an_edit_by_a_key(
    desk: Desk, key: Qt.Key, frames: int
) -> None:
    field = _typed(desk, "121")
    press(field, key, Qt.KeyboardModifier.ControlModifier)
    assert desk.state.exploration.walk.frames == frames
    assert field.text() == str(frames)


def test_a_number_that_is_being_typed_outlives_news(desk: Desk) -> None:
    field = _typed(desk, "121")
    desk.state.apply(ModelReady(desk.state.results.job, OWN))
    desk.state.edit_sampling("Steps", steps=21)
    assert field.text() == "121"
    assert desk.state.exploration.walk.frames != 121


@pytest.mark.parametrize("guidance", [7.123456, 7.125, 7.135])
def test_a_rounded_number_does_not_reset_what_is_typed_in_its_place(
    desk: Desk, guidance: float
) -> None:
    desk.state.edit_sampling("Guidance", guidance=guidance)
    field = _typed(desk, "3", "Guidance")
    desk.state.edit_sampling("Steps", steps=21)
    assert field.text() == "3"
    desk.state.edit_sampling("Guidance", guidance=4.0)
    assert field.text() == "4"


def _typed(desk: Desk, text: str, name: str = "Frames") -> QAbstractSpinBox:
    field = named(desk.window, name)
    assert isinstance(field, QAbstractSpinBox)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    return field


def test_paper_is_offered_where_its_solver_fits(desk: Desk) -> None:
    for model, fits in ((FLOW, False), (OWN, True)):
        _open(desk, model)
        assert desk.window.actions_table["paper"].isEnabled() == fits
        quality = named(desk.window, "Quality")
        assert isinstance(quality, QComboBox)
        enabled = quality.model().index(quality.findText("Paper"), 0).flags()
        assert bool(enabled & Qt.ItemFlag.ItemIsEnabled) == fits
