"""The statistics of a finished study, from its table.

Pairs of noises are the unit. A pair's value is its mean over the prompts, so that the walks of one
pair with several prompts are not counted as independent, and neither are neighbouring frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.metrics.contract import StepMeasure, make_measure
from engine.statistics.intervals import Interval, Values, crossed_interval, mean_interval
from engine.statistics.paired import Paired, paired, paired_columns
from engine.study.plan import method_label
from engine.study.study import Study
from engine.study.tables import groups


@dataclass(frozen=True, slots=True)
class MethodMeans:
    """The means of a measure for one method: over all frames, with an interval over pairs and one
    over pairs and prompts, and at each γ."""

    method: str
    whole: Interval
    crossed: Interval
    by_gamma: Interval


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure of method `first` minus that of `second`, over all frames and at each γ. `equal`
    is True if both have the same values in all frames."""

    first: str
    second: str
    whole: Paired
    by_gamma: tuple[Paired, ...]
    equal: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Means of methods, and the differences of every two of them. Pairs of noises that lack a value
    are left out."""

    pairs: int
    left_out: int
    means: tuple[MethodMeans, ...]
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """The comparison of one measure for one model and guidance, at `gammas` [k]. A step belongs to
    its end."""

    model: str
    guidance: float
    measure: str
    gammas: Values
    comparison: Comparison


def study_findings(study: Study, folder: Path) -> Iterator[Findings]:
    """Yields the statistics of each model, guidance and measure; values are held for one at a
    time."""
    methods = tuple(map(method_label, study.plan.methods))
    gammas = np.arange(study.plan.frames) / max(study.plan.frames - 1, 1)
    for model in study.models:
        for sampling in model.samplings:
            for measure in study.plan.measures:
                setting = (model.location, sampling.guidance)
                values = read_values(study, folder, *setting, measure)
                compared = compare(values, methods)
                if compared is not None:
                    yield Findings(*setting, measure, gammas[-values.shape[3] :], compared)


def read_values(study: Study, folder: Path, model: str, guidance: float, measure: str) -> Values:
    """The values [pairs, prompts, methods, frames] of a measure, NaN where there is none; without
    the first frame for a measure of steps. Raises OSError if the table cannot be read."""
    plan = study.plan
    keys = {
        "seed": pa.array(plan.seeds, pa.uint64()),
        "prompt": pa.array(plan.prompts),
        "method": pa.array([method_label(choice) for choice in plan.methods]),
    }
    values = np.full((*map(len, keys.values()), plan.frames), np.nan)
    for table in groups(folder, [*keys, "model", "guidance", "frame", measure]):
        here = pc.and_(pc.equal(table["model"], model), pc.equal(table["guidance"], guidance))
        rows = table.filter(here)
        places = [pc.index_in(rows[name], known).to_numpy() for name, known in keys.items()]
        values[(*places, rows["frame"].to_numpy())] = rows[measure].to_numpy()
    return values[..., 1:] if isinstance(make_measure(measure), StepMeasure) else values


def compare(values: Values, methods: tuple[str, ...]) -> Comparison | None:
    """Compares methods from `values` [pairs, prompts, methods, frames]. None if no pair is
    complete."""
    complete = np.isfinite(values).all(axis=(1, 2, 3))
    chosen = values[complete]
    if not len(chosen):
        return None
    twos = combinations(range(len(methods)), 2)
    return Comparison(
        len(chosen),
        int((~complete).sum()),
        tuple(_means(chosen[:, :, k], name) for k, name in enumerate(methods)),
        tuple(_difference(chosen, methods, *two) for two in twos),
    )


def _means(values: Values, method: str) -> MethodMeans:
    """The means of one method from `values` [pairs, prompts, frames]."""
    of_pairs = values.mean(axis=1)
    return MethodMeans(
        method,
        mean_interval(of_pairs.mean(axis=1)),
        crossed_interval(values.mean(axis=2)),
        mean_interval(of_pairs),
    )


def _difference(chosen: Values, methods: tuple[str, ...], first: int, second: int) -> Difference:
    between = chosen[:, :, first] - chosen[:, :, second]
    of_pairs = between.mean(axis=1)
    return Difference(
        methods[first],
        methods[second],
        paired(of_pairs.mean(axis=1)),
        paired_columns(of_pairs),
        not between.any(),
    )
