"""Text from files and models is shown as it is written, nowhere as HTML."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QLabel,
    QMenu,
    QMessageBox,
    QWidget,
)

from engine import messages as m
from engine.models.inspection.report import ModelReport
from engine.walk import Exploration, MethodChoice, Walk
from gui.models.model_dialog import report_text
from tests.support.file_desk import answer_box
from tests.support.scripted_engine import INFO
from tests.support.studio import Studio

ROOT = Path(__file__).parents[2]
#: A file name, prompt, model and sentence; as HTML it would be a picture.
HOSTILE = '<img src="x.png"><b>bold</b> & more'


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """The calls of a module with the last part of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else ""
            yield (function.id if isinstance(function, ast.Name) else name), node


def is_own(text: ast.expr) -> bool:
    """Whether a tooltip is written in the source, or made plain."""
    if isinstance(text, ast.IfExp):
        return is_own(text.body) and is_own(text.orelse)
    if isinstance(text, ast.BinOp):
        return is_own(text.left) and is_own(text.right)
    made = isinstance(text, ast.Call) and isinstance(text.func, ast.Name) and text.func.id
    # `explained` is a method's docstring as HTML.
    return isinstance(text, ast.Constant) or made in ("plain_tip", "explained")


@pytest.mark.parametrize(
    "file", sorted((ROOT / "gui").rglob("*.py")), ids=lambda f: str(f.relative_to(ROOT))
)
def test_labels_boxes_and_tooltips_go_through_the_helpers(file: Path) -> None:
    if file.name in ("plain_text.py", "plain_eliding_label.py", "questions.py"):
        return
    for name, call in calls(ast.parse(file.read_text("utf-8"))):
        where = f"{file.relative_to(ROOT)}:{call.lineno}: {name}"
        assert name not in ("QLabel", "QMessageBox", "setTextFormat"), where
        assert "QMessageBox." not in ast.unparse(call.func), where
        if name in ("setToolTip", "setWhatsThis"):
            assert is_own(call.args[0]), f"{where} takes a text that is not made plain"


def texts_read_as_html(root: QWidget) -> list[str]:
    """What is shown of HOSTILE below `root` as HTML."""
    found = []
    for widget in [root, *root.findChildren(QWidget)]:
        if isinstance(widget, QLabel) and widget.textFormat() != Qt.TextFormat.PlainText:
            found += [widget.text()]
        found += [widget.toolTip()]
        if isinstance(widget, QMessageBox) and widget.textFormat() != Qt.TextFormat.PlainText:
            found += [widget.text()]
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            model = widget.model()
            rows = [model.index(row, 0) for row in range(model.rowCount())]
            found += [str(index.data(Qt.ItemDataRole.ToolTipRole) or "") for index in rows]
    found += [action.toolTip() for action in root.findChildren(QAction)]
    return [text for text in found if "<img" in text]


def test_a_hostile_session_shows_no_picture_anywhere(studio: Studio, tmp_path: Path) -> None:
    state, companions = studio.state, studio.companions
    walk = replace(Walk(), keyframes=tuple(replace(k, prompt=HOSTILE) for k in Walk().keyframes))
    hostile = Exploration(
        model=HOSTILE,
        walk=replace(walk, negative=HOSTILE),
        compare=(MethodChoice("linear"), MethodChoice("slerp")),
        scoring_text=HOSTILE,
        scorer=HOSTILE,
    )
    state.open_exploration(hostile)
    studio.finish()
    job = state.results.job
    info = replace(INFO, name=HOSTILE, device=HOSTILE, replaced=HOSTILE)
    state.apply(m.ModelReady(job, info))
    state.apply(m.MeasureFailed(job, "latent_std", HOSTILE))
    state.apply(m.FrameFailed(job, 0, 0, HOSTILE))
    state.apply(m.PromptCut(job, HOSTILE, 99, 77))
    state.post(HOSTILE)
    state.model_missing.emit(HOSTILE)
    file = tmp_path / f"{HOSTILE.replace('/', '')}.trail"
    companions.documents.path_changed.emit(file)
    studio.settings.remember("sessions", str(file))
    studio.settings.remember("models", str(file))
    recent = next(x for x in studio.window.findChildren(QMenu) if x.title() == "Open &recent")
    recent.aboutToShow.emit()
    assert recent.actions()[0].text() == file.stem.replace("&", "&&")
    companions.show_model(HOSTILE)
    companions.model.hub.say(HOSTILE)
    companions.export.open_now()
    companions.export.outcome.setText(HOSTILE)
    for dialog in (companions.preferences, companions.shortcuts, companions.about, companions.log):
        dialog.show()
    studio.settle()
    shown = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
    assert len(shown) >= 7
    assert [text for widget in shown for text in texts_read_as_html(widget)] == []
    labels = [label.text() for widget in shown for label in widget.findChildren(QLabel)]
    assert sum(HOSTILE in text for text in labels) >= 4


def test_questions_show_file_names_as_they_are(studio: Studio, tmp_path: Path) -> None:
    documents = studio.companions.documents
    documents.path = tmp_path / f"{HOSTILE.replace('/', '')}.trail"
    documents.path.write_text("changed")
    read_as_html: list[str] = []
    seen = answer_box("Cancel", lambda box: read_as_html.extend(texts_read_as_html(box)))
    documents.save()
    assert "<img" in seen[0]
    assert read_as_html == []


def test_what_a_check_found_is_escaped() -> None:
    broken = ModelReport(Path("x"), problems=(HOSTILE,))
    sound = ModelReport(Path("x"), notes=(HOSTILE,), label="SD 1.x", prediction=HOSTILE)
    for report in (broken, sound):
        assert "<img" not in report_text(report)
        assert "&lt;img" in report_text(report)


def test_the_model_button_shows_an_ampersand(studio: Studio) -> None:
    studio.state.edit(replace(studio.state.exploration, model="/models/cats & dogs"), "Model")
    assert studio.window.toolbar.model.text() == "cats && dogs"
