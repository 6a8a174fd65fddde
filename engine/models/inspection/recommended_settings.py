"""Returns the recommended settings of a model, from its folder or its family."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeGuard

from engine.errors import InputError
from engine.models.families.contract import Family, families
from engine.models.inspection.report import ModelReport, read_object
from engine.walk import MAX_SEED, MAX_SIDE, Keyframe, NoiseSource, Sampling, Walk


def recommendations(folder: Path) -> dict[str, Any]:
    """Reads steps, guidance, size and seed from starter.json. Returns {} without this file."""
    file = folder / "starter.json"
    return read_object(file) if file.is_file() else {}


def recommended(folder: Path, model: ModelReport | Family) -> Sampling:
    """Returns steps, guidance and size that suit the model, by its report or its family."""
    said = {name: x for name, x in recommendations(folder).items() if _is_number(x)}
    plain = _sampling(model) if isinstance(model, ModelReport) else model.sampling()
    return Sampling(
        steps=int(said.get("steps", plain.steps)),
        guidance=float(said.get("guidance", plain.guidance)),
        width=int(said.get("width", plain.width)),
        height=int(said.get("height", plain.height)),
    )


def opening_walk(folder: Path) -> Walk:
    """Returns the article's walk between the first two draws of the seed that starter.json names,
    whose pictures show the model well."""
    seed = recommendations(folder).get("seed")
    if not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        seed = NoiseSource().seed
    draws = (NoiseSource(seed, draw) for draw in (0, 1))
    return Walk(tuple(Keyframe(noise=noise, id=n) for n, noise in enumerate(draws, 1)))


def check_size(family: Family, width: int, height: int, model: str = "this model") -> None:
    """Raises InputError, with the nearest size, for a size in pixels that no model of a family can
    draw. `model` names the model in it."""
    multiple = family.multiple
    if width % multiple or height % multiple:
        near = "×".join(str(max(round(x / multiple), 1) * multiple) for x in (width, height))
        raise InputError(
            f"Width and height must be multiples of {multiple} for {model}, "
            f"not {width}×{height}; use {near}."
        )


def family_of(report: ModelReport) -> Family:
    """Returns the family of a model with its configs. The family must be known."""
    return families.get(report.family)(report.configs)


def _sampling(report: ModelReport) -> Sampling:
    return family_of(report).sampling() if report.family else Sampling()


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and 0 <= value <= MAX_SIDE
