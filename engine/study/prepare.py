"""Finds the models of a plan, checks them, and makes the study. Renders nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.errors import InputError, MissingModel, ModelError
from engine.metrics.contract import make_measure
from engine.models.inspection.check_clip import check_clip
from engine.models.inspection.identity import identity_of, model_identity
from engine.models.inspection.recommended_settings import check_size, family_of, recommended
from engine.models.inspection.report import ModelReport
from engine.models.locate import find_model, scorer_of
from engine.models.running.devices import choose_device, choose_dtype
from engine.render.plan import ENGINE_GENERATION
from engine.study.plan import StudyPlan
from engine.study.study import Study, StudyModel
from engine.walk import Sampling


def prepare(plan: StudyPlan) -> Study:
    """Makes the study of a plan. Nothing is downloaded. Raises InputError and ModelError with one
    sentence for a model, a scorer or a device that is not there."""
    device = choose_device(plan.device)
    dtype = choose_dtype(device, plan.precision)
    half = dtype.itemsize < 4
    models = tuple(_model(plan, location, half) for location in plan.models)
    _check_doubles(models)
    precision = str(dtype).removeprefix("torch.")
    return Study(plan, models, device.type, precision, ENGINE_GENERATION)


def _model(plan: StudyPlan, location: str, half: bool) -> StudyModel:
    try:
        report = find_model(location, half, lambda *_: None).report
    except MissingModel as error:
        raise ModelError(
            f"The model {error.model} of the plan is not on this machine, and a study downloads "
            "nothing; fetch it in the model dialog, or with ./run.sh render --model."
        ) from error
    identity = model_identity(report)
    if any(make_measure(name).needs_scorer for name in plan.measures):
        identity += _scorer_identity(plan, report)
    return StudyModel(location, identity, _samplings(plan, report))


def _check_doubles(models: tuple[StudyModel, ...]) -> None:
    """Raises InputError for two names of one model: their cells would be the same files."""
    names: dict[str, str] = {}
    for model in models:
        known = names.setdefault(model.identity, model.location)
        if known != model.location:
            raise InputError(
                f"{known} and {model.location} are the same model; leave one out of the plan."
            )


def _scorer_identity(plan: StudyPlan, report: ModelReport) -> str:
    """Returns the identity of the CLIP model that scores the pictures of a model."""
    folder = scorer_of(report, plan.scorer)
    if folder is None:
        raise InputError(
            f"The model {report.path.name} has no CLIP model of its own; name one in the plan with "
            'scorer = "folder or hub id", or leave out the measures that use CLIP.'
        )
    problem = check_clip(folder)
    if problem:
        raise ModelError(problem)
    return identity_of(folder, _files(folder))


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.suffix in (".json", ".safetensors", ".txt")]


def _samplings(plan: StudyPlan, report: ModelReport) -> tuple[Sampling, ...]:
    own = recommended(report.path, report)
    given = {"steps": plan.steps, "width": plan.width, "height": plan.height}
    base = replace(own, solver=plan.solver, **{k: v for k, v in given.items() if v is not None})
    check_size(family_of(report), base.width, base.height, f"the model {report.path.name}")
    return tuple(replace(base, guidance=g) for g in plan.guidances or (base.guidance,))
