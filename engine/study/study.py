"""A study that is ready to run: its plan, the models found on this machine, and its cells.

A cell is one seed with one prompt, model and guidance: the walks of all methods, at all γ. Its key
is a digest of everything that determines its rows, so that a finished cell is known again in any
plan that has it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec

from engine.messages import RenderRequest
from engine.methods.contract import with_other_noise
from engine.requests import Machine, build_request
from engine.study.plan import StudyPlan
from engine.walk import Exploration, Keyframe, MethodChoice, NoiseSource, Sampling, Walk

#: Is increased when the same cell gives other rows than before.
GENERATION = 1
#: Hexadecimal digits of a cell's key.
_DIGITS = 32


@dataclass(frozen=True, slots=True)
class StudyModel:
    """A model of a study as the plan names it, its identity with that of its scorer, and the
    settings of sampling, one for each guidance."""

    location: str
    identity: str
    samplings: tuple[Sampling, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """The walks of one seed and one prompt by all methods."""

    number: int
    model: StudyModel
    sampling: Sampling
    seed: int
    prompt: str


@dataclass(frozen=True, slots=True)
class Study:
    """A plan with its models. `device` and `precision` are those of this machine. `generation` is
    that of the engine, see `engine.render.plan`."""

    plan: StudyPlan
    models: tuple[StudyModel, ...]
    device: str
    precision: str
    generation: int

    @property
    def cells(self) -> int:
        """The number of cells."""
        settings = sum(len(model.samplings) for model in self.models)
        return settings * len(self.plan.seeds) * len(self.plan.prompts)

    @property
    def rows(self) -> int:
        """The number of rows of a cell: its frames."""
        return len(self.plan.methods) * self.plan.frames

    def cell(self, number: int) -> Cell:
        """Return a cell. All prompts of a seed follow one another; models change last."""
        prompts, seeds = self.plan.prompts, self.plan.seeds
        rest, prompt = divmod(number, len(prompts))
        setting, seed = divmod(rest, len(seeds))
        settings = [(model, sampling) for model in self.models for sampling in model.samplings]
        model, sampling = settings[setting]
        return Cell(number, model, sampling, seeds[seed], prompts[prompt])

    def all_cells(self) -> Iterator[Cell]:
        """Iterate over the cells in the order of the table."""
        return map(self.cell, range(self.cells))

    def is_sample(self, cell: Cell) -> bool:
        """True if the report shows the pictures of the cell: the first seeds with the first
        prompt."""
        plan = self.plan
        return cell.prompt == plan.prompts[0] and cell.seed in plan.seeds[: plan.samples]

    def key(self, cell: Cell) -> str:
        """Return the digest of everything that determines the rows of a cell."""
        plan = self.plan
        parts = (
            (GENERATION, self.generation, cell.model.identity, cell.sampling),
            (cell.seed, cell.prompt, plan.negative, self._methods(cell), plan.frames),
            (plan.measures, plan.scoring_text),
            (self.device, self.precision, plan.threads),
        )
        return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:_DIGITS]

    def request(self, cell: Cell) -> RenderRequest:
        """Return the request that renders and measures a cell; lanes are methods."""
        plan, methods = self.plan, self._methods(cell)
        ends = (Keyframe(cell.prompt, NoiseSource(cell.seed, draw)) for draw in (0, 1))
        exploration = Exploration(
            model=cell.model.location,
            walk=Walk(tuple(ends), methods[:1], plan.negative, plan.frames),
            compare=methods,
            sampling=cell.sampling,
            scoring_text=plan.scoring_text,
            scorer=plan.scorer,
        )
        machine = Machine(plan.device, plan.precision)
        request = build_request(exploration, cell.number, plan.measures, machine)
        return replace(request, previews=False, in_order=True, geometry=False)

    def _methods(self, cell: Cell) -> tuple[MethodChoice, ...]:
        """The plan's methods, with further noise of the cell's own: its seed is added to theirs."""
        return tuple(with_other_noise(choice, cell.seed) for choice in self.plan.methods)
