"""The panel for the sampling: frames, steps, guidance, size, solver."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QGridLayout, QWidget

from engine.conditioning import Guiding
from engine.messages import ModelInfo
from engine.solvers.contract import solvers, solvers_for
from engine.walk import MAX_FRAMES, MAX_SHARED, MAX_STEPS
from gui.state.explorer_state import ExplorerState
from gui.widgets.fields import Choice, FloatField, IntField, show_number
from gui.widgets.layouts import column, grow, heading
from gui.widgets.plain_text import PlainLabel, plain_tip
from gui.widgets.theme import UNIT, Theme

LARGEST_SIDE = 4096
COLUMNS = 3
SOLVER_TIP = "The solver that turns noise into a picture, step by step"
SHARED_TIP = (
    "The share of the steps that most frames share with their neighbours, which is faster "
    "(approximate); 0 is exact"
)
APPROXIMATE = "The share of the steps at which guidance "


class SamplingPanel(QWidget):
    """Fields for the number of frames and the sampling settings."""

    def __init__(self, state: ExplorerState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._frames = IntField(1, MAX_FRAMES)
        self._steps = IntField(1, MAX_STEPS)
        self._guidance = FloatField(0.0, 100.0, 0.5)
        self._width = IntField(1, LARGEST_SIDE, 64)
        self._height = IntField(1, LARGEST_SIDE, 64)
        self._solver = Choice()
        self._from = FloatField(0.0, 1.0, 0.05)
        self._to = FloatField(0.0, 1.0, 0.05)
        self._shared = FloatField(0.0, MAX_SHARED, 0.1)
        self._labels: dict[QWidget, QWidget] = {}
        layout = column(self)
        layout.addWidget(heading("Sampling"))
        layout.addLayout(self._grid())
        self._connect()
        state.exploration_changed.connect(self._refresh)
        state.model_changed.connect(self._refresh)
        self._refresh()

    def _fields(self) -> list[tuple[str, QWidget, int, str]]:
        """Label, field, width in columns and tooltip of each setting, in reading order."""
        size = " in pixels; a model works best near the size it was trained on"
        steps = "Denoising steps for each picture; more are finer and slower"
        guidance = "Guidance scale: strength of the prompt; too much gives harsh colours"
        return [
            ("Frames", self._frames, 1, "Number of pictures of the walk; more make it smoother"),
            ("Steps", self._steps, 1, steps),
            ("Guidance", self._guidance, 1, guidance),
            ("Width", self._width, 1, f"Width{size}"),
            ("Height", self._height, 1, f"Height{size}"),
            ("Guided from", self._from, 1, APPROXIMATE + "begins (approximate)"),
            ("Solver", self._solver, 2, SOLVER_TIP),
            ("Guided to", self._to, 1, APPROXIMATE + "ends (approximate)"),
            ("Shared steps", self._shared, 1, SHARED_TIP),
        ]

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * UNIT)
        grid.setVerticalSpacing(UNIT)
        place = 0
        for text, field, width, tip in self._fields():
            label = PlainLabel(text)
            label.setObjectName("label")
            label.setBuddy(field)
            self._labels[field] = label
            if field is self._solver:
                self._solver_label = grow(label)
            field.setAccessibleName(text)
            field.setToolTip(plain_tip(tip))
            line, left = divmod(place, COLUMNS)
            grid.addWidget(label, 3 * line, left, 1, width)
            grid.addWidget(grow(field), 3 * line + 1, left, 1, width)
            grid.setRowMinimumHeight(3 * line + 2, UNIT)
            place += width
        for left in range(COLUMNS):
            grid.setColumnStretch(left, 1)
        return grid

    def _connect(self) -> None:
        self._frames.valueChanged.connect(
            lambda frames: self._state.edit_walk("Frames", "frames", frames=frames)
        )
        numbers: dict[str, IntField | FloatField] = {
            "steps": self._steps,
            "guidance": self._guidance,
            "guidance_from": self._from,
            "guidance_to": self._to,
            "shared_steps": self._shared,
        }
        for name, field in numbers.items():
            field.valueChanged.connect(partial(self._edit, name))
        for name, side in (("width", self._width), ("height", self._height)):
            side.valueChanged.connect(partial(self._edit_side, side, name))
        self._solver.activated.connect(lambda _: self._edit("solver", self._solver.currentData()))

    def _edit(self, name: str, value: Any) -> None:
        self._state.edit_sampling(name.replace("_", " ").capitalize(), name, **{name: value})

    def _edit_side(self, field: IntField, name: str, pixels: int) -> None:
        """Set width or height, rounded to whole latent columns if the model is known."""
        step = self._side_step()
        whole = max(round(pixels / step), 1) * step
        show_number(field, whole)
        self._edit(name, whole)

    def _side_step(self) -> int:
        return self._state.model.multiple if self._state.model else 1

    def _refresh(self) -> None:
        sampling = self._state.exploration.sampling
        show_number(self._frames, self._state.exploration.walk.frames)
        show_number(self._steps, sampling.steps)
        show_number(self._guidance, sampling.guidance)
        show_number(self._width, sampling.width)
        show_number(self._height, sampling.height)
        # The end of guidance cannot be before its start.
        with QSignalBlocker(self._from), QSignalBlocker(self._to):
            self._from.setMaximum(sampling.guidance_to)
            self._to.setMinimum(sampling.guidance_from)
        show_number(self._from, sampling.guidance_from)
        show_number(self._to, sampling.guidance_to)
        show_number(self._shared, sampling.shared_steps)
        self._show_solver(self._state.model, sampling.solver)
        self._show_guidance(self._state.model)

    def _show_guidance(self, model: ModelInfo | None) -> None:
        """Show the fields of guidance that change pictures of this model."""
        guiding = model.guiding if model else Guiding.APART
        shown = {
            self._guidance: guiding is not Guiding.NONE,
            self._from: guiding is Guiding.APART,
            self._to: guiding is Guiding.APART,
        }
        for field, is_shown in shown.items():
            for widget in (field, self._labels[field]):
                widget.setVisible(is_shown)

    def _show_solver(self, model: ModelInfo | None, chosen: str) -> None:
        """List the default solver and all solvers that fit the model. Select the chosen one."""
        names = model.solvers if model else solvers_for("diffusion")
        default = f"Default: {_short(model.solver)}" if model else "The model's default"
        self._solver.offer([(default, ""), *((solvers.get(n).label, n) for n in names)])
        self._solver.choose(chosen)
        self._solver.setToolTip(plain_tip(_solver_tip(model)))
        self._solver_label.setText("Solver" if chosen else f"Solver{_relation(model)}")


def _short(solver: str) -> str:
    """Returns a solver's label with "DPM-Solver++" shortened."""
    label: str = solvers.get(solver).label
    return label.replace("DPM-Solver++", "DPM++")


def _relation(model: ModelInfo | None) -> str:
    """Returns text that follows "Solver": the default solver is the model's own, or replaces it."""
    if model is None:
        return ""
    if not model.replaced:
        return ", the model's own"
    return f", in place of {model.replaced.removesuffix('Scheduler')}"


def _solver_tip(model: ModelInfo | None) -> str:
    if model is None or not model.replaced:
        return SOLVER_TIP
    return (
        f"{SOLVER_TIP}\nThe model names {model.replaced}; "
        f"{solvers.get(model.solver).label} stands in for it.\n"
        f"“{solvers.get('scheduler').label}” draws with {model.replaced} itself."
    )
